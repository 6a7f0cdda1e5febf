local names = require "tarn.clone.code.names"

local ITEM <const> = { kind = "NOTEBOOK", path = "/Shared/etl" }
local RULES <const> = { { old = "sales", new = "sales_dr" } }

local function rewrite(text, rules)
  return (names.rewrite(ITEM, text, rules or RULES))
end

test("a catalog is changed where only a catalog can stand", function(t)
  for before, after in pairs {
    ["SELECT * FROM sales.orders.gold"] = "SELECT * FROM sales_dr.orders.gold",
    ["FROM `sales`.`a b`.c"] = "FROM `sales_dr`.`a b`.c",
    ['spark.read.table("sales.orders.gold")'] = 'spark.read.table("sales_dr.orders.gold")',
    ["'/Volumes/sales/raw/x'"] = "'/Volumes/sales_dr/raw/x'",
    ["USE CATALOG sales;"] = "USE CATALOG sales_dr;", ["use catalog `sales`"] =
      "use catalog `sales_dr`",
    ['f"sales.{schema}.t"'] = 'f"sales_dr.{schema}.t"',
    ["JOIN sales.a.b ON sales.a.b.id = x.id"] = "JOIN sales_dr.a.b ON sales_dr.a.b.id = x.id",
  } do
    t.equal(rewrite(before), after)
  end
end)

test("everything else is left alone", function(t)
  for _, text in ipairs { "sales = 1", "sales.orders.count()", "presales.a.b", "sales_old.a.b",
    "x.sales.a.b", "main.sales.orders", "# the sales team", "/Volumes/main/sales/x",
    "'/Users/sales/a'", "ada@sales.example.com", "sales.orders", "" } do
    t.equal(rewrite(text), text)
  end
end)

test("lines are counted, and their ends stay", function(t)
  local text, changes = names.rewrite(ITEM, "a\r\n\nFROM sales.a.b\nz", RULES)
  t.equal(text, "a\r\n\nFROM sales_dr.a.b\nz")
  t.equal(changes, { { line = 3, from = "FROM sales.a.b", to = "FROM sales_dr.a.b" } })
end)

test("a new name with other signs is quoted, and % means nothing", function(t)
  local rules = { { old = "sales", new = "sales-%1" } }
  t.equal(rewrite("FROM sales.a.b", rules), "FROM `sales-%1`.a.b")
  t.equal(rewrite("/Volumes/sales/x", rules), "/Volumes/sales-%1/x")
end)

test("names are not changed twice, and files without code not at all", function(t)
  local swap = { { old = "a", new = "b" }, { old = "b", new = "c" } }
  t.equal(rewrite("FROM a.x.y JOIN b.x.y", swap), "FROM b.x.y JOIN c.x.y")
  local data = { kind = "FILE", path = "/Shared/x.csv" }
  t.equal((names.rewrite(data, "sales.a.b", RULES)), "sales.a.b")
end)
