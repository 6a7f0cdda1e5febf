-- What each verb says when the workspace fails: an error with its status, and no half answer.

local faults = require "sandbox.http.faults"
local journaled = require "support.journaled"
local json = require "native.json"
local program = require "testing.program"

local SPEC <const> = [[
name: n
catalog: main
schema: s
serverless: true
libraries:
  - notebook:
      path: /Shared/etl
]]

local VERBS <const> = {
  { "create", "SPEC" }, { "create", "SPEC", "--dry-run" }, { "set", "p", "photon=true" },
  { "rename", "p", "q" }, { "edit", "p", "--yes" }, { "open", "p", "--update", "last" },
  { "cost" }, { "cost", "p", "--by", "update" }, { "jobs" }, { "jobs", "p" },
  { "migrate", "old", "--catalog", "main" }, { "migrate", "old", "--catalog", "main", "--dry-run" },
}

local function start()
  local j = journaled.start()
  j.w:pipeline()
  j.w:ok("POST", "/api/2.0/pipelines", { name = "old", target = "s",
    libraries = { { notebook = { path = "/Shared/etl" } } } })
  j.dir.write("spec.yaml", SPEC)
  j:forget()
  return j
end

-- Run a verb; its arguments may name the spec.
local function run(j, verb, more)
  local words = { "-p", "there", table.unpack(more or {}) }
  for _, word in ipairs(verb) do
    words[#words + 1] = word == "SPEC" and j.dir.path .. "/spec.yaml" or word
  end
  local opts = j:options()
  opts.env.VISUAL = "sed -i s/^schema:.*/schema:\\ other/"
  return program.run(words, opts)
end

for action, status in pairs { ["403"] = 4, expired_token = 4, login_redirect = 4,
  ["404_message_only"] = 3, ["409"] = 5, not_json = 1, html_200 = 1 } do
  test(("a workspace whose answer is %s ends each verb with its status"):format(action), function(t)
    local j <close> = start()
    j.w.server.faults = faults.new { { action = action, path = "/api/*" } }
    for _, verb in ipairs(VERBS) do
      local name = table.concat(verb, " ")
      local r = run(j, verb)
      t.equal({ r.status, r.stdout }, { status, "" }, name .. ": " .. r.stderr)
      t.match(r.stderr, "tarn: ")
      local e = json.decode(run(j, verb, { "-q", "-ojson" }).stderr)
      t.is_true(e.kind ~= "bug" and e.message ~= "", name)
    end
  end)
end

test("a workspace that does not answer ends each verb when its time is over", function(t)
  local j <close> = start()
  j.w.server.faults = faults.new { { action = "latency", ms = 60000, path = "/api/*" } }
  for _, verb in ipairs(VERBS) do
    local r = run(j, verb, { "--timeout", "0.3" })
    t.is_true(r.status == 6 or r.status == 10, table.concat(verb, " ") .. r.status .. r.stderr)
    t.equal(r.stdout, "", table.concat(verb, " "))
  end
end)

-- Run a verb, and press Ctrl-C at the first request for which `is_it` is true.
local function interrupted(j, verb, is_it)
  local running
  local pressed = false
  j.on_request = function(request, answer)
    local reply = answer()
    if not pressed and is_it(request) then
      pressed = true
      running:signal "INT"
      running:result()
    end
    return reply
  end
  local words = { "-p", "there" }
  for _, word in ipairs(verb) do
    words[#words + 1] = word == "SPEC" and j.dir.path .. "/spec.yaml" or word
  end
  local opts = j:options()
  opts.env.VISUAL = "sed -i s/^schema:.*/schema:\\ other/"
  opts.env.TMPDIR = j.dir.path -- an edit keeps its text there
  running = program.start(words, opts)
  local r = running:result()
  running:close()
  return r
end

test("Ctrl-C ends each verb at once, and without a word if nothing was sent", function(t)
  for _, verb in ipairs(VERBS) do
    local j <close> = start()
    local r = interrupted(j, verb, function() return true end)
    t.equal({ r.status, r.stdout, r.stderr }, { 130, "", "" }, table.concat(verb, " "))
  end
end)

test("Ctrl-C during a change says where to look for what was done", function(t)
  for _, verb in ipairs { { "create", "SPEC" }, { "set", "p", "photon=true" },
    { "rename", "p", "q" }, { "edit", "p", "--yes" }, { "migrate", "old", "--catalog", "main" } } do
    local j <close> = start()
    local r = interrupted(j, verb, function(request) return request.method ~= "GET" end)
    t.equal({ r.status, r.stdout }, { 130, "" }, r.stderr)
    local id = r.stderr:match "`tarn journal (%S+) %-%-look`"
    t.is_true(id ~= nil, r.stderr)
    t.match(r.stderr, "tarn: ")
    j:data { "undo", id, "--yes" }
  end
end)

test("a wait that does not learn which update it waits for says so", function(t)
  local j <close> = start()
  local made = false
  j.on_request = function(request, answer)
    if made and request.method == "GET" and request.path:find "^/api/2.0/pipelines/" then
      return { status = 403, headers = {}, body = "{}" }
    end
    made = made or request.path:find "/clone$" ~= nil
    return answer()
  end
  local r = run(j, { "migrate", "old", "--catalog", "main", "--wait" })
  t.equal(r.status, 1, r.stderr)
  t.match(r.stderr, "tarn wait")
end)
