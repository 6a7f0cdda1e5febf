-- Who may call: tokens, cookies, hosts, other pages; and where secrets must not appear.

local databricks = require "native.databricks"
local fake = require "testing.fake"
local fs = require "native.fs"
local json = require "native.json"
local native = require "native.server"
local serving = require "support.serving"

test("without the token only health is answered", function(t)
  local s <close> = serving.start()
  for _, path in ipairs { "/", "/assets/app.js", "/api/session", "/api/openapi.json", "/metrics",
    "/api/dlt/pipelines", "/api/dlt/nothing", "/api/dlt/dashboard/stream" } do
    local r = s:ask("GET", path, { plain = true })
    t.equal(r.status, 401, path)
    t.is_true(r.headers["www-authenticate"], path)
  end
  t.equal(s:ask("POST", "/api/dlt/pipelines/x/trigger", { plain = true, body = {} }).status, 401)
  t.equal(s:ask("GET", "/healthz", { plain = true }).status, 200)
  t.equal(s:ask("GET", "/readyz", { plain = true }).status, 200)
end)

test("a wrong token is refused, whatever it looks like", function(t)
  local s <close> = serving.start()
  local token = serving.token
  for _, header in ipairs { "Bearer " .. token .. "x", "Bearer " .. token:sub(1, -2), "Bearer",
    "Bearer ", "Basic " .. token, token, "Bearer " .. token:upper(), "Bearer  " .. token,
    "Bearer " .. token:sub(2) } do
    local r = s:ask("GET", "/api/session", { headers = { Authorization = header } })
    t.equal(r.status, 401, header)
  end
  t.equal(s:ask("GET", "/api/session?token=" .. token, { plain = true }).status, 401)
  t.equal(s:ask("GET", "/api/session", { headers = { Authorization = "bearer " .. token } })
    .status, 200)
end)

local function cookie_of(r)
  return r.headers["set-cookie"]:match "^[^;]+"
end

test("the link sets a cookie that scripts cannot read, and does not keep the token", function(t)
  local s <close> = serving.start()
  local r = s:ask("GET", "/login?token=" .. serving.token, { plain = true })
  t.equal(r.status, 303)
  t.equal(r.headers.location, "/")
  t.match(r.headers["set-cookie"], "HttpOnly")
  t.match(r.headers["set-cookie"], "SameSite=Strict")
  t.no_match(r.headers["set-cookie"], serving.token)
  local function with(cookie)
    return s:ask("GET", "/api/session", { plain = true, headers = { Cookie = cookie } }).status
  end
  local cookie = cookie_of(r)
  t.equal(with(cookie), 200)
  t.equal(with("a=b; " .. cookie .. "; c=d"), 200)
  t.equal(with(cookie .. "x"), 401)
  t.equal(with(cookie:sub(1, -2)), 401)
  t.equal(with(cookie:match "^[^=]+=" .. serving.token), 401)
  t.equal(s:ask("GET", "/login?token=wrong", { plain = true }).status, 401)
  t.equal(s:ask("GET", "/login", { plain = true }).status, 401)
  local from_elsewhere = s:ask("GET", "/login?token=" .. serving.token, { plain = true,
    headers = { ["Sec-Fetch-Site"] = "cross-site", ["Sec-Fetch-Mode"] = "navigate" } })
  t.equal(from_elsewhere.status, 200)
  t.match(from_elsewhere.body, "url=/")
end)

test("instances that share a token file share their cookies", function(t)
  local a <close> = serving.start()
  local b <close> = serving.start()
  local cookie = cookie_of(a:ask("GET", "/login?token=" .. serving.token, { plain = true }))
  t.equal(b:ask("GET", "/api/session", { plain = true, headers = { Cookie = cookie } }).status, 200)
end)

test("a foreign host name that resolves to this address is refused", function(t)
  local s <close> = serving.start()
  local port = s.server.native.port
  for _, host in ipairs { "evil.example.com", "evil.example.com:" .. port, "127.0.0.1",
    "127.0.0.1:1", "localhost.evil.example.com:" .. port, "0.0.0.0:" .. port } do
    local r = s:ask("GET", "/api/session", { headers = { Host = host } })
    t.equal(r.status, 403, host)
    t.equal(r.data.error.code, "HOST_NOT_ALLOWED")
  end
  for _, host in ipairs { "localhost:" .. port, "LOCALHOST:" .. port, "[::1]:" .. port } do
    t.equal(s:ask("GET", "/api/session", { headers = { Host = host } }).status, 200, host)
  end
end)

test("requests of a page of another origin are refused, also from this machine", function(t)
  local s <close> = serving.demo()
  local cookie = cookie_of(s:ask("GET", "/login?token=" .. serving.token, { plain = true }))
  local function send(method, headers)
    headers.Cookie = cookie
    return s:ask(method, method == "POST" and "/api/dlt/pipelines/sales_forecast/trigger"
      or "/api/dlt/pipelines", { plain = true, headers = headers,
      body = method == "POST" and { dry_run = true } or nil }).status
  end
  local port = s.server.native.port
  local own = "http://127.0.0.1:" .. port
  for _, method in ipairs { "GET", "POST" } do
    t.equal(send(method, { Origin = "https://evil.example.com" }), 403)
    t.equal(send(method, { Origin = "http://127.0.0.1:" .. port + 1 }), 403)
    t.equal(send(method, { Origin = "null" }), 403)
    t.equal(send(method, { ["Sec-Fetch-Site"] = "cross-site" }), 403)
    t.equal(send(method, { ["Sec-Fetch-Site"] = "same-site" }), 403)
    t.equal(send(method, { Origin = own, ["Sec-Fetch-Site"] = "same-origin" }), 200)
  end
  t.equal(send("POST", { ["Sec-Fetch-Site"] = "cross-site", ["Sec-Fetch-Mode"] = "navigate" }), 403)
  t.equal(send("POST", { ["Content-Type"] = "text/plain" }), 415)
  t.equal(s:ask("OPTIONS", "/api/dlt/pipelines", { headers = { Origin = own } }).status, 405)
end)

test("the files that the page names never change under these names", function(t)
  local s <close> = serving.start()
  local page = s:ask("GET", "/")
  if not page.body:find("/assets/", 1, true) then
    return t.skip "this build has no page"
  end
  t.equal(page.headers["cache-control"], "no-cache")
  local path = page.body:match '"(/assets/%x+/app%.js)"'
  local file = s:ask("GET", path)
  t.match(file.headers["cache-control"], "immutable")
  t.match(file.headers["content-type"], "text/javascript")
  local plain = s:ask("GET", (path:gsub("/%x+/app", "/app")))
  t.equal(plain.headers["cache-control"], "no-cache")
  t.equal(plain.body, file.body)
  local other = s:ask("GET", (path:gsub("/%x+/app", "/" .. ("0"):rep(32) .. "/app")))
  t.equal(other.headers["cache-control"], "no-cache")
  t.equal(s:ask("GET", "/assets/none.js").status, 404)
  t.equal(s:ask("GET", "/pipelines/some-id").body, page.body)
end)

test("every answer has the headers of security", function(t)
  local s <close> = serving.start()
  for _, path in ipairs { "/healthz", "/api/session", "/api/nothing", "/", "/metrics" } do
    local h = s:ask("GET", path).headers
    t.match(h["content-security-policy"], "default-src 'none'")
    t.no_match(h["content-security-policy"], "unsafe")
    t.equal(h["x-content-type-options"], "nosniff", path)
    t.match(h["content-security-policy"], "frame-ancestors 'none'")
    t.is_true(not h["access-control-allow-origin"], path)
  end
  local page = s:ask("GET", "/").headers
  t.equal(page["referrer-policy"], "no-referrer")
  t.equal(page["x-frame-options"], "DENY")
  t.equal(page["cross-origin-opener-policy"], "same-origin")
  t.match(page["content-security-policy"], "script-src 'self'")
end)

-- A secret that requests carry in every place from which it might be logged.
local SECRET <const> = "dapi-very-secret-0123456789"

test("a token in a body is used once, and is in no answer, log or journal", function(t)
  local s <close> = serving.demo { allow_private_hosts = true }
  local path = "/api/dlt/pipelines/sales_orders_etl/clone-to-workspace"
  local answers = {}
  local function send(body, kind)
    local r = s:ask("POST", path, { body = body,
      headers = { ["Content-Type"] = kind or "application/json" } })
    answers[#answers + 1] = r.body
    return r
  end
  local wrong = send(json.encode { dest_host = s.w.url, dest_token = SECRET, new_name = "x" })
  t.is_true(wrong.status == 401 or wrong.status == 403, wrong.body)
  t.equal(send(json.encode { dest_host = s.w.url, dest_token = SECRET, nme = "x" }).status, 422)
  t.equal(send(json.encode { dest_host = s.w.url, dest_token = { SECRET } }).status, 400)
  t.equal(send(json.encode { dest_host = s.w.url, deep = { dest_token = SECRET } }).status, 422)
  t.equal(send('{"dest_host":"x","dest\\u005ftoken":"' .. SECRET .. '","new_nam":1}').status, 422)
  t.equal(send('{"dest_token":"' .. SECRET .. '"').status, 400)
  t.equal(send('{"dest_token":"' .. SECRET .. '"}', "text/plain").status, 415)
  t.equal(s:ask("GET", "/api/dlt/pipelines?dest_token=" .. SECRET).status, 400)
  t.equal(s:ask("GET", "/api/dlt/pipelines?dest%5Ftoken=" .. SECRET).status, 400)
  local made = send(json.encode { dest_host = s.w.url, dest_token = "demo-dr-token",
    new_name = "with a token" })
  t.equal(made.status, 201, made.body)
  local told = table.concat(answers) .. table.concat(s.lines, "\n")
    .. s:ask("GET", "/api/dlt/journal").body
    .. s:ask("GET", "/api/dlt/journal/" .. made.data.operation).body
  t.no_match(told, SECRET)
  t.no_match(told, "demo-dr-token")
end)

test("a token is sent over https only, and to no host of a private network", function(t)
  local s <close> = serving.demo()
  local function send(host)
    return s:ask("POST", "/api/dlt/pipelines/sales_orders_etl/clone-to-workspace",
      { body = { dest_host = host, dest_token = SECRET, new_name = "x", dry_run = true } })
  end
  t.equal(send(s.w.url).status, 400)
  t.equal(send("http://workspace.example.com").status, 400)
  for _, host in ipairs { "https://127.0.0.1:" .. s.w.server.port, "https://localhost:1",
    "https://[::1]:1", "https://10.1.2.3", "https://169.254.169.254", "https://192.168.0.1",
    "https://2130706433", "https://0x7f.1", "https://[::ffff:127.0.0.1]" } do
    local r = send(host)
    t.is_true(r.status == 403 and r.data.error.code == "PRIVATE_HOST" or r.status == 400,
      host .. r.body)
  end
end)

test("the log names path and status, never query, token or body", function(t)
  local s <close> = serving.start()
  s:ask("GET", "/api/session?x=" .. SECRET, { headers = { ["X-Request-Id"] = "id-1" } })
  s:ask("GET", "/login?token=" .. serving.token, { plain = true })
  s:ask("GET", "/%0a%1b[31m\"x", { plain = true })
  t.equal(#s.lines, 3)
  local log = table.concat(s.lines, "\n")
  t.match(s.lines[1], '"GET /api/session" 200')
  t.match(s.lines[1], "id-1")
  t.no_match(log, SECRET)
  t.no_match(log, serving.token)
end)

test("a token file is made for its owner alone, and refused if others may read it", function(t)
  local dir = fs.mktemp()
  local path = dir .. "/token"
  native.token { file = path }
  local stat = fs.find_stat(path)
  t.equal(stat.mode & 511, 384)
  t.is_true(#fs.read(path) == 65)
  t.equal(tostring(native.token { file = path }):find(fs.read(path):sub(1, 20), 1, true), nil)
  fs.write(dir .. "/open", ("x"):rep(40), { mode = 420 })
  t.match(t.fault(native.token, { file = dir .. "/open" }).message, "chmod 600")
  fs.write(dir .. "/short", "abc", { mode = 384 })
  t.match(t.fault(native.token, { file = dir .. "/short" }).message, "holds no token")
  fs.remove(dir, { recursive = true })
end)

test("a public-only connection refuses a name that resolves to this machine", function(t)
  local ws <close> = fake.workspace {}
  local client = databricks.connect { host = ws:host():gsub("127.0.0.1", "localhost"),
    credential = databricks.credential { token = "x" }, public_only = true }
  local f = t.fault(client.request, client, "GET", "/api/2.0/pipelines")
  t.equal(f.code, "PRIVATE_HOST")
  t.equal(#ws.seen, 0)
  client:close()
end)
