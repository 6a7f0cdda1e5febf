-- Failures of the workspace and the network. Each message names what happened and what to do; the
-- command ends with the right status, prints nothing on stdout, and never shows the token. Wrong
-- credentials are in auth_test.lua, closed pipes and full disks in main_test.lua.

local fake = require "testing.fake"
local json = require "native.json"
local program = require "testing.program"

local TOKEN <const> = "dapi-secret-of-this-test"

-- Run `tarn ARGS` with this host.
local function run_with(host, args)
  return program.run(args, { env = program.env(host, { DATABRICKS_TOKEN = TOKEN }) })
end

-- Run `tarn ARGS` against a server that answers every request with `reply`.
local function against(reply, args, scheme)
  local server <close> = fake.server(function() return fake.reply(reply) end)
  return run_with(server.url:gsub("^http", scheme or "http"), args)
end

local function check(t, r, case)
  local e = json.decode(r.stderr)
  t.equal(r.status, case.status, case.why .. ": " .. r.stderr)
  t.equal(e.kind, case.kind, case.why)
  t.match(e.message, case.says)
  t.is_true(#(e.hint or "") > 0, case.why .. ": no hint: " .. r.stderr)
  t.equal(r.stdout, "", case.why)
  t.no_match(r.stderr, TOKEN)
end

local function page(html)
  return { status = 200, headers = { ["Content-Type"] = "text/html" }, body = html }
end

test("a wrong answer is reported, with what to do", function(t)
  local list = { "list", "-o", "json", "--timeout", "5" }
  local cases = {
    { why = "a web page in place of an API", status = 1, kind = "http", says = "web page",
      reply = page "<html><body>Welcome</body></html>" },
    { why = "a log-in page", status = 1, kind = "http", says = "log-in",
      reply = { status = 302, headers = { Location = "/login.html" } } },
    { why = "an expired token", status = 4, kind = "auth", says = "expired",
      reply = { status = 401, headers = { ["Content-Type"] = "application/json" },
        body = '{"error_code":"UNAUTHENTICATED","message":"The token has expired."}' } },
    { why = "a body that is cut off", status = 1, kind = "network", says = "cut",
      reply = { body = '{"statuses":[]}' .. (" "):rep(500), truncate = 5 } },
    { why = "an answer that is not JSON", status = 1, kind = "parse", says = "JSON",
      reply = { headers = { ["Content-Type"] = "application/json" }, body = "{'statuses'}" } },
  }
  for _, case in ipairs(cases) do
    check(t, against(case.reply, list), case)
  end
end)

test("a host that cannot be reached is reported, with what to do", function(t)
  local list = { "list", "-o", "json", "--timeout", "5" }
  local reply = { body = "{}" }
  check(t, against(reply, list, "https"),
    { why = "TLS spoken to a server that has none", status = 1, kind = "network", says = "TLS" })
  local closed = fake.server {}
  closed.close()
  check(t, run_with(closed.url, list),
    { why = "nothing listens", status = 1, kind = "network", says = "refused" })
  check(t, run_with("http://example.com", list),
    { why = "a token without TLS", status = 4, kind = "auth", says = "http://" })
end)

test("a pipeline that does not exist, or exists twice, is named", function(t)
  local get = { "-p", "demo", "get", "nothing-like-this", "-o", "json" }
  check(t, program.run(get), { why = "unknown", status = 3, kind = "http", says = "nothing-like" })
  get[4] = "sales"
  check(t, program.run(get),
    { why = "ambiguous", status = 2, kind = "usage", says = "sales_orders" })
end)

test("a second Ctrl-C ends a script that catches the first", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
print "waiting"
io.stdout:flush()
pcall(tarn.sleep, 300)
print "caught"
io.stdout:flush()
while true do pcall(tarn.sleep, 300) end]])
  local running <close> = program.start { "run", path }
  running:wait_for "waiting\n"
  running:signal "INT"
  running:wait_for "caught\n"
  running:signal "INT"
  local r = running:result()
  t.equal({ r.status, r.stdout }, { 130, "waiting\ncaught\n" })
end)

test("dates that no calendar has are refused by every option", function(t)
  for _, when in ipairs { "2026-13-01", "2026-02-31", "2026-99-99", "2026-11-31T25:61:00Z",
    "2026-08-19T10:00:00+25:00" } do
    for _, words in ipairs { { "updates", "sales_forecast", "--since", when },
      { "updates", "*", "--since", when }, { "events", "sales_forecast", "--since", when },
      { "events", "sales_forecast", "--until", when }, { "journal", "--since", when } } do
      local r = program.run({ "-p", "demo", table.unpack(words) })
      t.equal(r.status, 2, when)
      t.match(r.stderr, "is not a time")
      t.match(r.stderr, "hint: write 30min")
    end
  end
end)

test("a word that is no state or level has a note with the one that is meant", function(t)
  for line, meant in pairs {
    ["list --state faild"] = "did you mean 'failed'?",
    ["updates sales_forecast --state faild"] = "did you mean 'FAILED'?",
    ["events sales_forecast --level eror"] = "did you mean 'ERROR'?",
  } do
    local r = program.shell('"$TARN" -p demo ' .. line)
    t.match(r.stderr, meant)
  end
  t.equal(program.shell('"$TARN" -p demo list --state "fail*"').stderr, "")
end)

test("a misspelt profile of the embedded workspace is recognized", function(t)
  local home <close> = program.dir()
  for _, name in ipairs { "dmeo", "demo-d", "Demo" } do
    local r = program.run({ "-p", name, "list" }, { home = home.path })
    t.equal(r.status, 4, r.stderr)
    t.match(r.stderr, "did you mean 'demo")
  end
  t.no_match(program.run({ "-p", "prod", "list" }, { home = home.path }).stderr, "did you mean")
end)

test("pipelines of one name are told apart by creator and newest update", function(t)
  local r = program.run { "-p", "demo", "get", "scratch" }
  t.equal(r.status, 2)
  t.match(r.stderr, "by tomas.reyes@example.com, never run")
  t.match(r.stderr, "by mei.tanaka@example.com, FAILED 2")
  t.match(r.stderr, "hint: give the id, since they have the same name\n")
end)

test("what a script printed comes before its fault", function(t)
  local dir <close> = program.dir()
  local file = dir.write("x.lua", "print 'a row'\nerror('the end', 0)")
  local r = program.shell('"$TARN" run ' .. file .. " 2>&1")
  t.match(r.stdout, "^a row\ntarn: [^\n]*the end", true)
end)
