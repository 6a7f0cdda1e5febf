-- Parts of the server by themselves: paths, arguments, schemas, the cache, metrics, the log.

local api = require "server.api"
local arguments = require "server.arguments"
local cache = require "server.cache"
local fault = require "base.fault"
local golden = require "testing.golden"
local header = require "engine.header"
local log = require "server.log"
local metrics = require "server.metrics"
local querystring = require "base.querystring"
local router = require "server.router"
local schemas = require "engine.schema"
local task = require "native.task"

-- What a request may give is part of the server's safety: an argument that is new in a header is
-- looked at by a person who accepts this list.
test("the arguments of requests are those in the golden file", function(t)
  local lines = {}
  for _, route in ipairs(api.routes()) do
    local names = {}
    for _, spec in ipairs(arguments.served(route.script)) do
      names[#names + 1] = spec[1] .. (spec.alias and "=" .. spec.alias or "")
    end
    table.sort(names)
    lines[#lines + 1] = ("%s %s (%s): %s\n"):format(route.method, route.path,
      route.script.effect, table.concat(names, " "))
  end
  table.sort(lines)
  golden.check(t, "serve/arguments.txt", table.concat(lines))
end)

test("a path has its route, and its parameters are decoded", function(t)
  local r = router.new()
  for _, path in ipairs { "/a", "/a/{x}", "/a/{x}/b", "/a/b/c", "/a/{x}/{y}" } do
    r:add("GET", path, { path = path })
  end
  r:add("POST", "/a/{x}", { path = "post" })
  local function at(method, path)
    local route, params = r:find(method, path)
    return route and route.path, params
  end
  t.equal(at("GET", "/a"), "/a")
  t.equal(at("GET", "/a/b/c"), "/a/b/c")
  t.equal(at("GET", "/a/b/b"), "/a/{x}/b")
  t.equal(at("GET", "/a/b/d"), "/a/{x}/{y}")
  t.equal(select(2, at("GET", "/a/x%2Fy%20z")).x, "x/y z")
  t.equal(at("POST", "/a/1"), "post")
  for _, path in ipairs { "/a/", "//a", "/", "", "/a/../a", "/a/./x", "/a//b", "/b" } do
    t.equal(at("GET", path), nil, path)
  end
  local none, allowed = at("PUT", "/a/1")
  t.equal(none, nil)
  t.equal(table.concat(allowed, " "), "GET POST")
end)

test("a query is read as browsers write it", function(t)
  local q = querystring.parse "a=1&b=x+y%26z&a=2&c&=d"
  t.equal(q.a[2], "2")
  t.equal(q.b, "x y&z")
  t.equal(q.c, "")
  t.equal(next(querystring.parse ""), nil)
end)

local SCRIPT <const> = {
  summary = "S.", effect = "read", run = print, args = {
    { "name", "string", "N.", alias = "new_name", optional = true },
    { "max", "integer", "M.", default = 5, min = 1, max = 10 },
    { "all", "flag", "A." },
    { "list", "list", "L.", optional = true },
    { "how", "choice", "H.", choices = { "one", "two" }, optional = true },
    { "file", "path", "F.", optional = true },
    { "own", "string", "O.", optional = true, served = false },
    { "needed", "string", "X." },
  },
}

test("arguments have the types of the header, in a query and in a body", function(t)
  local get = { method = "GET", script = SCRIPT }
  local post = { method = "POST", script = SCRIPT, defaults = { max = 7 } }
  local arg = arguments.read(get, {}, { needed = "x", max = "3", all = "", list = { "a", "b" },
    how = "ONE", new_name = "n" })
  t.equal(arg.max, 3)
  t.equal(arg.all, true)
  t.equal(#arg.list, 2)
  t.equal(arg.how, "one")
  t.equal(arg.name, "n")
  arg = arguments.read(post, { needed = "from the path" }, { max = nil, all = false })
  t.equal(arg.max, 7)
  t.equal(arg.all, false)
  t.equal(arg.needed, "from the path")
  local function refused(route, params, given)
    return t.fault(arguments.read, route, params, given).refusal
  end
  for _, given in ipairs { { needed = "x", max = "11" }, { needed = "x", max = "1.5" },
    { needed = "x", own = "y" }, { needed = "x", file = "y" }, { needed = "x", fil = "y" }, {},
    { needed = "x", name = "a", new_name = "b" }, { needed = { "a", "b" } },
    { needed = "x", how = "three" }, { needed = "x", all = "perhaps" } } do
    t.equal(refused(get, {}, given), 400)
  end
  for _, given in ipairs { { needed = 1 }, { needed = "x", max = "3" },
    { needed = "x", all = "true" }, { needed = "x", list = { 1 } },
    { needed = "x", list = { a = 1 } }, { needed = {} } } do
    t.equal(refused(post, {}, given), 422)
  end
  t.equal(refused(post, { needed = "x" }, { needed = "y" }), 422)
end)

test("a short schema becomes JSON Schema, and a wrong one is an error", function(t)
  local schema = schemas.expand { { id = "string", ["n?"] = "integer|null",
    ["sub~"] = { x = "any" } } }
  t.equal(schema.type, "array")
  local item = schema.items
  t.equal(table.concat(item.required, " "), "id sub")
  t.equal(item.properties.n.type[2], "null")
  t.equal(item.properties.sub.type[2], "null")
  t.equal(#schemas.expand({ any = { "string", { "integer" } } }).anyOf, 2)
  for _, wrong in ipairs { "text", { "string", "string" }, { a = 1 }, { a = { b = "bool" } },
    { any = { "string", "oops" } } } do
    t.is_true(schemas.find_problem(wrong))
  end
  local f = t.fault(header.check, { summary = "S.", effect = "read", args = {}, run = print,
    returns = { a = "strng" } }, "x.lua")
  t.match(f.message, "'strng' is not a type")
end)

test("a route's own fields are checked as the header's are", function(t)
  local function of(route)
    return t.fault(header.check, { summary = "S.", effect = "read", run = print, route = route,
      args = { { "a", "string", "A.", optional = true } } }, "x.lua").message
  end
  t.match(of { "GET", "/x", cashed = true }, "unknown field 'cashed'")
  t.match(of { "GET", "/x", defaults = { b = 1 } }, "default for 'b'")
  t.match(of { "GET", "/{b}" }, "'b'")
end)

test("a failed answer is not cached, and the next request tries again", function(t)
  local c, asked = cache.new(60), 0
  local function fail()
    asked = asked + 1
    fault.raise { kind = "network", op = "x", message = "no" }
  end
  t.equal(t.fault(c.get, c, "k", fail).message, "no")
  t.equal(t.fault(c.get, c, "k", fail).message, "no")
  t.equal(asked, 2)
  t.equal(c:get("k", function() return 7 end), 7)
  t.equal(c:get("k", fail), 7)
  c:clear()
  t.equal(c:find "k", nil)
end)

test("a call goes on when the request that started it is cancelled", function(t)
  local c, done = cache.new(60), false
  local first = task.spawn(function()
    c:get("k", function()
      task.sleep(0.05)
      done = true
      return "x"
    end)
  end)
  task.sleep(0.01)
  local second
  task.spawn(function() second = c:get("k", error) end)
  task.sleep(0.01)
  task.cancel(first)
  task.sleep(0.1)
  t.equal(done, true)
  t.equal(second, "x")
end)

test("the cache keeps at most 256 answers", function(t)
  local c = cache.new(60)
  for i = 1, 1000 do
    c:get("k" .. i, function() return i end)
  end
  local n = 0
  for _ in pairs(c.entries) do
    n = n + 1
  end
  t.is_true(n <= 256 and n == c.count, n)
  t.equal(c:find "k1000", 1000)
end)

test("labels of metrics may hold anything", function(t)
  local m = metrics.new()
  m:count('a"b\\c\nd', "GET", 200, 0.2)
  local server = { broadcast = { listeners = 0 },
    native = { stats = function() return 3, 1, 2 end },
    workspaces = { list = function() return {} end } }
  local text = m:text(server, function() return {} end)
  t.match(text, 'route="a\\"b\\\\c\\nd"')
  t.match(text, 'le="0.1"} 0\n')
  t.match(text, 'le="0.5"} 1\n')
  t.match(text, 'le="+Inf"} 1\n')
  t.match(text, "\ntarn_http_requests_refused_total 2\n")
  t.match(text, "\n# EOF\n")
end)

test("a line of the log is one line, whatever the request has", function(t)
  local line = log.line({ remote = "::1", method = "GE\nT", path = '/a b"\\\27[31m\xff' }, 404, nil,
    0.0123, "id", 0)
  t.equal(line, '1970-01-01T00:00:00.000Z ::1 "GE%0AT /a%20b%22%5C%1B[31m%FF" 404 - 0.012 id')
end)
