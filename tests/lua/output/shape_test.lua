-- --columns, --each, --no-headers and YAML.

local each = require "output.each"
local json = require "native.json"
local program = require "testing.program"
local workspace = require "testing.workspace"
local yaml = require "native.yaml"

local NULL <const> = json.null

test("each sees the row as `it`, with null as nil, and nil leaves a row out", function(t)
  local row = { name = "a", n = 9007199254740993, gone = NULL, at = { x = { y = 1 } },
    list = json.array { 1, NULL } }
  for code, want in pairs {
    ["it.name"] = "a", ["it.n"] = 9007199254740993, ["it.at.x.y"] = 1, ["it.gone or 'no'"] = "no",
    ["it.gone == nil"] = true, ["#it.list"] = 2, ["it.name:upper()"] = "A",
    ["local s = it.name return s .. '!'"] = "a!", ["it.gone and it.gone.x or 'none'"] = "none",
  } do
    t.equal(each.compile(code)(row), want, code)
  end
  for _, code in ipairs { "it.gone.state", "it.missing.a.b", "it.gone", "nil" } do
    t.is_nil(each.compile(code)(row), code)
  end
  t.equal(each.compile "{ a = it.name, b = it.gone.state, c = it.other or 1 }"(row),
    { a = "a", c = 1 })
  t.equal(each.compile "it"(row), row, "the row is as it was, with its nulls")
  t.equal(each.compile "{ whole = it.at, list = it.list }"(row),
    { whole = row.at, list = row.list })
end)

test("each only computes: no files, no programs, no modules, no misspelt names", function(t)
  for _, code in ipairs { "io.open 'x'", "os.execute 'true'", "require 'tarn'", "load '1'",
    "dofile 'x'", "itt.name", "print(1)", "debug.getinfo(1)", "string.dump(it)", "_G.io" } do
    local e = t.fault(each.compile(code), { name = "a" })
    t.equal(e.kind, "usage", code)
  end
  t.match(t.fault(each.compile "itt.name", {}).message, "row 1: there is no 'itt' here; did you")
  t.match(t.fault(each.compile, "it.").message, "--each: <name> expected")
end)

local function fixture()
  local w = workspace.start {}
  w:pipeline { name = "alpha" }
  w:pipeline { name = "beta" }
  return w
end

test("columns and each work in every format, for rows and for one value", function(t)
  local w <close> = fixture()
  local env = w:env()
  local function out(...)
    local r = program.run({ ... }, { env = env })
    t.equal(r.status, 0, r.stderr)
    return r.stdout, r.stderr
  end
  t.equal(out("list", "--each", "it.name"), "alpha\nbeta\n")
  t.equal(out("list", "alpha", "--each", "it.name", "-o", "jsonl"), '"alpha"\n')
  t.equal(json.decode((out("list", "alpha", "--each", "it.name", "-o", "json"))), { "alpha" })
  t.equal(out("list", "a*", "--each", "{ n = it.name }", "-o", "csv"), "n\r\nalpha\r\n")
  t.match(out("list", "--each", "{ n = it.name }"), "^N *\nalpha\nbeta\n", true)
  t.equal(out("get", "alpha", "--each", "it.spec.name"), "alpha\n")
  t.equal(out("list", "a*", "--columns", "state,name", "-o", "csv"),
    "state,name\r\nIDLE,alpha\r\n")
  t.equal(out("list", "--columns", "name", "--no-headers"), "alpha\nbeta\n")
  t.equal(out("list", "b*", "--columns", "name", "--no-headers", "-o", "csv"), "beta\r\n")
  t.equal(json.decode((out("list", "a*", "--columns", "name,latest_update.state", "-o", "jsonl")
    :match "[^\n]+")), { name = "alpha" })
  t.match(out("get", "alpha", "--columns", "spec.name,state"), "spec.name: alpha\nstate: +IDLE",
    true)
  t.equal(yaml.decode((out("list", "-o", "yaml"))), json.decode((out("list", "-o", "json"))))
  t.equal(yaml.decode((out("get", "alpha", "-o", "yaml"))).spec.name, "alpha")
  t.equal(out("list", "none*", "-o", "yaml"), "[]\n")
  local _, note = out("list", "--columns", "nmae,state")
  t.match(note, "no row has a field 'nmae'; did you mean 'name'?")
end)

test("a wrong expression or an empty list of columns is wrong usage, before anything is asked",
  function(t)
    local w <close> = fixture()
    for _, words in ipairs { { "--each", "it." }, { "--each", ")" }, { "--columns", "," } } do
      local r = program.run({ "list", table.unpack(words) },
        { env = program.env("http://127.0.0.1:9") })
      t.equal(r.status, 2, r.stderr)
    end
    local r = program.run({ "list", "--each", "nope(it)" }, { env = w:env() })
    t.equal({ r.status, r.stdout }, { 2, "" })
  end)

test("csv takes nested objects apart, and keeps lists as JSON", function(t)
  local parts = {}
  local render = require "output.render.csv"
  local rows = json.array { { name = "a", u = { state = "IDLE", more = { x = 1 } },
    tags = json.array { "b" } }, { name = "b", u = NULL } }
  render(function(text) parts[#parts + 1] = text end, {}, {}, rows)
  t.equal(table.concat(parts), 'name,tags,u,u.more.x,u.state\r\na,"[""b""]",,1,IDLE\r\n'
    .. "b,,,,\r\n")
end)

test("csv has the columns in the order in which they were chosen, for one value too", function(t)
  local w <close> = workspace.start()
  w:pipeline()
  local function run(...)
    return program.run({ "get", "p", "-o", "csv", ... }, { env = w:env() }).stdout
  end
  t.equal(run("--columns", "state,name"), "state,name\r\nIDLE,p\r\n")
  t.equal(run("--columns", "state,spec.catalog,name"), "state,spec.catalog,name\r\nIDLE,main,p\r\n")
  t.equal(run("--columns", "state,nothing,name"), "state,nothing,name\r\nIDLE,,p\r\n")
end)
