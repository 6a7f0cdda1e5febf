--- Read the graph of a pipeline from its code, when no update has defined it yet.
--
-- The code is parsed and not run, so computed names are not known. Languages other than SQL and
-- Python are not read. Each file says what was not understood.

local cells = require "tarn.lineage.code.cells"
local closure = require("tarn.sources").closure
local fault = require "base.fault"
local json = require "native.json"
local modules = require "tarn.lineage.code.python.modules"
local place = require "tarn.lineage.code.place"
local pool = require "base.pool"
local python = require "tarn.lineage.code.python"
local sources = require "tarn.sources"
local sql = require "tarn.lineage.code.sql"

local M = {}

---@class tarn.LineageFile
---@field path string
---@field status "read"|"partial"|"not_read"
---@field reasons string[] what was not understood

local LANGUAGES <const> = { py = "PYTHON", sql = "SQL" }

--- The language of a file, by its kind or name; nil if it is not known.
---@param item tarn.SourceItem
---@return string?
function M.language_of(item)
  if item.kind == "NOTEBOOK" then
    return item.language
  end
  return LANGUAGES[item.path:match "%.(%w+)$" or ""]
end

local function is_code(item)
  for _, role in ipairs(item.roles or {}) do
    if (role == "library" or role == "glob") and item.kind ~= "DIRECTORY" then
      return true
    end
  end
  return false
end

-- The cells of a file, and where they begin if it is a Jupyter notebook.
local function cells_of(item, text, language)
  if item.format == "JUPYTER" then
    return cells.of_jupyter(text, language)
  elseif item.kind == "NOTEBOOK" or cells.is_source(text, language) then
    return cells.of_source(text, language), nil, language
  end
  return { { text = text, line = 0, language = language, begins = 1 } }, nil, language
end

-- The line of the first statement; nil if there is none.
local function first_line(list)
  for _, cell in ipairs(list) do
    local line = cell.language == "SQL" and sql.first_line(cell.text)
    if line then
      return cell.line + line
    end
  end
end

local function add_sql(list, graph, context, reasons)
  for _, cell in ipairs(list) do
    if cell.language == "SQL" then
      context.line = cell.line
      local more = sql.add(cell.text, graph, context)
      table.move(more, 1, #more, #reasons + 1, reasons)
    end
  end
  context.line = 0
  if #reasons == 0 and #graph.flows == 0 and not next(graph.datasets)
    and not next(graph.sinks) then
    local line = first_line(list)
    reasons[1] = line and place.reason(context, line, "no statement defines a dataset")
  end
end

-- Add what a file defines to a graph of its own. Returns what was not understood.
local function understand(item, text, graph, spec, find_module)
  local context, reasons = place.context(spec, item.path), {}
  context.find_module = find_module
  local list, starts, language = cells_of(item, text, M.language_of(item))
  context.cells = starts
  for _, cell in ipairs(list) do
    local why = cells.why_not(cell, language)
    if why then
      reasons[#reasons + 1] = place.reason(context, cell.begins, why)
    end
  end
  if language == "SQL" then
    add_sql(list, graph, context, reasons)
  else
    local more = python.add(cells.joined(list, "PYTHON"), graph, context)
    table.move(more, 1, #more, #reasons + 1, reasons)
  end
  return reasons
end

local function read_file(ws, item)
  local language = M.language_of(item)
  if item.verdict then
    return nil, item.reason or item.verdict
  elseif language ~= "SQL" and language ~= "PYTHON" then
    return nil, ("the language is %s, not SQL or Python"):format(language or "unknown")
  end
  local text, e = fault.try(sources.read, ws, item)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  return text, e and e.message
end

local function new_graph()
  return { flows = {}, datasets = {}, sinks = {} }
end

local function merge(graph, of_file)
  table.move(of_file.flows, 1, #of_file.flows, #graph.flows + 1, graph.flows)
  for _, field in ipairs { "datasets", "sinks" } do
    for name, value in pairs(of_file[field]) do
      graph[field][name] = value
    end
  end
end

-- Names that only the pipeline knows: USE does not put them into a schema.
local function private_names(graph)
  local found = {}
  for name, dataset in pairs(graph.datasets) do
    found[name:lower()] = dataset.is_private and name or nil
  end
  return found
end

-- Decide what names mean that are defined in any file: the target of a flow is the name of a table
-- or of a sink, and a bare name may be that of a private dataset.
local function settle(graph)
  local private, sinks = private_names(graph), {}
  for name in pairs(graph.sinks) do
    sinks[name:lower()] = name
  end
  for _, flow in ipairs(graph.flows) do
    local bare = flow.bare_output or flow.output
    local sink = bare and sinks[bare:lower()]
    if sink then
      flow.sink, flow.output = sink, nil
    elseif bare then
      flow.output = private[bare:lower()] or flow.output
    end
    for i, input in ipairs(flow.inputs) do
      local own = flow.bare and flow.bare[input]
      flow.inputs[i] = own and private[own:lower()] or input
    end
  end
end

---@class tarn.LineageText a file of code
---@field item table     of the pipeline's sources: path, kind, language, format
---@field text? string
---@field reason? string why there is no text

local function is_module(item)
  return item.kind == "FILE" and item.path:find "%.py$" ~= nil
end

-- The files that Python code of the pipeline may import.
local function importable(texts, others)
  local list = table.move(others or {}, 1, #(others or {}), 1, {})
  for _, one in ipairs(texts) do
    if is_module(one.item) then
      list[#list + 1] = { path = one.item.path, is_code = true,
        read = function() return one.text end }
    end
  end
  return list
end

--- Read the texts of a pipeline's files.
---@param texts tarn.LineageText[]
---@param spec table of the pipeline: its catalog, schema and configuration
---@param others? tarn.PythonFile[] files that the code may import
---@return tarn.LineageGraph? graph nil if the code defines no dataset
---@return tarn.LineageFile[] files
function M.understand(texts, spec, others)
  local graph, files = new_graph(), json.array {}
  local find_module = modules.finder(importable(texts, others))
  for i, one in ipairs(texts) do
    local reasons, of_file = { one.reason }, new_graph()
    local understood, e
    if one.text then
      understood, e = fault.try(understand, one.item, one.text, of_file, spec, find_module)
      reasons = understood or { e.message }
      merge(graph, of_file)
    end
    files[i] = { path = one.item.path, reasons = json.array(reasons),
      status = not understood and "not_read" or #reasons > 0 and "partial" or "read" }
  end
  settle(graph)
  local has_any = next(graph.datasets) ~= nil or #graph.flows > 0
  return has_any and graph or nil, files
end

-- A module that is read when code imports it, once; its text is added to `imported`.
local function module_of(ws, item, imported)
  local one
  return { path = item.path, read = function()
    if not one then
      one = { item = item, text = read_file(ws, item) }
      imported[#imported + 1] = one
    end
    return one.text
  end }
end

--- Read the code of a pipeline. Raises a fault if the files cannot be listed.
---@param ws tarn.WorkspaceClient
---@param spec table
---@return tarn.LineageGraph? graph nil if the code defines no dataset
---@return tarn.LineageFile[] files
---@return tarn.LineageText[] texts of all files that were read, with the modules that code imports
function M.read(ws, spec)
  local code, others, imported = {}, {}, {}
  for _, item in ipairs((closure(ws, spec))) do
    if is_code(item) then
      code[#code + 1] = item
    elseif is_module(item) then
      others[#others + 1] = module_of(ws, item, imported)
    end
  end
  local texts = pool.map(code, function(item)
    local text, reason = read_file(ws, item)
    return { item = item, text = text, reason = reason }
  end)
  local graph, files = M.understand(texts, spec, others)
  return graph, files, table.move(imported, 1, #imported, #texts + 1, texts)
end

return M
