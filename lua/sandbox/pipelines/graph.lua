--- The graph of a pipeline: its datasets, what each reads, and in which order they run.
--
-- The graph comes from the source code in the workspace tree, so that imported code has a graph of
-- its own; for pipelines without code (ingestion, DBSQL) from their definition or the scenario.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local parse = require "sandbox.pipelines.parse"
local tree = require "sandbox.files.tree"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS graphs(pipeline_id TEXT PRIMARY KEY, graph TEXT NOT NULL) WITHOUT ROWID;
]]

local function is_python(object)
  return object.language == "PYTHON" or object.type == "FILE" and object.path:find "%.py$"
end

local function is_sql(object)
  return object.language == "SQL" or object.type == "FILE" and object.path:find "%.sql$"
end

-- The source code of an object; of a Jupyter notebook, the text of its code cells.
local function source_of(w, object)
  local text = tree.content(w, object.path)
  if object.format ~= "JUPYTER" then
    return text
  end
  local ok, book = pcall(json.decode, text)
  local cells = {}
  for _, cell in ipairs(ok and type(book) == "table" and book.cells or {}) do
    if cell.cell_type == "code" then
      local source = cell.source
      cells[#cells + 1] = type(source) == "table" and table.concat(source) or source or ""
    end
  end
  return table.concat(cells, "\n")
end

-- Add the datasets that an object defines, each with the path of its source.
local function add_object(w, object, into)
  local parser = is_python(object) and parse.python or is_sql(object) and parse.sql
  for _, dataset in ipairs(parser and parser(source_of(w, object)) or {}) do
    dataset.path = object.path
    into[#into + 1] = dataset
  end
end

-- The object at a path of the settings, which nothing has checked; and the path as it is stored.
local function find_object(w, path)
  local ok, plain = pcall(tree.path, path)
  return ok and tree.find(w, plain) or nil, ok and plain or path
end

local function add_path(w, path, kind, into, problems)
  local object = find_object(w, path)
  if object and (object.type == "NOTEBOOK" or kind ~= "Notebook" and object.type == "FILE") then
    add_object(w, object, into)
  elseif object then
    problems[#problems + 1] = ("%s is not a %s."):format(path, kind:lower())
  else
    problems[#problems + 1] = ("%s not found: %s"):format(kind, path)
  end
end

local function add_glob(w, include, into, problems)
  local folder = include:match "^(.*)/%*%*$"
  if not folder then
    return add_path(w, include, "File", into, problems)
  end
  local object, plain = find_object(w, folder)
  if not object then
    problems[#problems + 1] = "Folder not found: " .. folder
    return
  end
  for _, below in ipairs(tree.below(w, plain)) do
    add_object(w, below, into)
  end
end

local function from_libraries(w, spec, problems)
  local found = {}
  for _, library in ipairs(spec.libraries or {}) do
    if type(library.notebook) == "table" then
      add_path(w, library.notebook.path, "Notebook", found, problems)
    elseif type(library.file) == "table" then
      add_path(w, library.file.path, "File", found, problems)
    elseif type(library.glob) == "table" then
      add_glob(w, library.glob.include or "", found, problems)
    end
  end
  return found
end

local function ingested(name, spec, source)
  return {
    name = ("%s.%s.%s"):format(spec.destination_catalog, spec.destination_schema, name),
    type = "STREAMING_TABLE", flow_type = "CHANGE", language = "PYTHON", inputs = {},
    expectations = {}, source = source,
  }
end

local SCHEMA_TABLES <const> = { "accounts", "contacts", "opportunities" }

-- The tables of an ingestion pipeline. There is no source to list a whole schema, so every source
-- schema has the same three tables.
local function from_ingestion(definition)
  local found = {}
  for _, object in ipairs(definition.objects or {}) do
    local spec = object.table or object.report
    if spec then
      local name = spec.destination_table or spec.source_table or "report"
      found[#found + 1] = ingested(name, spec, spec)
    elseif object.schema then
      for _, name in ipairs(SCHEMA_TABLES) do
        found[#found + 1] = ingested(name, object.schema, {
          source_catalog = object.schema.source_catalog,
          source_schema = object.schema.source_schema, source_table = name,
        })
      end
    end
  end
  return found
end

--- The three parts of a name as the pipeline resolves it.
---@param name string
---@param spec table
---@return string catalog, string schema, string table
function M.resolve(name, spec)
  local parts = {}
  for part in name:gmatch "[^%.]+" do
    parts[#parts + 1] = part:lower()
  end
  local catalog = spec.catalog or "hive_metastore"
  local schema = spec.schema or spec.target or "default"
  if #parts >= 3 then
    return parts[1], parts[2], table.concat(parts, ".", 3)
  elseif #parts == 2 then
    return catalog, parts[1], parts[2]
  end
  return catalog, schema, parts[1] or ""
end

local function qualify(dataset, spec)
  dataset.catalog, dataset.schema, dataset.table = M.resolve(dataset.name, spec)
  dataset.full = ("%s.%s.%s"):format(dataset.catalog, dataset.schema, dataset.table)
  for i, input in ipairs(dataset.inputs) do
    dataset.inputs[i] = ("%s.%s.%s"):format(M.resolve(input, spec))
  end
end

-- Set the depth of each dataset below the sources, and return the greatest. A cycle is cut where it
-- closes.
local function set_depths(datasets)
  local by_name, visiting = {}, {}
  for _, dataset in ipairs(datasets) do
    by_name[dataset.full] = dataset
  end
  local function depth(dataset)
    if dataset.depth or visiting[dataset] then
      return dataset.depth or 0
    end
    visiting[dataset] = true
    local deepest = -1
    for _, input in ipairs(dataset.inputs) do
      if by_name[input] and by_name[input] ~= dataset then
        deepest = math.max(deepest, depth(by_name[input]))
      end
    end
    dataset.depth = deepest + 1
    return dataset.depth
  end
  local deepest = 0
  for _, dataset in ipairs(datasets) do
    deepest = math.max(deepest, depth(dataset))
  end
  return deepest
end

--- The datasets in the order in which they run, and the number of steps.
---@param datasets table[]
---@param spec table
---@return table[] datasets, integer steps
function M.arrange(datasets, spec)
  local distinct, seen = {}, {}
  for _, dataset in ipairs(datasets) do
    qualify(dataset, spec)
    if not seen[dataset.full] then
      seen[dataset.full], distinct[#distinct + 1] = true, dataset
      dataset.number = #distinct
    end
  end
  local deepest = set_depths(distinct)
  table.sort(distinct, function(a, b)
    return a.depth < b.depth or a.depth == b.depth and a.number < b.number
  end)
  return distinct, deepest + 1
end

--- Store the graph of a pipeline without code: for scenarios.
---@param datasets table[]
function M.set(w, pipeline_id, datasets)
  w.db:exec("INSERT OR REPLACE INTO graphs VALUES (?, ?)",
    { pipeline_id, json.encode(json.array(datasets)) })
end

--- The graph of a pipeline.
---@param w table
---@param id string
---@param spec table
---@return table[] datasets in order, integer steps, string[] problems with its sources
function M.of(w, id, spec)
  local problems, found = {}
  local row = w.db:find_row("SELECT graph FROM graphs WHERE pipeline_id = ?", { id })
  if row then
    found = errors.decode(row.graph)
  elseif spec.ingestion_definition then
    found = from_ingestion(spec.ingestion_definition)
  else
    found = from_libraries(w, spec, problems)
  end
  local datasets, steps = M.arrange(found, spec)
  return datasets, steps, problems
end

return M
