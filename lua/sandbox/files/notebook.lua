--- Notebooks as text: which files are notebooks, and conversion between source files and Jupyter's
--- JSON.
--
-- Pure: no state, no clock.

local json = require "native.json"

local M = {}

local COMMENT <const> = { PYTHON = "#", R = "#", SQL = "--", SCALA = "//" }
local EXTENSION <const> = { PYTHON = "py", SQL = "sql", SCALA = "scala", R = "r" }
local LANGUAGE <const> = { py = "PYTHON", sql = "SQL", scala = "SCALA", r = "R", R = "R" }
local MAGIC <const> = { python = "PYTHON", sql = "SQL", scala = "SCALA", r = "R" }
local SEPARATOR <const> = " COMMAND ----------"

--- The header that makes a source file a notebook.
---@param language string
---@return string
function M.header(language)
  return COMMENT[language] .. " Databricks notebook source"
end

---@param language string
---@return boolean
function M.is_language(language)
  return COMMENT[language] ~= nil
end

--- "py" for PYTHON.
---@param language string
---@return string
function M.extension(language)
  return EXTENSION[language]
end

--- The language and the path without extension, if an import with the format AUTO makes a notebook
-- of these bytes.
---@param path string
---@param bytes string
---@return string? language
---@return string? path
---@return "SOURCE"|"JUPYTER"|nil format
function M.find_auto(path, bytes)
  local stem, extension = path:match "^(.*[^/])%.(%w+)$"
  if extension == "ipynb" then
    return "PYTHON", stem, "JUPYTER"
  end
  local language = LANGUAGE[extension or ""]
  local first = bytes:match "^[^\r\n]*"
  if language and first == M.header(language) then
    return language, stem, "SOURCE"
  end
end

--- Source text, with the header as its first line.
---@param text string
---@param language string
---@return string
function M.with_header(text, language)
  local header = M.header(language)
  if text:sub(1, #header) == header then
    return text
  end
  return header .. "\n" .. text
end

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    lines[#lines + 1] = line
  end
  return lines
end

local function trim(lines)
  while lines[#lines] == "" do
    lines[#lines] = nil
  end
  while lines[1] == "" do
    table.remove(lines, 1)
  end
  return lines
end

local function split(text, language)
  local mark = COMMENT[language] .. SEPARATOR
  local cells, cell = {}, {}
  for i, line in ipairs(lines_of(text)) do
    if line == mark then
      cells[#cells + 1] = trim(cell)
      cell = {}
    elseif i > 1 or line ~= M.header(language) then
      cell[#cell + 1] = line
    end
  end
  cells[#cells + 1] = trim(cell)
  return cells
end

-- In Jupyter's JSON each line but the last keeps its newline.
local function jupyter_lines(lines)
  local source = json.array {}
  for i, line in ipairs(lines) do
    source[i] = i < #lines and line .. "\n" or line
  end
  return source
end

local function without_magic(lines, prefix)
  local plain = {}
  for i, line in ipairs(lines) do
    plain[i] = line:sub(1, #prefix) == prefix and line:sub(#prefix + 1):gsub("^ ", "") or line
  end
  return plain
end

local function jupyter_cell(lines, language)
  local plain = without_magic(lines, COMMENT[language] .. " MAGIC")
  local markdown = plain[1] and plain[1]:match "^%%md%s*(.*)$"
  if not markdown then
    return {
      cell_type = "code", execution_count = json.null, metadata = {},
      outputs = json.array {}, source = jupyter_lines(plain),
    }
  end
  plain[1] = markdown
  return { cell_type = "markdown", metadata = {}, source = jupyter_lines(trim(plain)) }
end

--- Source text as a Jupyter document.
---@param text string
---@param language string
---@param name string
---@return string
function M.to_jupyter(text, language, name)
  local cells = json.array {}
  for _, lines in ipairs(split(text, language)) do
    if #lines > 0 then
      cells[#cells + 1] = jupyter_cell(lines, language)
    end
  end
  return json.encode({
    cells = cells,
    metadata = {
      ["application/vnd.databricks.v1+notebook"] = {
        language = language:lower(), notebookName = name,
      },
      language_info = { name = language:lower() },
    },
    nbformat = 4,
    nbformat_minor = 0,
  }, { indent = 1 }) .. "\n"
end

local function source_cell(cell, language)
  local source = cell.source or ""
  local text = type(source) == "table" and table.concat(source) or source
  local magic = cell.cell_type == "markdown" or text:find "^%%%a"
  if not magic then
    return text
  end
  local lines = lines_of(cell.cell_type == "markdown" and "%md\n" .. text or text)
  for i, line in ipairs(lines) do
    lines[i] = COMMENT[language] .. " MAGIC " .. line
  end
  return table.concat(lines, "\n")
end

--- The document's cells and language; nil if these bytes are not a Jupyter notebook.
---@param bytes string
---@return table? document
---@return string? language
function M.find_jupyter(bytes)
  local ok, document = pcall(json.decode, bytes)
  if not ok or type(document) ~= "table" or type(document.cells) ~= "table" then
    return nil
  end
  local meta = type(document.metadata) == "table" and document.metadata or {}
  local info = type(meta.language_info) == "table" and meta.language_info or {}
  return document, MAGIC[tostring(info.name):lower()] or "PYTHON"
end

--- A Jupyter document as source text.
---@param document table
---@param language string
---@return string
function M.from_jupyter(document, language)
  local cells = {}
  for i, cell in ipairs(document.cells) do
    cells[i] = source_cell(cell, language)
  end
  local mark = ("\n\n%s%s\n\n"):format(COMMENT[language], SEPARATOR)
  return M.header(language) .. "\n" .. table.concat(cells, mark) .. "\n"
end

--- A page that shows the source.
---@param text string
---@param name string
---@return string
function M.to_html(text, name)
  local escape = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
  local function html(s)
    return (s:gsub('[&<>"]', escape))
  end
  return ("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>%s</title></head>"
    .. "<body><pre>%s</pre></body></html>\n"):format(html(name), html(text))
end

return M
