--- The reference: commands, options, errors, modules and functions, as data and as Markdown.

local bundle = require "native.bundle"
local errors = require "engine.errors"
local globals = require "engine.header.globals"
local helpdata = require "engine.help.data"
local json = require "native.json"
local script = require "engine.script"
local stubs = require "engine.stubs"

local M = {}

local function commands()
  local list = json.array {}
  for _, name in ipairs(script.names()) do
    local loaded = script.try(name)
    if loaded then
      list[#list + 1] = helpdata.script(name, loaded)
    end
  end
  return list
end

local function modules()
  local list = json.array {}
  for _, name in ipairs(stubs.names()) do
    local stub = stubs.find(name)
    if stub and (#stub.functions > 0 or #stub.classes > 0) then
      for _, part in ipairs { "functions", "classes", "values" } do
        json.array(stub[part])
      end
      for _, one in ipairs(stub.functions) do
        json.array(one.params)
        json.array(one.returns)
      end
      for _, class in ipairs(stub.classes) do
        json.array(class.fields)
      end
      list[#list + 1] = stub
    end
  end
  return list
end

--- The whole reference as data.
---@return table { version, commands, options, faults, statuses, modules }
function M.read()
  local faults, statuses = json.array {}, json.array {}
  for i, kind in ipairs(errors.kinds) do
    faults[i] = { kind = kind.kind, what = kind.what }
  end
  for i, status in ipairs(errors.statuses) do
    statuses[i] = { status = status[1], what = status[2] }
  end
  return { version = bundle.version, commands = commands(),
    options = helpdata.arguments(globals.list), faults = faults, statuses = statuses,
    modules = modules() }
end

-- ---- pages of Markdown ----

local function add(lines, text, ...)
  lines[#lines + 1] = select("#", ...) > 0 and text:format(...) or text
end

-- Text for a cell of a table: on one line, with its bars quoted.
local function cell(text)
  return (text:gsub("|", "\\|"):gsub("%s*\n%s*", " "))
end

local function add_table(lines, titles, rows)
  if #rows > 0 then
    add(lines, "")
    add(lines, "| " .. table.concat(titles, " | ") .. " |")
    add(lines, "|" .. ("---|"):rep(#titles))
    for _, row in ipairs(rows) do
      add(lines, "| " .. table.concat(row, " | ") .. " |")
    end
  end
end

local function add_command(lines, command)
  add(lines, "\n## tarn %s\n\n%s", command.command, command.summary)
  local rows = {}
  for i, arg in ipairs(command.args) do
    rows[i] = { ("`%s`"):format(arg.positional and arg.name:upper()
      or "--" .. arg.name:gsub("_", "-")), arg.type, cell(arg.help) }
  end
  add_table(lines, { "argument", "type", "" }, rows)
  if #command.examples > 0 then
    add(lines, "")
  end
  for _, example in ipairs(command.examples) do
    add(lines, "    %s   # %s", example.command, example.what)
  end
  if command.route then
    add(lines, "\n`%s %s`", command.route[1], command.route[2])
  end
end

local function add_function(lines, one)
  add(lines, "\n### `%s`", one.signature)
  if one.help ~= "" then
    add(lines, "\n%s", one.help)
  end
  local rows = {}
  for _, param in ipairs(one.params) do
    rows[#rows + 1] = { ("`%s`"):format(param.name), ("`%s`"):format(cell(param.type)),
      cell(param.help) }
  end
  for _, value in ipairs(one.returns) do
    rows[#rows + 1] = { "returns", ("`%s`"):format(cell(value.type)), cell(value.help) }
  end
  add_table(lines, { "", "type", "" }, rows)
end

local function add_module(lines, stub)
  add(lines, "\n## %s\n\n%s", stub.module, stub.help)
  for _, class in ipairs(stub.classes) do
    if #class.fields > 0 then
      add(lines, "\n### type `%s`", class.name)
      local rows = {}
      for i, field in ipairs(class.fields) do
        rows[i] = { ("`%s`"):format(field.name), ("`%s`"):format(cell(field.type)),
          cell(field.help) }
      end
      add_table(lines, { "field", "type", "" }, rows)
    end
  end
  for _, one in ipairs(stub.functions) do
    add_function(lines, one)
  end
end

local MADE <const> = "This page is made by `tarn api-reference %s`."

local function modules_page(data, part, title, about, wanted)
  local lines = { "# " .. title, "", MADE:format(part), "", about }
  for _, stub in ipairs(data.modules) do
    if (stub.module:find "^native%." ~= nil) == (wanted == "native") then
      add_module(lines, stub)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The names of the pages.
M.parts = { "commands", "library", "native" }

local pages = {}

function pages.commands(data)
  local lines = { "# Commands", "", MADE:format "commands" }
  for _, command in ipairs(data.commands) do
    add_command(lines, command)
  end
  add(lines, "\n## Options of every command")
  local rows = {}
  for i, option in ipairs(data.options) do
    rows[i] = { ("`--%s`"):format(option.name:gsub("_", "-")), option.type, cell(option.help) }
  end
  add_table(lines, { "option", "type", "" }, rows)
  return table.concat(lines, "\n") .. "\n"
end

function pages.library(data)
  return modules_page(data, "library", "Library", "The modules for scripts: `tarn`, its fields "
    .. "`tarn.fault`, `tarn.secrets`, `tarn.testing` and `tarn.time`, and the subjects, each of "
    .. "which is required by its name. `tarn help library` shows the library on one screen. All "
    .. "other modules are private: they may change in any version.\n\nThe examples assume "
    .. "`local tarn = require \"tarn\"` and `local ws = tarn.workspace()`.", "library")
end

function pages.native(data)
  return modules_page(data, "native", "Primitives", "The modules that are written in C. The "
    .. "library is built on them; scripts rarely need them.", "native")
end

--- A page of the reference.
---@param data table what `read` returned
---@param part "commands"|"library"|"native"
---@return string markdown
function M.markdown(data, part)
  return pages[part](data)
end

return M
