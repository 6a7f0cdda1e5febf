-- What goes wrong at the moment that matters: each says what happened and what to do, ends with
-- the right status, prints nothing on stdout, and never shows the token. Credentials that are
-- wrong before anything is sent are in auth_test.lua, closed pipes and full disks in
-- cli_test.lua.

local program = require "testing.program"
local json = require "native.json"
local server = require "native.server"

local TOKEN <const> = "dapi-secret-of-this-test"

-- Run `tarn ARGS` against a server that answers everything with `reply`.
local function against(reply, args, scheme)
  local listener <close> = server.listen({}, function(request)
    return type(reply) == "function" and reply(request) or reply
  end)
  return program.run(args, { env = {
    DATABRICKS_HOST = (scheme or "http") .. "://127.0.0.1:" .. listener.port,
    DATABRICKS_TOKEN = TOKEN,
  } })
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

test("a host that answers wrongly is named, with what to do", function(t)
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

test("a host that cannot be reached is named, with what to do", function(t)
  local list = { "list", "-o", "json", "--timeout", "5" }
  local reply = { body = "{}" }
  check(t, against(reply, list, "https"),
    { why = "TLS spoken to a server that has none", status = 1, kind = "network", says = "TLS" })
  local listener = server.listen({}, function() return reply end)
  local port = listener.port
  listener:close()
  local r = program.run(list, { env = { DATABRICKS_HOST = "http://127.0.0.1:" .. port,
    DATABRICKS_TOKEN = TOKEN } })
  check(t, r, { why = "nothing listens", status = 1, kind = "network", says = "refused" })
  r = program.run(list, { env = { DATABRICKS_HOST = "http://example.com", DATABRICKS_TOKEN = TOKEN } })
  check(t, r, { why = "a token in the clear", status = 4, kind = "auth", says = "http://" })
end)

test("a pipeline that is not there, or is there twice, is named", function(t)
  local get = { "-p", "demo", "get", "nothing-like-this", "-o", "json" }
  check(t, program.run(get), { why = "unknown", status = 3, kind = "http", says = "nothing-like" })
  get[4] = "sales"
  check(t, program.run(get), { why = "ambiguous", status = 2, kind = "usage", says = "sales_orders" })
end)

test("a second Ctrl-C ends what does not want to end", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
print "waiting"
io.stdout:flush()
while true do pcall(tarn.sleep, 30) end]])
  local r = program.shell("$TARN run " .. path
    .. " & sleep 0.3; kill -INT $!; sleep 0.2; kill -INT $!; wait $!; echo $?")
  t.equal(r.stdout, "waiting\n130\n")
end)
