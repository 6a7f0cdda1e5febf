--- Where code is from: what its names mean, and how a line of it is named. Pure.

local names = require "tarn.lineage.names"

local M = {}

---@class tarn.LineageContext
---@field catalog? string   the current catalog of the file, at first that of the pipeline
---@field schema? string    the current schema, likewise
---@field configuration table<string, string> the parameters of the pipeline
---@field path? string      of the file
---@field line? integer     number of lines before the text in its file, or in all cells joined
---@field cells? { cell: integer, line: integer }[] of a Jupyter notebook: the cell that begins at
--- each of these lines of the joined text
---@field find_module? fun(from: string, module: string): tarn.PythonFile? files that code imports
---@field used? boolean     USE has changed the catalog or the schema

--- The context at the beginning of a file.
---@param spec table of the pipeline
---@param path? string
---@return tarn.LineageContext
function M.context(spec, path)
  local place, configuration = names.place(spec), {}
  for key, value in pairs(type(spec.configuration) == "table" and spec.configuration or {}) do
    configuration[key] = type(value) == "string" and value or nil
  end
  return { catalog = place.catalog, schema = place.schema, configuration = configuration,
    path = path, line = 0 }
end

--- A reason with its line: "line 3: ...", or "cell 2, line 1: ..." in a Jupyter notebook.
---@param context tarn.LineageContext
---@param line integer of the text
---@param what string
---@return string
function M.reason(context, line, what)
  line = line + (context.line or 0)
  local found
  for _, cell in ipairs(context.cells or {}) do
    found = cell.line <= line and cell or found
  end
  if found then
    return ("cell %d, line %d: %s"):format(found.cell, line - found.line + 1, what)
  end
  return ("line %d: %s"):format(line, what)
end

return M
