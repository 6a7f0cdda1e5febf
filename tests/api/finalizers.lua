--- A finalizer may run whenever a binding makes a value of Lua's, and do anything: close what the
-- binding works with, or change the tables that it reads. Each case here is run again and again,
-- with a full collection at every chance, and the finalizer acts one collection later each time,
-- until the case is over before. Nothing may be read that is gone.
--
-- Called with the port of a server which answers as a workspace does.

local port = ...

local databricks = require "native.databricks"
local http = require "native.http"
local json = require "native.json"
local process = require "native.process"
local server = require "native.server"
local sqlite = require "native.sqlite"
local task = require "native.task"
local yaml = require "native.yaml"

local URL <const> = "http://127.0.0.1:" .. port

-- Call act() at the n-th collection from now; returns a function that ends it and tells whether
-- it has acted.
local function haunt(n, act)
  local on, count = true, 0
  local function arm()
    setmetatable({}, { __gc = function()
      if on then
        count = count + 1
        if count == n then
          act()
        end
        arm()
      end
    end })
  end
  arm()
  return function()
    on = false
    return count >= n
  end
end

local function text(i)
  return ("some text that is long enough to have memory of its own, number %d"):format(i)
end

local function clear(t)
  for key, value in pairs(t) do
    if type(value) == "table" then
      clear(value)
    end
    t[key] = nil
  end
end

local cases = {}

-- Each: make() -> action, act. The action works with what make() made.

local function with_database(sql, action)
  return function()
    local db = sqlite.open ":memory:"
    db:exec "create table t (a, b, c); insert into t values (1, 'x', null), ('y', 2.5, x'00')"
    local st = sql and db:prepare(sql)
    return function() return action(db, st) end, function()
      if st and text(1) ~= "" then
        st:close()
      end
      db:close()
    end
  end
end

cases["db:query"] = with_database(nil, function(db)
  return #db:query("select * from t where a != :" .. "p", { p = text(1) })
end)
cases["db:find_row"] = with_database(nil, function(db)
  return db:find_row("select *, zeroblob(300) as z from t")
end)
cases["db:exec"] = with_database(nil, function(db)
  return db:exec("insert into t values (?, ?, ?)", { text(1), text(2), 3 })
end)
cases["db:exec, some"] = with_database(nil, function(db)
  return db:exec("insert into t values (1, 2, 3); delete from t; select 1")
end)
cases["db:transaction"] = with_database(nil, function(db)
  return db:transaction(function() return db:exec("delete from t"), text(1) end)
end)
cases["db:define"] = with_database(nil, function(db)
  db:define("f", 1, function(value) return text(2) .. tostring(value) end)
  return db:query "select f(b) from t"
end)
cases["stmt:rows"] = with_database("select a, b, ? from t", function(_, st)
  local n = 0
  for row in st:rows { text(3) } do
    n = n + row.n
  end
  return n
end)
cases["stmt:columns"] = with_database("select a, b, c from t", function(_, st)
  return #st:columns(), st:run()
end)

local function with_workspace(action)
  return function()
    local ws = databricks.connect { host = URL,
      credential = databricks.credential { token = "x" } }
    local tables = {
      query = { [text(1)] = text(2), [text(3)] = { text(4), text(5) } },
      headers = { ["X-" .. ("a"):rep(50)] = text(6) },
      body = { [text(7)] = { text(8), [text(9)] = 1 } },
      parameters = { { name = text(10), value = text(11), type = "STR" .. "ING" } },
    }
    tables.body[text(7)][1] = nil
    return function() return action(ws, tables) end, function() ws:close() end,
      function() clear(tables) end
  end
end

cases["ws:info"] = with_workspace(function(ws) return ws:info() end)
cases["ws:authenticate"] = with_workspace(function(ws) return ws:authenticate() end)
cases["ws:request"] = with_workspace(function(ws, t)
  return ws:request("POST", "/x", { query = t.query, headers = t.headers, body = t.body })
end)
cases["ws:pipeline_list"] = with_workspace(function(ws)
  return ws:pipeline_list { filter = text(1), page_token = text(2) }
end)
cases["ws:sql"] = with_workspace(function(ws, t)
  local c <close> = ws:sql(text(1), { warehouse_id = text(2), catalog = text(3),
    parameters = t.parameters })
  return c:next()
end)

cases["cursor:next"] = function()
  local ws = databricks.connect { host = URL, credential = databricks.credential { token = "x" } }
  local c = ws:sql("select", { warehouse_id = "w" })
  return function()
    while c:next() do
      c = c
    end
    return c.columns, c.statement_id
  end, function() c:close() end
end

-- "/bin/true" in many bytes.
local function program()
  return "/" .. ("bin/../"):rep(10) .. "bin/true"
end

cases["process.run"] = function()
  local argv, env = { program(), text(1), text(2) }, { [("N"):rep(60)] = text(3) }
  local opts = { env = env, stdin = text(4), cwd = "/" .. ("./"):rep(50) }
  return function() return process.run(argv, opts) end, function()
    clear(argv)
    clear(opts)
  end
end

-- With a table that answers for missing options.
cases["process.run, asked"] = function()
  local argv = { program(), text(1), text(2) }
  local opts = setmetatable({}, { __index = function()
    clear(argv)
    collectgarbage()
  end })
  return function() return process.run(argv, opts) end, function() end
end

cases["http.request"] = function()
  local opts = { headers = { ["X-" .. ("a"):rep(50)] = text(1) }, body = text(2) }
  return function() return http.request("POST", URL .. "/" .. ("p"):rep(60), opts) end,
    function() clear(opts) end
end

local function tree()
  local t = { list = { text(1), text(2) }, [text(3)] = { [text(4)] = text(5), [text(6)] = {} } }
  for i = 1, 70 do
    t[text(100 + i)] = i
  end
  return t
end

for name, library in pairs { json = json, yaml = yaml } do
  cases[name .. ".encode"] = function()
    local t = tree()
    return function() return library.encode(t) end, function() clear(t) end
  end
end

local function served(path, reply)
  return function()
    local given
    local s = server.listen({}, function()
      given = reply()
      return given
    end)
    local headers = {}
    for i = 1, 12 do
      headers["X-Header-" .. i] = text(i)
    end
    local url = ("http://127.0.0.1:%d/%s"):format(s.port, path)
    return function()
      local body = http.request("GET", url, { headers = headers, timeout = 0.2, retry = false })
      s:close()
      return body
    end, function() s:close() end, function() clear(given or {}) end
  end
end

cases["a request"] = served("x", function() return {} end)
cases["a reply"] = served("y", function()
  return { status = 200, headers = { ["X-" .. ("b"):rep(50)] = text(1), Other = text(2) },
    body = text(3), drip = { bytes = 1000, seconds = 0 } }
end)
cases["a shared body"] = served("z", function()
  return { headers = { ["X-" .. ("b"):rep(50)] = text(1) }, body = server.body(text(3)) }
end)

-- What a task waits with is out of the finalizer's reach; the task itself is not.
cases["task"] = function()
  local t
  return function()
    t = task.spawn(function()
      http.request("GET", URL .. "/x")
    end)
    for _ = 1, 50 do
      if not task.alive(t) then
        break
      end
      task.sleep(0.001)
    end
  end, function() task.cancel(t or task.current()) end
end

-- How many times a case has run; `which`: of what make() made, the finalizer's part.
local function run(make, which)
  local n = 0
  repeat
    n = n + 1
    local made = table.pack(make())
    local action, act = made[1], made[which]
    if not act then
      return 0
    end
    local ended
    local t = task.spawn(function()
      collectgarbage("incremental", 1, 1000, 30)
      collectgarbage() -- the new pace begins with the end of a cycle
      local stop = haunt(n, function() pcall(act) end)
      pcall(action)
      collectgarbage("incremental", 200, 100, 13)
      ended = stop()
    end)
    while task.alive(t) do
      task.sleep(0.001)
    end
    collectgarbage("incremental", 200, 100, 13)
  until ended == false
  return n
end

local sorted = {}
for name in pairs(cases) do
  sorted[#sorted + 1] = name
end
table.sort(sorted)
for _, name in ipairs(sorted) do
  local n = run(cases[name], 2) + run(cases[name], 3)
  assert(n > 2, name .. ": nothing was collected")
  print(name, n)
end
