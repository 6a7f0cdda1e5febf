--- Read the graph of a pipeline from its code, when no update has defined it yet.
--
-- The code is parsed and not run, so computed names are not known. Languages other than SQL and
-- Python are not read. Each file says what was not understood.

local closure = require("tarn.sources").closure
local fault = require "base.fault"
local json = require "native.json"
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

local function language_of(item)
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

-- Remove cells in another language than the notebook (`# MAGIC %sql`, `-- MAGIC %python`): they do
-- not define datasets.
local function without_magic(text)
  return (("\n" .. text):gsub("\n[#%-]+ MAGIC[^\n]*", "\n"))
end

-- The code cells of a Jupyter notebook, one after the other.
local function cells_of(text)
  local book = json.decode(text)
  local cells = {}
  for _, cell in ipairs(type(book) == "table" and book.cells or {}) do
    if cell.cell_type == "code" then
      local source = cell.source
      cells[#cells + 1] = type(source) == "table" and table.concat(source) or tostring(source or "")
    end
  end
  return table.concat(cells, "\n")
end

local function understand(item, text, graph, spec)
  local language = language_of(item)
  if item.format == "JUPYTER" then
    text = cells_of(text)
  end
  if language == "SQL" then
    return sql.add(without_magic(text), graph, place.context(spec, item.path))
  end
  return python.add(without_magic(text), graph, place.context(spec, item.path))
end

local function read_file(ws, item)
  local language = language_of(item)
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

-- The target of a flow is the name of a table or of a sink.
local function settle_sinks(graph)
  for _, flow in ipairs(graph.flows) do
    if flow.output and graph.sinks[flow.output] then
      flow.sink, flow.output = flow.output, nil
    end
  end
end

---@class tarn.LineageText a file of code
---@field item table     of the pipeline's sources: path, kind, language, format
---@field text? string
---@field reason? string why there is no text

--- Read the texts of a pipeline's files.
---@param texts tarn.LineageText[]
---@param spec table of the pipeline: its catalog, schema and configuration
---@return tarn.LineageGraph? graph nil if the code defines no dataset
---@return tarn.LineageFile[] files
function M.understand(texts, spec)
  local graph, files = { flows = {}, datasets = {}, sinks = {} }, json.array {}
  for i, one in ipairs(texts) do
    local reasons = json.array {}
    local understood, e
    if one.text then
      understood, e = fault.try(understand, one.item, one.text, graph, spec)
      table.move(understood or { e.message }, 1, #(understood or { 1 }), 1, reasons)
    else
      reasons[1] = one.reason
    end
    files[i] = { path = one.item.path, reasons = reasons,
      status = not understood and "not_read" or #reasons > 0 and "partial" or "read" }
  end
  settle_sinks(graph)
  local has_any = next(graph.datasets) ~= nil or #graph.flows > 0
  return has_any and graph or nil, files
end

--- Read the code of a pipeline. Raises a fault if the files cannot be listed.
---@param ws tarn.WorkspaceClient
---@param spec table
---@return tarn.LineageGraph? graph nil if the code defines no dataset
---@return tarn.LineageFile[] files
function M.read(ws, spec)
  local code = {}
  for _, item in ipairs((closure(ws, spec))) do
    code[#code + 1] = is_code(item) and item or nil
  end
  return M.understand(pool.map(code, function(item)
    local text, reason = read_file(ws, item)
    return { item = item, text = text, reason = reason }
  end), spec)
end

return M
