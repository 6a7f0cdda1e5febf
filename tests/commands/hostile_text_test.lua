--- No command, in any format, shows hostile bytes that a workspace puts into its texts.
--
-- A proxy in front of the embedded workspace adds such bytes to every text except those by which
-- things are found, and echoes the caller's token in every refusal.

local http = require "native.http"
local json = require "native.json"
local program = require "testing.program"
local server = require "native.server"
local workspace = require "testing.workspace"

local TOKEN <const> = "demo-token"

-- ESC, OSC with BEL, CSI as one character and as a raw byte, DEL, a line end, controls of the
-- writing direction, the line separator of Unicode, a byte that is not valid UTF-8.
local POISON <const> = "\27[31m\27]0;owned\7\u{9b}31m\x9b31m\x7f\r\n"
  .. "\u{202e}\u{2066}\u{200f}\u{2028}\xff"

-- The fields whose texts a client needs unchanged.
local KEPT <const> = { "id$", "_time$", "token$", "state$", "status$", "^timestamp$", "type$",
  "^level$", "^language$", "^format$", "^health$", "_link$", "^path$", "^method$", "^host$" }

local function is_kept(key)
  for _, pattern in ipairs(KEPT) do
    if key:find(pattern) then
      return true
    end
  end
  return false
end

local function poisoned(value, key)
  if type(value) == "string" then
    return is_kept(key) and value or value .. POISON
  elseif type(value) ~= "table" or getmetatable(value) ~= nil and not json.is_array(value) then
    return value
  end
  local copy = json.is_array(value) and json.array {} or {}
  for name, item in pairs(value) do
    copy[name] = poisoned(item, type(name) == "string" and name or key)
  end
  return copy
end

-- A proxy in front of `w`; with `refuse` it refuses every request and echoes its token.
local function proxy(w, refuse)
  local listener
  listener = server.listen({}, function(request)
    if refuse then
      local authorization = request.headers.authorization or ""
      return { status = 403, headers = { ["Content-Type"] = "application/json",
        ["X-Request-Id"] = "a\27[31mb" },
        body = json.encode { error_code = "PERMISSION_DENIED" .. POISON,
          message = ("your token %s is bad, so is %s, %s\n%s%s"):format(authorization,
            http.base64_encode("x:" .. TOKEN), http.escape(TOKEN), TOKEN, POISON) } }
    end
    local path = request.path .. (request.query ~= "" and "?" .. request.query or "")
    local answer = http.request(request.method, ("http://127.0.0.1:%d%s"):format(w.server.port,
      path), { retry = false, body = request.body and tostring(request.body) or nil,
        headers = { Authorization = request.headers.authorization,
          ["Content-Type"] = request.headers["content-type"] } })
    local value = answer.body ~= "" and json.decode(answer.body) or {}
    return { status = answer.status, body = json.encode(poisoned(value, "")),
      headers = { ["Content-Type"] = "application/json",
        ["X-Databricks-Org-Id"] = answer.headers["x-databricks-org-id"],
        ["X-Odd"] = "a\27[31mb" } }
  end)
  return setmetatable({ host = "http://127.0.0.1:" .. listener.port },
    { __close = function() listener:close() end })
end

local BAD <const> = { "[\0-\8\11\12\14-\31\127]", "\xc2[\x80-\x9f]", "\xe2\x80[\x8e\x8f\xa8-\xae]",
  "\xe2\x81[\xa6-\xa9]" }

local function check(t, text, what)
  for _, pattern in ipairs(BAD) do
    local at = text:find(pattern)
    t.is_true(not at, what .. " shows a command: " .. ("%q"):format(text:sub(math.max(1,
      (at or 1) - 60), (at or 1) + 20)))
  end
  t.is_true(utf8.len(text), what .. " is not valid UTF-8")
  t.no_match(text, TOKEN, what)
  t.no_match(text, http.base64_encode("x:" .. TOKEN):sub(1, 12), what)
end

local function ids(w)
  local list = {}
  for i, row in ipairs(w:ok("GET", "/api/2.0/pipelines").statuses) do
    list[i] = row.pipeline_id
  end
  return list
end

local function env_of(host, dir)
  return { DATABRICKS_HOST = host, DATABRICKS_TOKEN = TOKEN, COLUMNS = "300",
    XDG_STATE_HOME = dir.path, XDG_CACHE_HOME = dir.path .. "/cache" }
end

test("no command shows what a hostile workspace puts into its texts", function(t)
  t.timeout(300)
  local w <close> = workspace.start { scenario = "demo" }
  local p <close> = proxy(w)
  local dir <close> = program.dir()
  local id = ids(w)
  local commands = {
    { "list" }, { "get", id[1] }, { "events", id[1] }, { "events", id[2], "--level", "ERROR" },
    { "updates", id[1] }, { "updates", id[2] }, { "expectations", id[1] }, { "permissions", id[1] },
    { "lineage", id[1], "--source", "rest" }, { "dashboard", "--source", "rest" }, { "doctor" },
    { "auth", "describe" }, { "diff", id[1], id[2] },
    { "clone", id[1], "--name", "copy" .. POISON, "--dry-run" },
    { "export", id[1], "--dir", dir.path .. "/out", "--dry-run" },
    { "sql", "SELECT 1 AS `a\27]0;x\7`, 'b' AS b" }, { "trigger", id[3] }, { "journal" },
    { "journal", "last" }, { "api", "GET", "/api/2.0/pipelines" },
  }
  local shown = 0
  for _, words in ipairs(commands) do
    local forms = words[1] == "api" and { "-vv" } or { "-otext", "-ocsv", "-vv" }
    for _, form in ipairs(forms) do
      local all = table.move(words, 1, #words, 2, { form })
      local r = program.run(all, { env = env_of(p.host, dir) })
      local what = table.concat(words, " "):gsub("%c.*", "") .. " " .. form
      t.is_true(r.status ~= 70, what .. ": " .. r.stderr)
      check(t, r.stderr, what .. " (stderr)")
      if words[1] ~= "api" then
        check(t, r.stdout:gsub("\r\n", "\n"), what)
      end
      shown = shown + #r.stdout
    end
  end
  t.is_true(shown > 20000, "the texts were there")
end)

test("no message, trace, record or journal shows the token that a refusal echoes", function(t)
  t.timeout(300)
  local w <close> = workspace.start { scenario = "demo" }
  local p <close> = proxy(w, true)
  local dir <close> = program.dir()
  local id = ids(w)[1]
  for _, words in ipairs { { "list" }, { "get", id }, { "events", id }, { "trigger", id },
    { "stop", id }, { "delete", id, "--yes" }, { "clone", id, "--name", "x" }, { "doctor" },
    { "auth" }, { "sql", "SELECT 1" }, { "api", "POST", "/api/2.0/pipelines", "--body", "{}" } } do
    for _, form in ipairs { "-otext", "-ojson", "-v", "-vv" } do
      local record = dir.path .. "/record.jsonl"
      local all = table.move(words, 1, #words, 4, { form, "--record", record })
      local r = program.run(all, { env = env_of(p.host, dir) })
      local what = table.concat(words, " ") .. " " .. form
      t.is_true(r.status ~= 0 and r.status ~= 70, what .. ": " .. r.stderr)
      check(t, form == "-ojson" and r.stderr:gsub("\\u%x%x%x%x", "") or r.stderr, what)
      t.no_match(dir.read "record.jsonl" or "", TOKEN, what)
    end
  end
  local written = program.shell("cat tarn/journal.db*", { cwd = dir.path }).stdout
  t.no_match(written, TOKEN, "the journal")
end)
