-- Generated trees of objects: after a copy, and after export and import, they are equal byte for
-- byte.

local fault = require "base.fault"
local faults = require "sandbox.http.faults"
local json = require "native.json"
local pool = require "base.pool"
local program = require "testing.program"
local sources = require "tarn.sources"
local tree = require "support.tree"
local workspace = require "testing.workspace"

local SEEDS <const> = 30

-- Random numbers that depend on nothing but the seed.
local function generator(seed)
  local state = seed * 2654435761 % 2 ^ 32 // 1 | 0
  local function below(n)
    state = (state * 1103515245 + 12345) % 2147483648
    return state >> 8 & 0x7fffff, (state >> 8 & 0x7fffff) % n
  end
  return function(n)
    local _, value = below(n)
    return value + 1
  end
end

local WORDS <const> = { "a", "B", "b", "x.py", "x", "über", "日本", "with blank", "per%cent",
  "plus+and&", "semi;colon", "quote'd", '"', "hash#", "question?", "colon:", "back\\slash",
  "dots..x", ".hidden", "~2", "x~2.py", "data.ipynb", "tab\tbed", "sources.json", "[brackets]",
  ("long"):rep(40), "*", "{}", "$HOME", "-r", "emoji🙂.sql", "x.sql", "y.scala", "z.r", "README" }

local HEADERS <const> = { PYTHON = "# ", R = "# ", SQL = "-- ", SCALA = "// " }
local LANGUAGES <const> = { "PYTHON", "SQL", "SCALA", "R" }

local function text(random)
  local parts = {}
  for i = 1, random(6) do
    parts[i] = ({ "SELECT 1", "\n", "\r\n", "# Databricks notebook source\n", "é", "\\", "\"",
      "# COMMAND ----------", " ", "x = 1" })[random(10)]
  end
  return table.concat(parts)
end

local function bytes(random)
  local list = {}
  for i = 1, random(300) - 1 do
    list[i] = string.char(random(256) - 1)
  end
  return table.concat(list)
end

local function content(random)
  local kind, language = random(6), LANGUAGES[random(4)]
  if kind == 1 then
    return tree.notebook(language, HEADERS[language] .. "Databricks notebook source\n"
      .. text(random))
  elseif kind == 2 then
    return tree.notebook(language, text(random)) -- the workspace adds the header
  elseif kind == 3 then
    return tree.jupyter(language, json.encode { cells = json.array { {
      cell_type = "code", source = json.array { text(random) } } }, nbformat = 4,
      metadata = { language_info = { name = language:lower() } } })
  elseif kind == 4 then
    return tree.file("# Databricks notebook source\n" .. text(random))
  end
  return tree.file(random(3) == 1 and text(random) or bytes(random))
end

-- Fill a folder with objects, and folders below it.
local function grow(random, folder, depth, objects)
  local used = {}
  local n = depth == 1 and 6 + random(8) or random(6) - 1
  for _ = 1, n do
    local name = WORDS[random(#WORDS)]
    local at = folder .. "/" .. name
    if not used[name] then
      used[name] = true
      if random(3) == 1 and depth < 4 then
        grow(random, at, depth + 1, objects)
      else
        local object = content(random)
        -- an import of Jupyter removes the extension: no notebook has such a name
        objects[at] = not (object[3] == "JUPYTER" and name:find "%.ipynb$") and object
          or tree.file "{}"
      end
    end
  end
  if next(used) == nil then
    objects[folder] = tree.folder
  end
end

local function moved(objects, from, to)
  local map = {}
  for path, object in pairs(objects) do
    map[to .. path:sub(#from + 1)] = object
  end
  return map
end

local function client(w, token)
  local ws = workspace.client(w, nil, token)
  sources.set_rates(ws, { import = false, export = false })
  return ws
end

local function to(folder)
  return { path_map = function(path)
    return (path:gsub("^/Shared/tree", function() return folder end))
  end }
end

-- Repeats until nothing fails, as a user does with a bad network.
local function settle(f)
  for _ = 1, 8 do
    local report, e = fault.try(f)
    if report and #report.failed == 0 then
      return report
    elseif e and e.kind == "bug" then
      error(e, 0)
    end
  end
end

local TROUBLES <const> = { "429", "503", "reset_before", "reset_after", "truncate", "504" }

local function check(t, seed)
  local random = generator(seed)
  local objects = {}
  grow(random, "/Shared/tree", 1, objects)
  local w <close> = workspace.start()
  tree.plant(w, "demo-token", objects)
  local a, b = client(w, "demo-token"), client(w, "demo-dr-token")
  local want = tree.read(w, "demo-token", "/Shared/tree")
  local spec = { libraries = { { glob = { include = "/Workspace/Shared/tree/**" } } } }
  local why = "seed " .. seed

  -- every other seed under faults
  local rule = seed % 2 == 0 and { action = TROUBLES[seed // 2 % #TROUBLES + 1],
    probability = 0.15, retry_after = 0 }
  if rule and rule.action ~= "429" and rule.action ~= "503" then
    rule.retry_after = nil
  end
  w.server.faults = faults.new(rule and { rule } or {})

  t.is_true(settle(function()
    return sources.copy(a, b, sources.plan(a, b, spec, to "/Shared/copy"))
  end), why)
  local dir <close> = program.dir()
  settle(function()
    sources.export(a, spec, dir.path)
    return { failed = {} }
  end)
  t.is_true(settle(function()
    return sources.import(dir.path, b, sources.plan_import(dir.path, b, to "/Shared/back"))
  end), why)

  w.server.faults = faults.new {}
  t.equal(tree.read(w, "demo-dr-token", "/Shared/copy"), moved(want, "/Shared/tree",
    "/Shared/copy"), why)
  t.equal(tree.read(w, "demo-dr-token", "/Shared/back"), moved(want, "/Shared/tree",
    "/Shared/back"), why)
  local again = sources.plan(a, b, spec, to "/Shared/copy").counts
  t.equal(again, { same = again.same }, why)
end

-- All seeds at the same time: under faults they mostly wait.
test("generated trees are copied byte for byte, also under faults", function(t)
  local seeds = {}
  for seed = 1, SEEDS do
    seeds[seed] = seed
  end
  pool.each(seeds, function(seed) check(t, seed) end)
end)
