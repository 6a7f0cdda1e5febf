--- The topics of `tarn help` that are not commands: options, exit, error, library.

local collections = require "base.collections"
local errors = require "engine.errors"
local fault = require "base.fault"
local globals = require "engine.header.globals"
local layout = require "engine.help.layout"
local library = require "engine.library"
local pages = require "engine.help.pages"
local stubs = require "engine.stubs"
local suggestion = require "base.suggestion"
local synopsis = require "engine.help.synopsis"

local M = {}

local function text_of(lines)
  return table.concat(lines, "\n") .. "\n"
end

--- The options that every command takes.
---@return string
function M.options()
  local lines, rows = { "Options of every command, before or after its name:", "" }, {}
  for i, spec in ipairs(globals.list) do
    rows[i] = { synopsis.padded_option(spec), spec[3] }
  end
  layout.two_columns(lines, rows)
  return text_of(lines)
end

--- The exit statuses.
---@return string
function M.exit()
  local lines, rows = { "Exit statuses:", "" }, {}
  for i, status in ipairs(errors.statuses) do
    rows[i] = { tostring(status[1]), status[2] }
  end
  layout.two_columns(lines, rows)
  return text_of(lines)
end

local function all_kinds()
  local lines, rows = { "Kinds of errors:", "" }, {}
  for i, entry in ipairs(errors.kinds) do
    rows[i] = { entry.kind, entry.what }
  end
  layout.two_columns(lines, rows)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "`tarn help error KIND` says what to do about one; `tarn help exit` lists "
    .. "the exit statuses."
  return text_of(lines)
end

--- What a kind of fault means and what to do about it; without a kind, a list of all kinds.
---@param kind? string
---@return string
function M.error(kind)
  if not kind then
    return all_kinds()
  end
  local entry = errors.find(kind)
  if not entry then
    fault.not_found("tarn help", ("there is no kind of error '%s'"):format(kind),
      suggestion.hint(kind, collections.column(errors.kinds, "kind"))
        or "`tarn help error` lists the kinds")
  end
  local lines = { kind .. ": " .. layout.wrap(entry.what, ""), "" }
  for _, try in ipairs(entry.try) do
    lines[#lines + 1] = "  - " .. layout.wrap(try, "    ")
  end
  return text_of(lines)
end

-- The first sentence of a description, without its last clauses if it is longer than `room`.
local function brief(text, room)
  local sentence = layout.sentence(text)
  while #sentence > room do
    local shorter = sentence:match "^(.*)[:;,] " or sentence:match "^(.*) "
    if not shorter then
      break
    end
    sentence = shorter
  end
  return sentence
end

--- The public library on one screen: the functions of `tarn`, and the subjects.
---@return string
function M.library()
  local lines, rows = { 'local tarn = require "tarn"', "" }, {}
  for _, one in ipairs(stubs.find("tarn").functions) do
    rows[#rows + 1] = { one.signature, brief(one.help, 58) }
  end
  rows[#rows + 1] = { "tarn.json", "Exact JSON: native.json." }
  rows[#rows + 1] = { "tarn.COMMAND { ... }", "Run a command, with its arguments by name." }
  layout.two_columns(lines, rows)
  lines[#lines + 1] = ""
  rows = {}
  for _, name in ipairs(library.names()) do
    if name ~= "tarn" then
      rows[#rows + 1] = { name, brief(stubs.find(name).help, 70) }
    end
  end
  layout.two_columns(lines, rows)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "tarn.fault, .json, .secrets, .testing and .time are fields of `tarn`; the "
    .. "others are\nrequired by their names: require \"tarn.lineage\". All functions are in `tarn "
    .. "api-reference\nlibrary`."
  return text_of(lines)
end

--- The pages of the documentation.
---@return string
function M.pages()
  local lines, rows = { "Pages of the documentation, for `tarn help PAGE`:", "" }, {}
  for _, name in ipairs(pages.names()) do
    rows[#rows + 1] = { name, pages.summary(name) }
  end
  layout.two_columns(lines, rows)
  return text_of(lines)
end

--- All topics by name, each with a line about it.
---@type { [1]: string, [2]: string }[]
M.list = {
  { "pages", "the pages of the documentation; `tarn help cookbook` is one of them" },
  { "options", "the options of every command" },
  { "exit", "the exit statuses" },
  { "error", "the kinds of errors, and what to do about each" },
  { "library", "the library for scripts of your own" },
}

local data = {}

function data.pages() return pages.names() end
function data.options() return globals.list end
function data.exit() return errors.statuses end
function data.error() return errors.kinds end
function data.library() return library.names() end

--- A topic by its name.
---@param name? string "pages", "options", "exit", "error" (or "errors"), "library"
---@param rest? string the kind of the error; "" for none
---@return string? text nil if there is no such topic
---@return any data the topic as data
function M.find(name, rest)
  name = name == "errors" and "error" or name
  if data[name or ""] then
    return M[name](rest ~= "" and rest or nil), data[name]()
  end
end

return M
