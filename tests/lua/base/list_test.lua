local json = require "native.json"
local list = require "base.list"
local pool = require "base.pool"
local task = require "native.task"
local yaml = require "native.yaml"

-- A list of n rows { n = i }, and a table with how many were read. Each row is waited for.
local function counted(n)
  local seen = { read = 0 }
  return list.new(function()
    task.sleep(0)
    if seen.read < n then
      seen.read = seen.read + 1
      return { n = seen.read }
    end
  end), seen
end

local function numbers(rows)
  local found = {}
  for i, row in ipairs(rows) do
    found[i] = row.n
  end
  return found
end

test("a list reads only as far as it is asked, and keeps what it has read", function(t)
  local rows, seen = counted(5)
  t.equal(seen.read, 0)
  t.equal(rows[2].n, 2)
  t.equal(seen.read, 2)
  t.is_true(rows[2] == rows[2])
  for i, row in ipairs(rows) do
    t.equal(row.n, i)
    if i == 4 then
      break
    end
  end
  t.equal(seen.read, 4)
  t.equal(#rows, 5)
  t.equal({ rows[0], rows[-1], rows[6], rows.name }, {})
  t.equal({ rows[1.0].n, #rows }, { 1, 5 })
  t.equal(numbers(rows), { 1, 2, 3, 4, 5 })
end)

test("pairs, next and the functions of table know all rows", function(t)
  local function fresh()
    return (counted(3))
  end
  local keys = {}
  for key, row in pairs(fresh()) do
    keys[key] = row.n
  end
  t.equal(keys, { 1, 2, 3 })
  t.equal({ (next(fresh())) }, { 1 })
  t.is_nil(next((counted(0))))
  local rows = fresh()
  table.sort(rows, function(a, b) return a.n > b.n end)
  t.equal(numbers(rows), { 3, 2, 1 })
  rows = fresh()
  table.insert(rows, { n = 4 })
  t.equal(numbers(rows), { 1, 2, 3, 4 })
  t.equal({ select("#", table.unpack(fresh())) }, { 3 })
  t.equal(table.remove(fresh()).n, 3)
  t.equal(numbers(table.move(fresh(), 1, 3, 2, { { n = 0 } })), { 0, 1, 2, 3 })
  t.equal(numbers(table.move({ { n = 9 } }, 1, 1, 4, fresh())), { 1, 2, 3, 9 })
  local texts = { "a", "b", "c" }
  t.equal(table.concat(list.new(function() return table.remove(texts, 1) end), "-"), "a-b-c")
  rows = fresh()
  rows[#rows + 1] = { n = 4 }
  t.equal(numbers(rows), { 1, 2, 3, 4 })
  rows = fresh()
  rows[4] = { n = 4 }
  t.equal(numbers(rows), { 1, 2, 3, 4 })
end)

test("a list as a value of a table is not read", function(t)
  local rows, seen = counted(3)
  local holder = {}
  table.insert(holder, rows)
  t.equal({ seen.read, list.is(holder[1]) }, { 0, true })
end)

test("a loop over the list itself hands out each row once and keeps none", function(t)
  local rows, seen = counted(3)
  local weak = setmetatable({}, { __mode = "v" })
  for row in rows do
    weak[row.n] = row
    if row.n == 2 then
      break
    end
  end
  t.equal(seen.read, 2)
  collectgarbage()
  t.equal({ weak[1] }, {})
  t.equal(rows().n, 3)
  t.is_nil(rows())
  t.equal(#rows, 3)
end)

test("rows that were handed out are never missing in silence", function(t)
  local rows = counted(3)
  for row in rows do
    if row.n == 2 then
      break
    end
  end
  t.raises("rows 1 to 2 were handed out", function() return rows[1] end)
  t.raises("tarn.all(rows)", function() return numbers(rows) end)
  t.raises("were handed out", function() return table.unpack(rows) end)
  t.raises("were handed out", function() return list.all(rows) end)
  t.raises("were handed out", function() return json.encode(rows) end)
  t.equal({ rows[3].n, #rows }, { 3, 3 })

  local used = counted(2)
  for _ in used do end -- luacheck: ignore 542
  t.raises("used up by an earlier", function()
    for _ in used do end -- luacheck: ignore 542
  end)
end)

test("what was counted before can be looped over again and again", function(t)
  local rows = counted(3)
  t.equal(#rows, 3)
  local first, second = rows(), rows()
  t.equal({ first.n, second.n }, { 1, 2 })
  for _ = 1, 2 do
    local found = {}
    for row in rows do
      found[#found + 1] = row.n
    end
    t.equal(found, { 1, 2, 3 })
  end
  t.is_nil(rows())
end)

test("a list is an array in JSON and in YAML, an empty one too", function(t)
  t.equal(json.encode((counted(2))), '[{"n":1},{"n":2}]')
  t.equal(json.encode((counted(0))), "[]")
  t.match(yaml.encode((counted(1))), '- "n": 1')
  t.is_true(json.is_array((counted(0))))
  t.raises("not read to its end (tarn.all reads it) at rows", function()
    json.encode { rows = (counted(1)) }
  end)
  t.raises("not read to its end", function() yaml.encode { rows = (counted(1)) } end)
  t.equal(json.encode(list.fill { a = { rows = (counted(1)) } }), '{"a":{"rows":[{"n":1}]}}')
  local whole = counted(1)
  t.equal(json.encode { rows = list.all(whole) }, '{"rows":[{"n":1}]}')
end)

test("all takes lists, iterators with their values, and tables", function(t)
  t.equal(numbers(list.all((counted(3)))), { 1, 2, 3 })
  t.equal(#list.all(("a b c"):gmatch "%a"), 3)
  t.equal(#list.all(pairs { a = 1, b = 2 }), 2)
  local plain = { 1, 2 }
  t.is_true(list.all(plain) == plain)
  t.equal(#(list.of(plain)), 2)
  for _, wrong in ipairs { json.null, 5, "rows", true } do
    t.raises("bad argument #1 to 'all' (a list or an iterator expected", function()
      list.all(wrong)
    end)
  end
end)

test("closing a list closes what it reads from", function(t)
  local closed = 0
  local function values()
    return ("a b"):gmatch "%a", nil, nil, setmetatable({}, { __close = function()
      closed = closed + 1
    end })
  end
  do
    local rows <close> = list.of(values())
    t.equal(rows[1], "a")
  end
  t.equal(closed, 1)
  list.all(values())
  t.equal(closed, 2)
end)

test("tasks that ask at once get the same rows, and each row is read once", function(t)
  local rows, seen = counted(40)
  local found = pool.map({ 40, 1, 20, 40, 7 }, function(i) return rows[i].n end)
  t.equal(found, { 40, 1, 20, 40, 7 })
  t.equal(seen.read, 40)
  t.equal(#pool.map((counted(100)), function(row) return row.n end), 100)
end)

test("a list that fails fails again, and is never taken for a complete one", function(t)
  local n = 0
  local rows = list.new(function()
    n = n + 1
    if n == 2 then
      error({ "broken" }, 0)
    end
    return n <= 3 and n or nil
  end)
  for _ = 1, 2 do
    local ok, e = pcall(function() return #rows end)
    t.equal({ ok, e }, { false, { "broken" } })
  end
  t.equal(rows[1], 1)
end)
