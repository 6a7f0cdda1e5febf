local clock = require "sandbox.clock"
local code = require "sandbox.scenarios.code"
local ids = require "sandbox.ids"
local listing = require "sandbox.pipelines.listing"
local parse = require "sandbox.pipelines.parse"
local phases = require "sandbox.pipelines.phases"
local router = require "sandbox.http.router"

local function summary(datasets)
  local lines = {}
  for i, d in ipairs(datasets) do
    local rules = {}
    for j, e in ipairs(d.expectations) do
      rules[j] = e.name .. ":" .. e.action
    end
    lines[i] = table.concat({ d.name, d.type, d.flow_type, table.concat(d.inputs, "+"),
      table.concat(rules, "+") }, " ")
  end
  return lines
end

local LINES <const> = {
  "ST bronze <- files:/Volumes/a/b",
  "ST silver <- bronze, main.ref.geo ! valid_id DROP id IS NOT NULL ! sane ALLOW amount > 0",
  "MV gold <- silver ! never FAIL a BETWEEN 1 AND 2", "V recent <- gold",
}

local WANT <const> = {
  "bronze STREAMING_TABLE APPEND  ",
  "silver STREAMING_TABLE APPEND bronze+main.ref.geo valid_id:DROP+sane:ALLOW",
  "gold MATERIALIZED_VIEW MATERIALIZED_VIEW silver never:FAIL", "recent VIEW VIEW gold ",
}

test("the code that is generated for a graph is parsed to the same graph", function(t)
  local datasets = code.datasets(LINES)
  t.equal(summary(parse.sql(code.source(datasets, "SQL", true))), WANT)
  t.equal(summary(parse.python(code.source(datasets, "PYTHON", true))), WANT)
end)

test("the graph of hand-written SQL is found", function(t)
  t.equal(summary(parse.sql [[
-- CREATE TABLE not_this AS SELECT 1;
CREATE OR REFRESH STREAMING LIVE TABLE `raw` AS
  SELECT * FROM cloud_files("/mnt/x", "json");
create or refresh live table clean (constraint a expect (x > 0) on violation fail update)
  comment 'clean' as with t as (select * from live.raw) select * from t join LIVE.raw r;
CREATE OR REPLACE MATERIALIZED VIEW cat.sch.daily AS SELECT count(*) FROM clean GROUP BY day;
CREATE OR REFRESH STREAMING TABLE dim;
CREATE FLOW f AS AUTO CDC INTO dim FROM STREAM(raw) KEYS (id) SEQUENCE BY ts;
]]), {
    "raw STREAMING_TABLE APPEND  ", "clean MATERIALIZED_VIEW MATERIALIZED_VIEW raw a:FAIL",
    "cat.sch.daily MATERIALIZED_VIEW MATERIALIZED_VIEW clean ",
    "dim STREAMING_TABLE CHANGE raw ",
  })
end)

test("the graph of hand-written Python is found", function(t)
  t.equal(summary(parse.python [[
from pyspark import pipelines as dp

@dp.table(
    name="raw",
    comment="as it came",
)
@dp.expect_or_drop("has_id", "id IS NOT NULL")
def load():
    return spark.readStream.format("cloudFiles").load("/x")

def helper():
    return spark.table("not.an.input")

@dp.materialized_view
def totals():
    return spark.read.table("raw").join(dlt.read("other"), "id")

dp.create_streaming_table("dim")
dp.create_auto_cdc_flow(target="dim", source="raw", keys=["id"], sequence_by="ts")
]]), {
    "raw STREAMING_TABLE APPEND  has_id:DROP",
    "totals MATERIALIZED_VIEW MATERIALIZED_VIEW raw+other ", "dim STREAMING_TABLE CHANGE raw ",
  })
end)

test("timestamps are read in several formats and written in one", function(t)
  for text, want in pairs {
    ["2026-08-19T10:11:12.345Z"] = "2026-08-19T10:11:12.345Z",
    ["2026-08-19T10:11:12Z"] = "2026-08-19T10:11:12.000Z",
    ["2026-08-19 10:11:12.3456789"] = "2026-08-19T10:11:12.345Z",
    ["2024-02-29T23:00:00-02:00"] = "2024-03-01T01:00:00.000Z",
    ["1969-12-31T23:59:59.999Z"] = "1969-12-31T23:59:59.999Z",
    ["2026-08-19"] = "2026-08-19T00:00:00.000Z",
  } do
    t.equal(clock.iso(clock.find_ms(text)), want, text)
  end
  for _, text in ipairs { "", "soon", "2026-08", "2026-08-19T", "2026-08-19T10:11:12X" } do
    t.is_nil(clock.find_ms(text), text)
  end
end)

test("a plan gives the state of an update at any time", function(t)
  local text = phases.text { { state = "QUEUED", at = 10 }, { state = "RUNNING", at = 20 } }
  t.equal({ phases.at(text, 5) }, { "QUEUED", 20 })
  t.equal({ phases.at(text, 19) }, { "QUEUED", 20 })
  t.equal({ phases.at(text, 20) }, { "RUNNING" })
  t.equal(phases.list(text)[2], { state = "RUNNING", at = 20 })
end)

test("ids are UUIDs, and fixed ids do not change", function(t)
  local form = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
  t.match(ids.uuid(), form, true)
  t.match(ids.fixed(1, 1), form, true)
  t.equal(ids.fixed(1, 7), ids.fixed(1, 7))
  t.is_false(ids.fixed(1, 7) == ids.fixed(2, 7), "another kind")
  t.is_true(ids.event(1000, 2, 5) > ids.event(1000, 1, 9), "by number")
  t.is_true(ids.event(1001, 1, 5) > ids.event(1000, 4000, 5), "by time first")
end)

test("a pattern for LIKE becomes a pattern for GLOB", function(t)
  for pattern, want in pairs { ["a%b"] = "a*b", ["a_b"] = "a?b", ["a\\%b"] = "a%b",
    ["a*b"] = "a[*]b", ["[x]?"] = "[[]x][?]", [""] = "" } do
    t.equal(listing.glob(pattern), want, pattern)
  end
end)

test("a query is decoded, and a repeated key is a list", function(t)
  t.equal(router.query "a=1&b=x+y%2Bz&a=2&a=3&c&d=", { a = { "1", "2", "3" }, b = "x y+z",
    c = "", d = "" })
end)

test("the longest literal path wins over a parameter", function(t)
  local r = router.new()
  r:add("GET", "/a/{id}", "one")
  r:add("GET", "/a/default", "two")
  r:add("GET", "/a/{id}/b", "three")
  r:add("GET", "/f/{path*}", "four")
  local function find(path)
    local route, params = r:find("GET", path)
    return route and route.handler, params
  end
  t.equal({ find "/a/x" }, { "one", { id = "x" } })
  t.equal({ find "/a/default" }, { "two", {} })
  t.equal({ find "/a/default/b" }, { "three", { id = "default" } })
  t.equal({ find "/f/x%20y/z" }, { "four", { path = "x y/z" } })
  t.is_nil(r:find("POST", "/a/x"))
  t.is_nil(r:find("GET", "/a"))
end)
