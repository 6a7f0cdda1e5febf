-- Whatever a request holds, the embedded workspace answers as a service does: with what was asked
-- for, or with a refusal in the service's words, and never with a failure of its own.

local fields = require "sandbox.http.fields"
local json = require "native.json"
local router = require "sandbox.http.router"
local workspace = require "testing.workspace"

-- Values for the parameters in paths, by name; by the beginning of the path where several differ.
local PARAMS <const> = {
  { "/api/2.0/pipelines", id = "PIPELINE", update_id = "UPDATE" },
  { "/api/2.0/permissions", kind = "pipelines", id = "PIPELINE" },
  { "/api/2.0/sql/warehouses", id = "475b94ddc7cd5211" },
  { "/api/2.0/sql/statements", id = "01f1", chunk = "0" },
  { "/api/2.1/unity-catalog/metastores", id = "4a1f8e0c-6b7d-4c53-9a55-0d2b7c1e9f10",
    name = "access" },
  { "/api/2.1/unity-catalog/permissions", kind = "catalog", name = "sales" },
  { "/api/2.1/unity-catalog/effective-permissions", kind = "schema", name = "sales.orders" },
  { "/api/2.1/unity-catalog/connections", name = "salesforce_prod" },
  { "/api/2.1/unity-catalog/volumes", name = "sales.raw.orders" },
  { "/api/2.1/unity-catalog/catalogs", name = "sales" },
  { "/api/2.1/unity-catalog/schemas", full_name = "sales.orders" },
  { "/api/2.1/unity-catalog/tables", full_name = "sales.orders.bronze_orders" },
  { "/api/2.0/preview/scim", id = "5240981367210001" },
  { "/api/2.0/fs/", path = "Volumes/sales/raw/orders/part-00000.json" },
  { "/", id = "1", name = "x", path = "Shared", token = "x" },
}

-- Values with which requests get past the first of their checks.
local GOOD <const> = {
  path = "/Shared", catalog_name = "sales", schema_name = "orders", scope = "finance",
  key = "fx_api_key", keys = "enableTokensConfig", cluster_id = "x", principal = "users",
  policy_id = "E0631F5C0D0006D6", instance_pool_id = "x", table_name = "sales.orders.bronze_orders",
  column_name = "id",
}

local BAD <const> = {
  "", "0", "-1", "abc", "1e3", "0x10", "99999999999999999999", "1001", "'", "name LIKE 'a",
  "((", '"', "eq", "a eq", "true", "\0", "%", ("z"):rep(5000), "Z2FyYmFnZQ==", "null", "2026-13-99",
}

local function known_ids(w)
  local pipeline = w.w.db:find_row "SELECT pipeline_id AS id, id AS update_id FROM updates LIMIT 1"
  return { PIPELINE = pipeline.id, UPDATE = pipeline.update_id }
end

local function path_of(pattern, ids)
  for _, rule in ipairs(PARAMS) do
    if pattern:sub(1, #rule[1]) == rule[1] then
      return (pattern:gsub("{([%w_]+)%*?}", function(name)
        return ids[rule[name]] or rule[name] or "x"
      end))
    end
  end
end

local function routes()
  local all = {}
  for _, name in ipairs(require "sandbox.parts") do
    for _, route in ipairs(require(name).routes or {}) do
      all[#all + 1] = { method = route[1], pattern = route[2], opts = route[4] or {} }
    end
  end
  return all
end

local function ask(w, method, path, query, body, headers)
  local all = { authorization = "Bearer demo-token", host = "127.0.0.1" }
  for name, value in pairs(headers or {}) do
    all[name] = value
  end
  return w.server:answer { method = method, path = path, query = query or "", body = body or "",
    headers = all }
end

-- A refusal has a code and a message; an answer is no failure of the embedded workspace.
local function check(t, reply, what)
  local status = reply.status or 200
  t.is_true(status < 500 or status == 501, ("%s: %d %s"):format(what, status, reply.body))
  if status >= 400 and not what:find "/oidc" and not what:find "/external" then
    local ok, answer = pcall(json.decode, reply.body)
    t.is_true(ok and (answer.error_code and answer.message or answer.detail),
      ("%s: %d without a code: %s"):format(what, status, reply.body))
  end
end

-- The parameters that a handler reads: asked for with an empty query, and with the good values of
-- those that are known.
local function parameters_of(w, method, path)
  local plain, read = router.query, {}
  router.query = function(text)
    return setmetatable(plain(text), { __index = function(_, name)
      read[name] = true
    end })
  end
  local pairs_of = {}
  repeat
    local before = #pairs_of
    ask(w, method, path, table.concat(pairs_of, "&"))
    pairs_of = {}
    for name in pairs(read) do
      pairs_of[#pairs_of + 1] = GOOD[name] and name .. "=" .. GOOD[name] or nil
    end
  until #pairs_of == before
  router.query = plain
  return read
end

local function encoded(text)
  return (text:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end))
end

test("no value of a parameter makes a request fail", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ids, requests = known_ids(w), 0
  for _, route in ipairs(routes()) do
    local path = path_of(route.pattern, ids)
    if route.method == "GET" or route.method == "HEAD" then
      local names = parameters_of(w, route.method, path)
      for name in pairs(names) do
        local others = {}
        for other in pairs(names) do
          others[#others + 1] = other ~= name and GOOD[other]
            and other .. "=" .. encoded(GOOD[other]) or nil
        end
        local rest = "&" .. table.concat(others, "&")
        for _, value in ipairs(BAD) do
          local query = name .. "=" .. encoded(value) .. rest
          check(t, ask(w, route.method, path, query), route.pattern .. "?" .. query:sub(1, 200))
          requests = requests + 1
        end
        local twice = name .. "=a&" .. name .. "=b" .. rest
        check(t, ask(w, route.method, path, twice), route.pattern .. "?" .. twice)
      end
    end
  end
  t.is_true(requests > 1000, requests .. " requests")
end)

test("no value in a path makes a request fail", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  for _, route in ipairs(routes()) do
    for _, value in ipairs { "x", "0", "-1", "99999999999999999999", "%00", "%2e%2e", "a.b",
      "a.b.c", "a.b.c.d", "%25", "%F0%9F%98%80", "00000000-0000-4000-8000-000000000000" } do
      local path = route.pattern:gsub("{[%w_]+%*?}", (value:gsub("%%", "%%%%")))
      check(t, ask(w, route.method, path), route.method .. " " .. path)
    end
  end
end)

local WRONG <const> = {
  1, -1, 1.5, "", "x", true, json.null, json.array {}, {}, json.array { 1 }, json.array { {} },
  json.array { "x" }, json.array { json.array {} }, { a = 1 }, { a = "b" }, { a = json.null },
}

-- The fields of a form with their places: { "tasks", 1, "task_key" }.
local function places_of(form, prefix, into)
  for name, inner in pairs(type(form) == "table" and form or {}) do
    local place = table.move(prefix, 1, #prefix, 1, {})
    place[#place + 1] = name
    into[#into + 1] = place
    places_of(inner, place, into)
  end
  return into
end

-- A body with a value at a place, and good values for the fields around it.
local function body_with(form, place, value)
  local function build(inner, depth)
    if depth > #place then
      return value
    end
    if inner[1] then
      return json.array { build(inner[1], depth + 1) }
    end
    local object = {}
    for name, kind in pairs(inner) do
      object[name] = kind == "string" and (GOOD[name] or "x") or nil
    end
    object[place[depth]] = build(inner[place[depth]] or {}, depth + 1)
    return object
  end
  return build(form, 1)
end

test("no type of a field makes a request fail", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ids, requests = known_ids(w), 0
  for _, route in ipairs(routes()) do
    local path = path_of(route.pattern, ids)
    for _, place in ipairs(places_of(route.opts.body, {}, {})) do
      for _, value in ipairs(WRONG) do
        local body = json.encode(body_with(route.opts.body, place, value))
        check(t, ask(w, route.method, path, "", body), route.method .. " " .. route.pattern .. " "
          .. body:sub(1, 300))
        requests = requests + 1
      end
    end
  end
  t.is_true(requests > 1000, requests .. " requests")
end)

test("a body that is missing, no JSON, or no object is refused or empty", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local ids = known_ids(w)
  for _, route in ipairs(routes()) do
    local path = path_of(route.pattern, ids)
    if route.method ~= "GET" and route.method ~= "HEAD" and route.method ~= "DELETE" then
      for _, body in ipairs { "", "{", "nope", "[]", "[1]", "1", '"x"', "null", "{}",
        '{"a":1}{"b":2}', "\255\254", ("["):rep(5000) } do
        local reply = ask(w, route.method, path, "", body)
        local what = ("%s %s with %q"):format(route.method, route.pattern, body:sub(1, 20))
        check(t, reply, what)
        if not route.opts.raw and body ~= "" and body ~= "{}" then
          t.equal(reply.status, 400, what)
        end
      end
    end
  end
end)

test("every route refuses a request without a valid token, but for the public ones", function(t)
  local w <close> = workspace.start()
  for _, route in ipairs(routes()) do
    local path = path_of(route.pattern, {})
    if not route.opts.public then
      local reply = ask(w, route.method, path, "", "{", { authorization = "Bearer wrong" })
      t.equal(reply.status, 401, route.method .. " " .. route.pattern)
    end
  end
end)

test("a form makes integers of texts, and removes nulls", function(t)
  local body = fields.check({ n = "9007199254740993", x = json.null, rest = json.null },
    { n = "integer", x = "string" })
  t.equal(body.n, 9007199254740993)
  t.is_nil(body.x)
  t.equal(body.rest, json.null, "what the form does not name stays")
end)
