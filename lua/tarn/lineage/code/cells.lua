--- Cells of notebooks: their languages and lines. Pure.
--
-- A pipeline runs the cells in the language of the notebook and ignores cells with magic commands
-- (`%sql`, `%python`, `%run` ...); only `%pip` has an effect.

local json = require "native.json"

local M = {}

local COMMENTS <const> = { PYTHON = "#", SQL = "--" }
local MAGICS <const> = { python = "PYTHON", py = "PYTHON", sql = "SQL", scala = "Scala", r = "R",
  run = "%run" }
local NAMES <const> = { PYTHON = "Python" }
-- Magic commands whose cells hold no code of the pipeline.
local NO_CODE <const> = { md = true, sh = true, fs = true, html = true, conda = true }

---@class tarn.CodeCell
---@field text string
---@field line integer   number of lines before it, in the file or in all cells joined
---@field language string? "PYTHON", "SQL" ...; nil for a cell without code, such as `%md`
---@field begins integer its first line that is not blank, counted like `line`

-- True if a line is code, and no comment or command.
local function is_code(line)
  return line:find "%S" ~= nil and not line:find "^%s*[%%!#]"
end

-- The language of a cell by its magic command; `own` if there is none, and nil if the cell has no
-- code. Of another command it is the command.
local function language_of(text, own)
  local magic, rest = text:match "^%s*%%%%?(%a+)[^\n]*(.*)$"
  if not magic then
    return own
  end
  local name = magic:lower()
  if not MAGICS[name] and not NO_CODE[name] then
    for line in rest:gmatch "[^\n]+" do
      if is_code(line) then
        return "%" .. name
      end
    end
  end
  return MAGICS[name]
end

-- The number of a text's first line that is not blank.
local function first_line(text)
  return select(2, text:match("^%s*"):gsub("\n", "\n")) + 1
end

-- A text with as many lines, without its magic command.
local function without_command(text)
  return (text:gsub("^(%s*)%%%%?%a+", "%1", 1))
end

-- ---- source notebooks ----

local function add_cell(list, lines, first, own, prefix)
  local plain, magic, has_magic = {}, {}, false
  for i, line in ipairs(lines) do
    local content = line:match("^" .. prefix .. "MAGIC ?(.*)$")
    plain[i], magic[i] = content and "" or line, content or ""
    has_magic = has_magic or content ~= nil
  end
  local text = table.concat(plain, "\n")
  list[#list + 1] = { text = text, line = first, language = own,
    begins = first + first_line(text) }
  if has_magic then
    text = table.concat(magic, "\n")
    list[#list + 1] = { text = without_command(text), line = first,
      language = language_of(text, own), begins = first + first_line(text) }
  end
end

--- The cells of a notebook in source form, with the notebook's header or without it.
---@param text string
---@param language "PYTHON"|"SQL"
---@return tarn.CodeCell[]
function M.of_source(text, language)
  local prefix = COMMENTS[language]:gsub("%-", "%%-") .. " "
  local list, lines, first, n = {}, {}, 0, 0
  for line in (text:gsub("\r\n", "\n") .. "\n"):gmatch "(.-)\n" do
    n = n + 1
    if line:find("^" .. prefix .. "COMMAND %-%-%-%-%-%-%-%-%-%-%s*$") then
      add_cell(list, lines, first, language, prefix)
      lines, first = {}, n
    else
      lines[#lines + 1] = line
    end
  end
  add_cell(list, lines, first, language, prefix)
  return list
end

--- True if a file is a notebook in source form.
---@param text string
---@param language "PYTHON"|"SQL"
---@return boolean
function M.is_source(text, language)
  local header = COMMENTS[language] .. " Databricks notebook source"
  return text:sub(1, #header) == header or text:sub(1, #header + 3) == "\xef\xbb\xbf" .. header
end

-- ---- Jupyter notebooks ----

local function field(value, ...)
  for _, key in ipairs { ... } do
    value = type(value) == "table" and value[key] or nil
  end
  return value
end

-- The source of a cell, which is a text or a list of lines.
local function source_of(cell)
  local source, lines = field(cell, "source"), {}
  for _, line in ipairs(type(source) == "table" and source or { source }) do
    lines[#lines + 1] = type(line) == "string" and line or nil
  end
  return table.concat(lines)
end

-- The language in the notebook's or the cell's metadata.
local function told(metadata)
  local name = field(metadata, "application/vnd.databricks.v1+notebook", "language")
    or field(metadata, "application/vnd.databricks.v1+cell", "language")
    or field(metadata, "language") or field(metadata, "vscode", "languageId")
    or field(metadata, "language_info", "name")
  return type(name) == "string" and (MAGICS[name:lower()] or name) or nil
end

--- The cells of a Jupyter notebook. Their lines are those of all cells joined.
---@param text string
---@param language? string of the notebook, if the workspace has told it
---@return tarn.CodeCell[] cells
---@return { cell: integer, line: integer }[] starts where each cell begins
---@return string language of the notebook
function M.of_jupyter(text, language)
  local book = json.decode(text)
  language = told(field(book, "metadata")) or language or "PYTHON"
  local list, starts, line = {}, {}, 0
  local found = field(book, "cells")
  for i, cell in ipairs(type(found) == "table" and found or {}) do
    local source = source_of(cell)
    if field(cell, "cell_type") == "code" then
      starts[#starts + 1] = { cell = i, line = line + 1 }
      list[#list + 1] = { text = without_command(source), line = line,
        begins = line + first_line(source),
        language = language_of(source, told(field(cell, "metadata")) or language) }
      line = line + select(2, source:gsub("\n", "\n")) + 1
    end
  end
  return list, starts, language
end

-- ---- what runs ----

--- Why a pipeline does not run a cell; nil if it does, or if the cell has no code.
---@param cell tarn.CodeCell
---@param language string of the notebook
---@return string?
function M.why_not(cell, language)
  if cell.language == language or not cell.language or not cell.text:find "%S" then
    return nil
  elseif cell.language == "%run" then
    return "a pipeline does not run %run: what it includes is not read"
  elseif cell.language:sub(1, 1) == "%" then
    return ("a pipeline does not run cells with %s: this one is not read"):format(cell.language)
  end
  return ("a pipeline does not run cells in %s of a notebook in %s: this one is not read"):format(
    NAMES[cell.language] or cell.language, NAMES[language] or language)
end

--- The text of all cells in a language, at their lines.
---@param list tarn.CodeCell[]
---@param language string
---@return string
function M.joined(list, language)
  local lines, last = {}, 0
  for _, cell in ipairs(list) do
    local n = cell.line
    for line in (cell.language == language and cell.text .. "\n" or ""):gmatch "(.-)\n" do
      n = n + 1
      if line:find "%S" then
        lines[n], last = line, math.max(last, n)
      end
    end
  end
  for n = 1, last do
    lines[n] = lines[n] or ""
  end
  return table.concat(lines, "\n")
end

return M
