--- Makes manual pages (roff) from the headers of the scripts.

local bundle = require "native.bundle"
local data = require "engine.help.data"
local errors = require "engine.errors"
local globals = require "engine.header.globals"
local layout = require "engine.help.layout"
local script = require "engine.script"
local synopsis = require "engine.help.synopsis"

local M = {}

-- Text for roff: escapes and requests are quoted, and hyphens stay hyphens when they are copied.
local function plain(text)
  text = text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("'", "\\(aq"):gsub("`", "\\(ga")
  return (("\n" .. text):gsub("\n([.])", "\n\\&%1"):sub(2))
end

local Page = {}
Page.__index = Page

local function new_page(name, summary)
  local page = setmetatable({ lines = {} }, Page)
  page:add((".TH %s 1 \"\" \"tarn %s\" \"Tarn\""):format(plain(name:upper()), bundle.version))
  page:section "NAME"
  page:add(("%s \\- %s"):format(plain(name), plain(summary:gsub("%.$", ""))))
  return page
end

function Page:add(...)
  table.insert(self.lines, (table.concat { ... }))
end

function Page:section(title)
  self:add(".SH ", title)
end

-- A term in bold, with its text below it.
function Page:item(term, text)
  self:add ".TP"
  self:add("\\fB", plain(term), "\\fR")
  self:add(plain(text))
end

-- Text in paragraphs, lists and examples.
function Page:prose(text)
  local last
  for _, block in ipairs(layout.blocks(text)) do
    if last == "verbatim" and block.kind ~= "verbatim" then
      self:add ".fi"
    end
    if block.kind == "blank" then
      self:add ".PP"
    elseif block.kind == "term" then
      self:item(block.head:match "^%s*(.-)%s*$", block.text)
    elseif block.kind == "verbatim" then
      self:add(last ~= "verbatim" and ".nf\n" or "", plain(block.indent .. block.text))
    else
      self:add(plain(block.text))
    end
    last = block.kind
  end
  if last == "verbatim" then
    self:add ".fi"
  end
end

function Page:text()
  return table.concat(self.lines, "\n") .. "\n"
end

local function add_items(page, title, items)
  if #items > 0 then
    page:section(title)
    for _, item in ipairs(items) do
      page:item(item[1], item[2])
    end
  end
end

--- The manual page of a command: tarn-list(1).
---@param name string
---@return string roff
function M.command(name)
  local loaded = script.load(name)
  local page = new_page("tarn-" .. name, loaded.summary)
  page:section "SYNOPSIS"
  page:add("\\fB", plain(synopsis.usage(name, loaded.args)), "\\fR")
  if loaded.details then
    page:section "DESCRIPTION"
    page:prose(loaded.details)
  end
  local arguments, options = synopsis.rows(loaded.args)
  add_items(page, "ARGUMENTS", arguments)
  for _, option in ipairs(options) do
    option[1] = option[1]:gsub("^ +", "")
  end
  add_items(page, "OPTIONS", options)
  page:add ".PP"
  page:add(plain "The options that every command takes are in tarn(1).")
  if loaded.examples then
    page:section "EXAMPLES"
    for _, example in ipairs(loaded.examples) do
      page:item("tarn " .. example[1], example[2])
    end
  end
  page:section "SEE ALSO"
  local names = { "tarn(1)" }
  for _, other in ipairs(loaded.see or {}) do
    names[#names + 1] = ("tarn-%s(1)"):format(other)
  end
  page:add(plain(table.concat(names, ", ")))
  return page:text()
end

--- The manual page of the program: tarn(1).
---@return string roff
function M.program()
  local page = new_page("tarn", "Find, clone, run and watch Databricks pipelines.")
  page:section "SYNOPSIS"
  page:add(plain "tarn [OPTIONS] COMMAND [ARGUMENTS]")
  local commands, options, statuses = {}, {}, {}
  for i, entry in ipairs(data.commands()) do
    commands[i] = { "tarn-" .. entry.command .. "(1)", entry.summary or "broken" }
  end
  for i, spec in ipairs(globals.list) do
    options[i] = { synopsis.option(spec), spec[3] }
  end
  for i, status in ipairs(errors.statuses) do
    statuses[i] = { tostring(status[1]), status[2] }
  end
  add_items(page, "COMMANDS", commands)
  add_items(page, "OPTIONS", options)
  add_items(page, "EXIT STATUS", statuses)
  return page:text()
end

--- All manual pages, by the names of their files.
---@return table<string, string>
function M.all()
  local pages = { ["tarn.1"] = M.program() }
  for _, name in ipairs(script.names()) do
    if script.try(name) then
      pages["tarn-" .. name .. ".1"] = M.command(name)
    end
  end
  return pages
end

return M
