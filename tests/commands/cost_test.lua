-- tarn cost: usage is added up once, priced once, and what could not be attributed is told.

local cost = require "tarn.cost"
local json = require "native.json"
local journaled = require "support.journaled"

-- A workspace that answers each statement with the next list of rows.
local function answering(...)
  local answers, n = { ... }, 0
  return { org_id = function() return "1" end,
    pipelines = function()
      local list, i = { { pipeline_id = "a", name = "alpha", creator = "ada" },
        { pipeline_id = "b", name = "beta", creator = "ada" } }, 0
      return function()
        i = i + 1
        return list[i]
      end
    end,
    sql = function()
      n = n + 1
      local rows, i = answers[n] or {}, 0
      return setmetatable({}, { __call = function()
        i = i + 1
        return rows[i]
      end, __close = function() end })
    end }
end

local function usage(id, dbus, amount, more)
  local row = { pipeline_id = id, dbus = dbus, amount = amount or json.null,
    currency = amount and "USD" or json.null, unpriced = amount and "0" or dbus }
  for key, value in pairs(more or {}) do
    row[key] = value
  end
  return row
end

test("usage without a price, without a pipeline, and of deleted pipelines is told", function(t)
  local report = cost.read(answering({ usage("a", "7.601616000000003", "3.2"),
    usage("a", "2", nil), usage("z", "1", "0.4") }, { { dbus = "5" } }), { since = 0 })
  t.equal(report.rows, { { pipeline_id = "a", name = "alpha", dbus = 7.601616, amount = 3.2,
    currency = "USD" }, { pipeline_id = "z", name = json.null, dbus = 1.0, amount = 0.4,
    currency = "USD" }, { pipeline_id = "a", name = "alpha", dbus = 2.0, amount = json.null,
    currency = json.null } })
  t.equal({ report.total, report.unpriced, report.unnamed, report.deleted },
    { { dbus = 10.601616, amounts = { USD = 3.6 } }, 2.0, 5.0, 1.0 })
end)

test("owners are added up, and a usage with two tags counts for both and once in the total",
  function(t)
    local report = cost.read(answering { usage("a", "1", "1"), usage("b", "2", "2"),
      usage("z", "4", "4") }, { since = 0, by = "owner" })
    t.equal({ report.rows[1].owner, report.rows[1].dbus, report.rows[2].owner,
      report.rows[2].dbus }, { "(deleted)", 4.0, "ada", 3.0 })
    report = cost.read(answering { usage("a", "1", "1", { tags = '{"x":"1","y":"2"}' }),
      usage("b", "2", "2", { tags = "{}" }) }, { since = 0, by = "tag" })
    local tags = {}
    for _, row in ipairs(report.rows) do
      tags[row.tag] = row.dbus
    end
    t.equal(tags, { ["x=1"] = 1.0, ["y=2"] = 1.0, ["(no tag)"] = 2.0 })
    t.equal(report.total.dbus, 3.0)
  end)

test("nothing used is no error", function(t)
  local report = cost.read(answering({}, { { dbus = json.null } }), { since = 0 })
  t.equal({ #report.rows, report.total.dbus, report.unnamed }, { 0, 0.0, 0.0 })
end)

test("each way of adding up has the same total", function(t)
  local j <close> = journaled.start { scenario = "demo" }
  local function ask(...)
    return j:data { "-p", "there", "cost", "--days", "60", ... }
  end
  local total = ask().total
  t.is_true(total.dbus > 10 and total.amounts.USD > 1)
  for _, by in ipairs { "update", "day", "owner" } do
    local data, dbus, amount = ask("--by", by), 0, 0
    for _, row in ipairs(data.rows) do
      dbus, amount = dbus + row.dbus, amount + row.amount
    end
    t.is_true(math.abs(dbus - total.dbus) < 0.01 and math.abs(amount - total.amounts.USD) < 0.01,
      by)
    t.equal(data.total, total)
  end
  local days = ask("--by", "day").rows
  t.is_true(#days > 1 and days[1].day < days[2].day)
end)

test("a pipeline or a glob narrows it, and CSV has the rows alone", function(t)
  local j <close> = journaled.start { scenario = "demo" }
  local one = j:data { "-p", "there", "cost", "sales_forecast" }
  t.equal({ #one.rows, one.rows[1].name }, { 1, "sales_forecast" })
  for _, row in ipairs(j:data({ "-p", "there", "cost", "finance*" }).rows) do
    t.match(row.name, "finance")
  end
  t.match(j:run { "-p", "there", "cost", "sales_forecast", "-ocsv" }.stdout,
    "^pipeline_id,name,[^\n]+\n[^\n]+,sales_forecast,[^\n]+\n$", true)
  local text = j:run { "-p", "there", "cost", "sales_forecast" }.stdout
  t.match(text, "30 days, at list prices: 7%.%d%d DBU, %d+%.%d%d USD\n", true)
  t.match(text, "\nsales_forecast +7%.%d%d +%d%.%d%d\n$", true)
  t.equal(j:run({ "-p", "there", "cost", "zzz" }).status, 3)
end)

test("CSV has its head without a row, too, and what is added up stands first", function(t)
  local j <close> = journaled.start()
  for by, head in pairs { owner = "owner,dbus,amount,currency", day = "day,dbus,amount,currency",
    update = "pipeline_id,name,update_id,dbus,amount,currency",
    pipeline = "pipeline_id,name,dbus,amount,currency" } do
    local r = j:run { "-p", "there", "cost", "no*such", "--by", by, "-ocsv" }
    t.equal(r.stdout, head .. "\r\n", r.stderr)
  end
  t.match(j:run({ "-p", "there", "cost", "no*such" }).stdout, "no usage is known")
end)

test("who may not read the tables is told what is needed", function(t)
  local e = cost.explain { kind = "sql", op = "sql", message = "INSUFFICIENT_PERMISSIONS" }
  t.match(e.hint, "SELECT on system.billing.usage")
end)
