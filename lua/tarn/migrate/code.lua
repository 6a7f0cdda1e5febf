--- The limits of a move to Unity Catalog that show in the code of a pipeline.

local json = require "native.json"
local lineage = require "tarn.lineage"
local scan = require "tarn.migrate.scan"

local M = {}

---@class tarn.CodeFindings
---@field names { name: string, places: tarn.CodePlace[] }[] tables that are not named in full
---@field places table<string, tarn.CodePlace[]> by the rules of tarn.migrate.scan
---@field unread { path: string, text: string }[] what could not be read, with the reason

-- Stands for the catalog of a name that has none.
local NONE <const> = "?"

-- The text as tarn.migrate.scan takes it.
local function code_of(one)
  return { path = one.item.path, text = one.text, language = lineage.code.language_of(one.item),
    no_lines = one.item.format == "JUPYTER" or nil }
end

local function own_datasets(graph)
  local own = {}
  for name in pairs(graph and graph.datasets or {}) do
    own[lineage.names.find(name, { catalog = NONE }).table] = true
  end
  for _, flow in ipairs(graph and graph.flows or {}) do
    own[(flow.output or flow.name):lower()] = true
  end
  return own
end

-- The names of tables that the code reads without their catalog, but datasets of the pipeline by
-- their bare names.
local function unqualified(graph)
  local list, seen, own = {}, {}, own_datasets(graph)
  for _, flow in ipairs(graph and graph.flows or {}) do
    for _, input in ipairs(flow.inputs) do
      local name = lineage.names.find(input, { catalog = NONE })
      if name and name.catalog == NONE and (name.schema or not own[name.table])
        and not seen[input] then
        seen[input] = true
        list[#list + 1] = input
      end
    end
  end
  table.sort(list)
  return list
end

local function unread_of(files)
  local list = json.array {}
  for _, file in ipairs(files) do
    for _, reason in ipairs(file.reasons) do
      list[#list + 1] = { path = file.path, text = reason }
    end
  end
  return list
end

--- Read the code of a pipeline.
---@param ws tarn.WorkspaceClient
---@param spec table
---@return tarn.CodeFindings
function M.read(ws, spec)
  local graph, files, texts = lineage.code.read(ws, spec)
  local codes = {}
  for _, one in ipairs(texts) do
    codes[#codes + 1] = one.text and code_of(one) or nil
  end
  local found = { names = json.array {}, places = {}, unread = unread_of(files) }
  for _, name in ipairs(unqualified(graph)) do
    table.insert(found.names, { name = name, places = json.array(scan.name(codes, name)) })
  end
  for _, rule in ipairs(scan.RULES) do
    found.places[rule] = json.array(scan.places(codes, rule))
  end
  return found
end

return M
