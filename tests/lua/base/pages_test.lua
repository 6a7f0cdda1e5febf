local pages = require "base.pages"

-- A function that returns one page after the other, and the list of queries that it got.
local function feed(list)
  local seen = {}
  return function(query)
    seen[#seen + 1] = query
    return list[math.min(#seen, #list)]
  end, seen
end

local function all(fetch, opts)
  local found = {}
  opts = opts or {}
  opts.op = "test"
  for item in pages.items(fetch, "rows", opts) do
    found[#found + 1] = item.id
  end
  return found
end

test("items of all pages come in order; queries for later pages have only the token", function(t)
  local fetch, seen = feed { { rows = { { id = 1 }, { id = 2 } }, next_page_token = "a" },
    { next_page_token = "b" }, { rows = { { id = 3 } }, next_page_token = "" } }
  t.equal(all(fetch, { query = { max_results = 5, filter = "x" } }), { 1, 2, 3 })
  t.equal(seen, { { max_results = 5, filter = "x" }, { page_token = "a", max_results = 5 },
    { page_token = "b", max_results = 5 } })
end)

test("no page is fetched beyond `max`", function(t)
  local fetch, seen = feed { { rows = { { id = 1 }, { id = 2 } }, next_page_token = "a" } }
  t.equal(all(fetch, { max = 2 }), { 1, 2 })
  t.equal(#seen, 1)
end)

test("a repeated item counts once", function(t)
  local fetch = feed { { rows = { { id = 1 }, { id = 2 } }, next_page_token = "a" },
    { rows = { { id = 2 }, { id = 3 } } } }
  t.equal(all(fetch, { id = "id" }), { 1, 2, 3 })
end)

test("a repeated token is a fault", function(t)
  local fetch = feed { { rows = { { id = 1 } }, next_page_token = "a" } }
  local e = t.fault(all, fetch)
  t.equal(e.kind, "parse")
  t.match(e.message, "repeat the same page")
end)

test("a wrong list, object or token is a fault", function(t)
  t.equal(all(feed { {} }), {})
  for _, page in ipairs { { rows = "x" }, { rows = { a = 1 } }, { rows = { 1 } },
    { rows = {}, next_page_token = 7 } } do
    t.equal(t.fault(all, feed { page }).kind, "parse")
  end
  t.equal(t.fault(all, function() return "x" end).kind, "parse")
end)
