--- The help pages of commands, made from the headers of the scripts.

local data = require "engine.help.data"
local groups = require "engine.help.groups"
local layout = require "engine.help.layout"
local script = require "engine.script"
local synopsis = require "engine.help.synopsis"

local M = {}

local EFFECTS <const> = { write = "can change something", destroy = "destroys something" }

local function add_section(lines, title, rows, least)
  if #rows > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = title
    layout.two_columns(lines, rows, least)
  end
end

local function add_examples(lines, examples)
  if #examples > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "Examples:"
  end
  for _, example in ipairs(examples) do
    lines[#lines + 1] = ("  tarn %s\n      %s"):format(example[1], example[2])
  end
end

local function add_line(lines, ...)
  lines[#lines + 1] = ""
  lines[#lines + 1] = table.concat { ... }
end

--- The help page of a script.
---@param name string the command, without "tarn"
---@param loaded table the script
---@param all? boolean with author and version
---@return string
function M.script(name, loaded, all)
  local lines = { loaded.summary, "", "Usage: " .. synopsis.usage(name, loaded.args) }
  if loaded.details then
    add_line(lines, (layout.fill(loaded.details, layout.WIDTH):gsub("%s+$", "")))
  end
  local positional, options = synopsis.rows(loaded.args)
  add_section(lines, "Arguments:", positional)
  add_section(lines, "Options:", options)
  if EFFECTS[loaded.effect] then
    add_line(lines, "This command ", EFFECTS[loaded.effect], "; --dry-run shows what it would do.")
  end
  if loaded.needs then
    add_line(lines, "Needs: ", table.concat(loaded.needs, ", "))
  end
  add_examples(lines, loaded.examples or {})
  if loaded.see then
    add_line(lines, "See also: ", table.concat(loaded.see, ", "))
  end
  local page = require("engine.help.pages").find_name(name)
  if page then
    add_line(lines, ("`tarn help %s` is the page about it."):format(page))
  end
  if all then
    for _, field in ipairs { "author", "since" } do
      if loaded[field] then
        lines[#lines + 1] = ("%s: %s"):format(field:gsub("^%l", string.upper), loaded[field])
      end
    end
  end
  add_line(lines, "`tarn help options` lists the options that every command takes.")
  return table.concat(lines, "\n") .. "\n"
end

local function summary_of(entry, all)
  if entry.broken then
    return "broken: " .. entry.broken
  end
  local text = entry.summary
  if entry.origin ~= "bundle" then
    text = text .. " [" .. entry.origin .. "]"
  end
  if all then
    local more = { entry.effect, entry.since and "since " .. entry.since, entry.author }
    for _, word in pairs(more) do
      text = text .. " (" .. word .. ")"
    end
  end
  return text
end

--- The list of all commands, in groups.
---@param all? boolean with effects, authors and versions
---@return string
function M.overview(all)
  local lines = {
    "Tarn manages Databricks pipelines: it finds, clones, runs and watches them.", "",
    "Usage: tarn [OPTIONS] COMMAND [ARGUMENTS]",
  }
  local entries, width = data.commands(), 0
  for _, entry in ipairs(entries) do
    width = math.max(width, #entry.command)
  end
  for _, group in ipairs(groups.sort(entries)) do
    local rows = {}
    for i, entry in ipairs(group.entries) do
      rows[i] = { entry.command, summary_of(entry, all) }
    end
    add_section(lines, group.title .. ":", rows, width)
  end
  lines[#lines + 1] = ""
  local more = { { "tarn help COMMAND", "the arguments of a command, with examples" } }
  for _, topic in ipairs(require("engine.help.topics").list) do
    more[#more + 1] = { "tarn help " .. topic[1], topic[2] }
  end
  more[#more + 1] = { "tarn --profile demo dashboard", "try Tarn without a workspace" }
  layout.two_columns(lines, more)
  return table.concat(lines, "\n") .. "\n"
end

--- The help page of a command, or the list of all commands.
---@param command? string
---@return string
function M.text(command)
  if not command then
    return M.overview()
  end
  return M.script(command, (script.load(command)))
end

return M
