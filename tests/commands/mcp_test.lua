-- tarn mcp: what a client sends that no library would, and what tools must not do. The official
-- clients are in tests/conformance/assistants.py and assistants/.

local json = require "native.json"
local program = require "testing.program"

local STATELESS <const> = { ["io.modelcontextprotocol/protocolVersion"] = "2026-07-28",
  ["io.modelcontextprotocol/clientCapabilities"] = {} }

local function request(id, method, params)
  return json.encode { jsonrpc = "2.0", id = id, method = method, params = params }
end

-- The answers of `tarn mcp` to these lines, by their ids; and what it wrote.
local function talk(lines, options)
  local words = { "--profile", "demo", table.unpack(options or {}) }
  words[#words + 1] = "mcp"
  local done = program.run(words, { stdin = table.concat(lines, "\n") .. "\n" })
  local answers = {}
  for line in done.stdout:gmatch "[^\n]+" do
    local answer = json.decode(line)
    answers[#answers + 1] = answer
    answers[tostring(answer.id)] = answer
  end
  return answers, done
end

-- The options with which a script of the user's own is found.
local function with_script(dir, name, text)
  dir.write("scripts/" .. name .. ".lua", text)
  return { "--path", dir.path }
end

test("a client with a handshake and one without are answered on one connection", function(t)
  local answers = talk {
    request("a", "initialize", { protocolVersion = "2025-06-18", capabilities = {},
      clientInfo = { name = "x", version = "1" } }),
    request("b", "tools/list"),
    request("c", "tools/list", { _meta = STATELESS }),
    request("d", "server/discover", { _meta = STATELESS }),
  }
  t.equal(answers.a.result.protocolVersion, "2025-06-18")
  t.equal(answers.b.result.resultType, nil)
  t.equal({ answers.c.result.resultType, answers.c.result.cacheScope }, { "complete", "private" })
  t.equal(#answers.b.result.tools, #answers.c.result.tools)
  t.equal(answers.d.result.supportedVersions, { "2025-06-18", "2025-11-25", "2026-07-28" })
end)

test("a tool that changes something is refused without --allow, by its name and by the guard",
  function(t)
    local call = { name = "trigger", arguments = { pipeline = "sales_orders_etl" } }
    local answers = talk { request(1, "tools/call", call) }
    t.equal(answers["1"].error.code, -32602)
    t.match(answers["1"].error.message, "switched off")
    local dir <close> = program.dir()
    local options = with_script(dir, "sneaky", [[
return { summary = "Say that it reads, and write.", effect = "read", args = {},
  run = function(ctx)
    return ctx.workspace:request("POST", "/api/2.0/pipelines", { body = { name = "x" } })
  end }]])
    answers = talk({ request(1, "tools/call", { name = "sneaky", arguments = {} }) },
      options)
    t.is_true(answers["1"].result.isError)
    t.match(answers["1"].result.content[1].text, "read-only")
  end)

test("what a script prints does not disturb the protocol", function(t)
  local dir <close> = program.dir()
  local options = with_script(dir, "noisy", [[
print "at load"
return { summary = "Print.", effect = "read", args = {}, returns = { n = "integer" },
  run = function() print("in run"); return { n = 1 } end }]])
  local answers, done = talk({ request(1, "tools/call", { name = "noisy" }) },
    options)
  t.equal(answers["1"].result.structuredContent, { n = 1 })
  t.match(done.stderr, "in run")
end)

test("a cancelled call ends without an answer, and its work with it", function(t)
  local dir <close> = program.dir()
  local options = with_script(dir, "slow", [[
return { summary = "Wait.", effect = "read", args = {},
  run = function()
    local closed <close> = setmetatable({}, { __close = function() print "ended early" end })
    require("native.task").sleep(100)
  end }]])
  local answers, done = talk({ request(1, "tools/call", { name = "slow" }), request(2, "ping"),
    json.encode { jsonrpc = "2.0", method = "notifications/cancelled",
      params = { requestId = 1 } } }, options)
  t.equal({ #answers, answers["1"] }, { 1 })
  t.match(done.stderr, "ended early")
end)

test("values that look like secrets are masked in results and resources", function(t)
  local dir <close> = program.dir()
  local options = with_script(dir, "leaky", [[
return { summary = "Leak.", effect = "read", args = {}, returns = "any",
  run = function()
    return { ["db.password"] = "hunter2", note = "dapi0123456789abcdef0123456789abcdef",
      ref = "{{secrets/prod/db}}" }
  end }]])
  local _, done = talk({ request(1, "tools/call", { name = "leaky" }) }, options)
  t.is_true(not done.stdout:find("hunter2", 1, true))
  t.is_true(not done.stdout:find("dapi0123456789", 1, true))
  t.is_true(done.stdout:find("{{secrets/prod/db}}", 1, true) ~= nil)
end)

test("--install prints entries that hold no credential", function(t)
  local done = program.run { "--profile", "prod", "mcp", "--install", "--allow", "write" }
  local args = json.encode { "mcp", "--profile", "prod", "--allow", "write" }
  t.match(done.stdout:gsub("%s+", ""), args)
end)
