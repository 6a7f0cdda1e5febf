local list = require "base.list"
local tarn = require "tarn"

local testing = tarn.testing

test("what commands return can be counted, indexed, and walked with ipairs", function(t)
  local rows = tarn.list { profile = "demo" }
  t.is_true(#rows > 30)
  t.is_true(type(rows[1].name) == "string")
  local n = 0
  for i, row in ipairs(tarn.list { profile = "demo", filter = "sales*" }) do
    n = i
    t.match(row.name, "sales")
  end
  t.is_true(n > 1)
  for row in tarn.which { "list" } do -- a list that is whole from the beginning
    t.equal(row.file, tarn.which({ "list" })[1].file)
  end
end)

test("the methods of a workspace return lists too", function(t)
  local ws <close> = tarn.workspace "demo"
  local id = ws:pipeline("sales_forecast").pipeline_id
  t.is_true(#ws:pipelines() > 30)
  t.equal(#ws:events(id, { max = 7 }), 7)
  t.is_true(ws:updates(id)[1].update_id ~= nil)
  local rows = ws:sql "SELECT 1 AS a UNION ALL SELECT 2 AS a"
  t.equal({ #rows, rows.columns[1].name }, { 2, "a" })
  t.equal(#rows:all(), 2)
end)

test("a list asks the workspace for as many pages as it needs", function(t)
  local asked = 0
  local ws <close> = testing.fake {
    ["GET /api/2.0/pipelines/11111111-2222-3333-4444-555555555555/updates"] = function(request)
      asked = asked + 1
      local page = tonumber((request.query or ""):match "page_token=(%d+)") or 1
      local updates = {}
      for i = 1, 100 do
        updates[i] = { update_id = ("%d-%d"):format(page, i), state = "COMPLETED" }
      end
      return { updates = updates, next_page_token = page < 9 and tostring(page + 1) or nil }
    end,
  }
  local rows = ws:updates "11111111-2222-3333-4444-555555555555"
  t.equal(asked, 0)
  t.equal(rows[1].update_id, "1-1")
  t.is_true(asked <= 2) -- the page after it is fetched meanwhile
  t.equal(#rows, 900)
  t.equal(asked, 9)
end)

test("a command that ends with its loop is closed with it", function(t)
  local rows, state, first, closing = tarn.events { "sales_forecast", profile = "demo",
    follow = true }
  t.is_true(list.is(rows) and rows == closing)
  t.equal({ state, first }, {})
  local function find_first()
    for event in rows, state, first, closing do -- luacheck: ignore 512
      return event -- which closes the list
    end
  end
  t.is_true(find_first().id ~= nil)
end)

test("a script that returns a list prints its rows", function(t)
  local dir <close> = testing.program.dir()
  local path = dir.write("a.lua", 'return require("tarn").list { filter = "sales*" }')
  local r = testing.program.run { "-p", "demo", "run", path, "-o", "csv" }
  t.equal(r.status, 0)
  t.match(r.stdout, "sales_forecast")
end)

test("null has a name, and what cannot be done with it says so", function(t)
  local null = tarn.json.null
  t.equal({ tostring(null), ("%s"):format(null), tarn.is_null(null) }, { "null", "null", true })
  for _, other in ipairs { false, 0, "", "null", {} } do
    t.is_false(tarn.is_null(other))
  end
  t.is_false(tarn.is_null(nil))
  local row = { latest_update = null }
  t.raises("null (JSON): it has no field 'state'", function() return row.latest_update.state end)
  t.raises("command_test.lua:", function() return row.latest_update.state end)
  for word, f in pairs {
    ["be set"] = function() null.x = 1 end, ["be called"] = function() null() end,
    ["be counted"] = function() return #null end,
    ["be joined"] = function() return "a" .. null end,
    ["be compared"] = function() return null < 1 end,
    ["be calculated with"] = function() return 1 + null end,
  } do
    t.raises("null (JSON): it", f)
    t.raises(word, f)
  end
  t.is_true(null == tarn.json.decode "null" and null ~= false)
end)

test("tarn.get with a path ends at what is missing or null; without one it is the command",
  function(t)
    local null = tarn.json.null
    local row = { none = null,
      latest_update = { state = "FAILED", n = null, list = { { x = 1 } } } }
    t.equal(tarn.get(row, "latest_update.state"), "FAILED")
    t.equal(tarn.get(row, "latest_update.list.1.x"), 1)
    for _, path in ipairs { "none", "none.state", "latest_update.n", "latest_update.state.x", "a.b",
      "latest_update.list.2.x" } do
      t.is_nil(tarn.get(row, path))
    end
    t.is_nil(tarn.get(null, "a"))
    t.is_nil(tarn.get(nil, "a"))
    t.equal(tarn.get({ a = false }, "a"), false)
    t.equal(tarn.get(tarn.list { profile = "demo", filter = "sales_forecast" }, "1.name"),
      "sales_forecast")
    t.raises("bad argument #2 to 'get'", tarn.get, row, 5)
    t.equal(tarn.get({ "sales_forecast", profile = "demo" }).name, "sales_forecast")
  end)

test("methods of a workspace take names, and the words of the commands", function(t)
  local ws <close> = tarn.workspace "demo"
  local id = ws:pipeline("sales_forecast").pipeline_id
  t.equal(ws:events("sales_forecast", { max = 3 })[1].id, ws:events(id, { max = 3 })[1].id)
  t.equal(ws:updates("sales_forecast")[1].update_id, ws:updates(id)[1].update_id)
  for event in ws:events("sales_forecast", { level = "error", since = "30d" }) do
    t.equal(event.level, "ERROR")
  end
  t.equal(#ws:pipelines { filter = "sales*" }, #tarn.list { "sales*", profile = ws })
  t.equal(#ws:pipelines { filter = "name LIKE 'sales%'" }, #ws:pipelines { filter = "sales*" })
  t.equal(t.fault(ws.events, ws, "no_such_pipeline").status, 404)
  t.raises("unknown option 'state'", ws.updates, ws, id, { state = "FAILED" })
  t.raises("unknown option 'levl'", ws.events, ws, id, { levl = "error" })
end)

test("every command is a method of a workspace", function(t)
  local ws <close> = tarn.workspace "demo-dr"
  t.equal(ws:list({})[1].pipeline_id, tarn.list({ profile = "demo-dr" })[1].pipeline_id)
  local name = ws:list({})[1].name
  t.equal(ws:get(name).name, name)
  t.is_true(ws:permissions({ name }).permissions[1] ~= nil)
  t.equal({ ws.seen, ws.no_such_command }, {})
end)
