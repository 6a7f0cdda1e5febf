-- The whole list is read from both ends at once: each pipeline comes once, with half the rounds;
-- and all come, whatever the server makes of the order.

local fake = require "testing.fake"
local http = require "native.http"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local task = require "native.task"

local ENDPOINT <const> = "GET /api/2.0/pipelines"

local function ids_of(n)
  local ids = {}
  for i = 1, n do
    ids[i] = ("%08x-0000-4000-8000-000000000000"):format(i * 7)
  end
  return ids
end

-- The value of a parameter of a query.
local function parameter(request, name)
  local text = ("&" .. (request.query or "")):match("&" .. name .. "=([^&]*)")
  return text and http.unescape(text:gsub("+", " "))
end

-- A workspace with these ids, in pages of `size`. `opts.before(request, falls)` may give an answer;
-- `opts.order(a, b)` is the server's order of ids.
local function workspace(ids, size, opts)
  opts = opts or {}
  local order = opts.order or function(a, b) return a < b end
  return fake.workspace { [ENDPOINT] = function(request)
    local falls = parameter(request, "order_by") == "id desc"
    local answer = opts.before and opts.before(request, falls)
    if answer then
      return answer
    end
    local sorted = table.move(ids, 1, #ids, 1, {})
    table.sort(sorted, falls and not opts.ignores_order
      and function(a, b) return order(b, a) end or order)
    local token, items = parameter(request, "page_token"), json.array {}
    local after = token and token:sub(2)
    if token and (token:sub(1, 1) == "-") ~= falls then
      return fake.refusal(400, "INVALID_PARAMETER_VALUE", "the token is of another list")
    end
    local down = falls and not opts.ignores_order
    for _, id in ipairs(sorted) do
      local is_later = not after or down and order(id, after) or not down and order(after, id)
      if #items < size and is_later then
        items[#items + 1] = { pipeline_id = id, name = "p" .. id }
      elseif is_later then
        return { statuses = items, next_page_token = (falls and "-" or "+")
          .. items[#items].pipeline_id }
      end
    end
    return { statuses = items }
  end }
end

local function listed(ws)
  local ids = {}
  for item in pipelines.states(ws) do
    ids[#ids + 1] = item.pipeline_id
  end
  table.sort(ids)
  return ids
end

test("lists of any length come whole, each once, with at most two calls more", function(t)
  for n = 0, 41 do
    local ids = ids_of(n)
    local ws <close> = workspace(ids, 4)
    t.equal(listed(ws), ids, n)
    local pages = math.max(1, math.ceil(n / 4))
    t.equal(#ws.seen <= pages + (n > 4 and 2 or 0), true, ("%d for %d"):format(#ws.seen, n))
  end
end)

test("the calls of a round are under way at once", function(t)
  local now, most = 0, 0
  local ids = ids_of(40)
  local ws <close> = workspace(ids, 4, { before = function()
    now = now + 1
    most = math.max(most, now)
    task.sleep(0.02)
    now = now - 1
  end })
  t.equal(listed(ws), ids)
  t.equal(most, 2)
  t.equal(#ws.seen, 11)
end)

test("a list of one page takes one call", function(t)
  local ws <close> = workspace(ids_of(4), 4)
  t.equal(#listed(ws), 4)
  t.equal(#ws.seen, 1)
end)

test("a server that refuses the order, or ignores it, is read from one end", function(t)
  local ids = ids_of(30)
  local refusing <close> = workspace(ids, 4, { before = function(_, falls)
    return falls and fake.refusal(400, "INVALID_PARAMETER_VALUE", "order_by is not known")
  end })
  t.equal(listed(refusing), ids)
  local ignoring <close> = workspace(ids, 4, { ignores_order = true })
  t.equal(listed(ignoring), ids)
end)

test("ids in an order of the server's own all come, each once", function(t)
  local ids = {}
  for i = 1, 30 do
    ids[i] = (i % 2 == 0 and "%x-ABC" or "%X-abc"):format(i * 11)
  end
  local ws <close> = workspace(ids, 4,
    { order = function(a, b) return a:reverse():lower() < b:reverse():lower() end })
  table.sort(ids)
  t.equal(listed(ws), ids)
end)

test("pipelines that come and go meanwhile do not disturb the others", function(t)
  local ids, calls = ids_of(60), 0
  local ws <close> = workspace(ids, 4, { before = function()
    calls = calls + 1
    if calls % 2 == 0 then
      table.remove(ids, 30)
      ids[#ids + 1] = ("%08x-1111-4000-8000-000000000000"):format(calls * 5)
    end
  end })
  local seen, last = {}, ""
  for _, id in ipairs(listed(ws)) do
    t.equal(id > last, true, id)
    seen[id], last = true, id
  end
  for _, id in ipairs(ids) do
    if id:find("-0000-", 1, true) then
      t.equal(seen[id], true, id)
    end
  end
end)

test("pages without items in the middle are passed over", function(t)
  local ids, calls = ids_of(24), 0
  local ws <close> = workspace(ids, 4, { before = function(request, falls)
    calls = calls + 1
    local token = parameter(request, "page_token")
    if token and calls % 3 == 0 and not falls then
      return { next_page_token = token .. "0" }
    end
  end })
  t.equal(listed(ws), ids)
end)

test("a fault at the far end is that of the list", function(t)
  local ws <close> = workspace(ids_of(30), 4, { before = function(_, falls)
    return falls and fake.refusal(403, "PERMISSION_DENIED", "not yours")
  end })
  local e = t.fault(listed, ws)
  t.equal(e.status, 403)
end)

test("who stops early does not read the rest", function(t)
  local ws <close> = workspace(ids_of(400), 4)
  local n = 0
  for _ in pipelines.states(ws) do
    n = n + 1
    if n == 6 then
      break
    end
  end
  t.equal(#ws.seen <= 5, true, #ws.seen)
end)

test("a list with a filter is asked for with the filter on each page", function(t)
  local ws <close> = workspace(ids_of(10), 4)
  for _ in pipelines.states(ws, { filter = "name LIKE 'p%'" }) do end -- luacheck: ignore 542
  t.equal(#ws.seen, 3)
  for _, request in ipairs(ws.seen) do
    t.equal(parameter(request, "filter"), "name LIKE 'p%'")
  end
end)
