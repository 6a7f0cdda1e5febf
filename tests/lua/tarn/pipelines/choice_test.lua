-- What a command is asked for: one pipeline or many, by the words, and with how many calls.

local fake = require "testing.fake"
local fault = require "base.fault"
local pipelines = require "tarn.pipelines"

local function id(n)
  return ("%08x-0000-4000-8000-000000000000"):format(n)
end

-- A workspace with pipelines of these names.
local function workspace(...)
  local statuses, answers = {}, {}
  for i, name in ipairs { ... } do
    statuses[i] = { pipeline_id = id(i), name = name, state = "IDLE" }
    answers["GET /api/2.0/pipelines/" .. id(i)] = statuses[i]
  end
  answers["GET /api/2.0/pipelines"] = { statuses = statuses }
  return fake.workspace(answers)
end

-- The names that these words choose; or the one word.
local function choose(ws, asked, opts)
  local choice = pipelines.choose(ws, "test", asked, opts)
  local names = {}
  for i, item in ipairs(choice.items) do
    names[i] = item.name
  end
  return choice.many and names or choice.word
end

test("one word without a sign of a glob is one, and asks nothing yet", function(t)
  local ws <close> = workspace("dev_a", "dev_b")
  t.equal(choose(ws, { pipeline = "dev" }), "dev")
  t.equal(choose(ws, { pipeline = { id(1) } }), id(1))
  t.equal(#ws.seen, 0)
end)

test("several words, a glob and `all` are many, also if one pipeline fits", function(t)
  local ws <close> = workspace("dev_b", "Dev_a", "prod", "x")
  t.equal(choose(ws, { pipeline = { "dev_*" } }), { "Dev_a", "dev_b" })
  t.equal(choose(ws, { pipeline = { "pro*" } }), { "prod" })
  t.equal(choose(ws, { pipeline = { "prod", "dev_?", "dev_b" } }), { "prod", "Dev_a", "dev_b" })
  t.equal(choose(ws, { all = true }), { "Dev_a", "dev_b", "prod", "x" })
end)

test("many are listed once", function(t)
  local ws <close> = workspace("dev_a", "dev_b", "prod")
  choose(ws, { pipeline = { "dev_a", "pro", "dev_*", "*b", id(1) } })
  t.equal(#ws.seen, 1)
end)

test("ids alone need no list", function(t)
  local ws <close> = workspace("a", "b")
  t.equal(choose(ws, { pipeline = { id(2), id(1), id(2) } }), { "b", "a" })
  t.equal(#ws.seen, 2)
  t.equal(choose(ws, { pipeline = { id(2), id(1) } }, { bare = true }), { id(2), id(1) })
  t.equal(#ws.seen, 2)
end)

test("a name with the sign of a glob that exists to the letter is that pipeline", function(t)
  local ws <close> = workspace("dev_*", "dev_a", "what?", "whats")
  t.equal(choose(ws, { pipeline = { "dev_*" } }), id(1))
  t.equal(choose(ws, { pipeline = { "what?", "dev_a" } }), { "what?", "dev_a" })
end)

test("a glob that fits nothing is an error that suggests", function(t)
  local ws <close> = workspace("sales_orders", "sales_customers", "x")
  for pattern, hint in pairs {
    ["slaes_*"] = "did you mean 'sales_*'",
    ["*sales_order"] = "did you mean 'sales_orders'",
    ["zzz*"] = "shows all 3 pipelines",
  } do
    local _, e = fault.try(choose, ws, { pipeline = { "x", pattern } })
    t.equal({ e.kind, e.code }, { "usage", "NOT_FOUND" })
    t.match(e.message, pattern)
    t.match(e.hint, hint)
  end
end)

test("a name among many may be a beginning, unless it must be whole", function(t)
  local ws <close> = workspace("sales_orders", "sales_customers")
  t.equal(choose(ws, { pipeline = { "sales_o", "sales_c" } }),
    { "sales_orders", "sales_customers" })
  local _, e = fault.try(choose, ws, { pipeline = { "sales_o", "sales_c" } }, { whole = true })
  t.equal(e.status, 404)
  t.match(e.hint, "did you mean sales_orders")
  _, e = fault.try(choose, ws, { pipeline = { "sales_o", "sales" } })
  t.match(e.message, "'sales' may be any of")
end)

test("a name that several pipelines have is refused, and a glob takes all of them", function(t)
  local ws <close> = workspace("twice", "twice", "x")
  local _, e = fault.try(choose, ws, { pipeline = { "x", "twice" } })
  t.match(e.hint, "give the id")
  t.equal(choose(ws, { pipeline = { "twice*" } }), { "twice", "twice" })
end)

test("no word, an empty one, and `all` with a word are refused", function(t)
  local ws <close> = workspace("a")
  for _, asked in ipairs { {}, { pipeline = {} }, { pipeline = { "" } }, { pipeline = { "a", "" } },
    { pipeline = { "a" }, all = true } } do
    local _, e = fault.try(choose, ws, asked)
    t.equal(e.kind, "usage")
  end
  t.equal(#ws.seen, 0)
end)
