--- Help, made from the headers of the scripts: it cannot say what the program does not do.

local argspec = require "engine.header.argspec"
local globals = require "engine.header.globals"
local json = require "native.json"
local script = require "engine.script"

local M = {}

-- ---- data ----

local function describe_arg(spec)
  return {
    name = spec[1], type = spec[2], help = spec[3], default = spec.default, short = spec.short,
    choices = spec.choices and json.array { table.unpack(spec.choices) },
    positional = argspec.is_positional(spec), required = argspec.is_required(spec),
  }
end

local function describe_args(specs)
  local list = json.array {}
  for i, spec in ipairs(specs) do
    list[i] = describe_arg(spec)
  end
  return list
end

--- What is known of a script, as data.
---@param name string
---@param loaded table
---@return table
function M.describe(name, loaded)
  local examples = json.array {}
  for i, example in ipairs(loaded.examples or {}) do
    examples[i] = { command = "tarn " .. example[1], what = example[2] }
  end
  return {
    command = name, summary = loaded.summary, effect = loaded.effect, details = loaded.details,
    args = describe_args(loaded.args), examples = examples,
    route = loaded.route and json.array { loaded.route[1], loaded.route[2] },
    needs = loaded.needs and json.array { table.unpack(loaded.needs) },
    see = loaded.see and json.array { table.unpack(loaded.see) },
    author = loaded.author, since = loaded.since,
  }
end

--- Every command with its summary, or with why it does not load.
---@return table[]
function M.commands()
  local find = require "engine.find"
  local list = json.array {}
  for i, name in ipairs(script.names()) do
    local loaded, problem = script.try(name)
    local source = find.file("scripts/" .. name .. ".lua")
    list[i] = {
      command = name, origin = source and source.origin or json.null,
      summary = loaded and loaded.summary or nil, effect = loaded and loaded.effect or nil,
      since = loaded and loaded.since or nil, author = loaded and loaded.author or nil,
      broken = problem and problem.message or nil,
    }
  end
  return list
end

-- ---- text ----

local WIDTH <const> = 92
local EFFECTS <const> = { write = "may change something", destroy = "destroys something" }

-- Words in lines of at most WIDTH columns, the later ones after `indent`.
local function wrap(text, indent)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and #line + 1 + #word > WIDTH - #indent then
      lines[#lines + 1] = line
      line = word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n" .. indent)
end

-- Pairs of a left part and a text, aligned.
local function two_columns(lines, pairs_)
  local width = 0
  for _, pair in ipairs(pairs_) do
    width = math.max(width, math.min(#pair[1], 30))
  end
  local indent = (" "):rep(width + 4)
  for _, pair in ipairs(pairs_) do
    local left = ("  %-" .. width .. "s"):format(pair[1])
    if #pair[1] > width then
      lines[#lines + 1] = left
      lines[#lines + 1] = indent .. wrap(pair[2], indent)
    else
      lines[#lines + 1] = left .. "  " .. wrap(pair[2], indent)
    end
  end
end

local PLACEHOLDERS <const> = { integer = "N", number = "N", path = "FILE", workspace = "PROFILE",
  catalog = "CATALOG", pipeline = "PIPELINE", list = "VALUE", string = "TEXT" }

local function option_left(spec)
  local short = spec.short and "-" .. spec.short .. ", " or "    "
  local left = short .. "--" .. spec[1]:gsub("_", "-")
  if spec[2] == "flag" then
    return left
  elseif spec[2] == "choice" then
    return left .. " " .. table.concat(spec.choices, "|")
  end
  return left .. " " .. (spec.value or PLACEHOLDERS[spec[2]])
end

local function arg_text(spec)
  local text = spec[3]
  if spec[2] == "choice" and argspec.is_positional(spec) then
    text = text .. " One of " .. table.concat(spec.choices, ", ") .. "."
  end
  if spec[2] == "list" and not argspec.is_positional(spec) and not text:find "repeatable" then
    text = text .. " Repeatable."
  end
  local default = spec.default
  if default ~= nil and default ~= false and type(default) ~= "table" then
    text = text .. (" Default: %s."):format(tostring(default))
  end
  return text
end

--- How a command is called: "tarn get [OPTIONS] PIPELINE".
---@param name string
---@param specs table[]
---@return string
function M.usage(name, specs)
  local words, options = { "tarn " .. name }, false
  for _, spec in ipairs(specs) do
    if argspec.is_positional(spec) then
      local word = spec[1]:upper() .. (spec[2] == "list" and "..." or "")
      words[#words + 1] = argspec.is_required(spec) and word or "[" .. word .. "]"
    else
      options = true
    end
  end
  if options then
    table.insert(words, 2, "[OPTIONS]")
  end
  return table.concat(words, " ")
end

--- How an option is written: "-o, --output text|json".
---@param spec table
---@return string
function M.option(spec)
  return (option_left(spec):gsub("^ +", ""))
end

--- Arguments with a place, and options: each with how it is written and what it does.
---@param specs table[]
---@return { [1]: string, [2]: string }[] arguments
---@return { [1]: string, [2]: string }[] options
function M.arguments(specs)
  local positional, options = {}, {}
  for _, spec in ipairs(specs) do
    if argspec.is_positional(spec) then
      positional[#positional + 1] = { spec[1]:upper(), arg_text(spec) }
    else
      options[#options + 1] = { option_left(spec), arg_text(spec) }
    end
  end
  return positional, options
end

local function add_args(lines, specs)
  local positional, options = M.arguments(specs)
  for _, part in ipairs { { "Arguments:", positional }, { "Options:", options } } do
    if #part[2] > 0 then
      lines[#lines + 1] = ""
      lines[#lines + 1] = part[1]
      two_columns(lines, part[2])
    end
  end
end

--- The help of one script.
---@param name string how it is called, without "tarn"
---@param loaded table the script
---@param all? boolean author and since as well
---@return string
function M.script(name, loaded, all)
  local lines = { loaded.summary, "", "Usage: " .. M.usage(name, loaded.args) }
  if loaded.details then
    lines[#lines + 1] = ""
    lines[#lines + 1] = (loaded.details:gsub("%s+$", ""))
  end
  add_args(lines, loaded.args)
  if EFFECTS[loaded.effect] then
    lines[#lines + 1] = ""
    local effect = EFFECTS[loaded.effect]
    lines[#lines + 1] = ("This %s; --dry-run shows what it would do."):format(effect)
  end
  if loaded.needs then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "Needs: " .. table.concat(loaded.needs, ", ")
  end
  if #(loaded.examples or {}) > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "Examples:"
    for _, example in ipairs(loaded.examples) do
      lines[#lines + 1] = ("  tarn %s\n      %s"):format(example[1], example[2])
    end
  end
  if loaded.see then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "See also: " .. table.concat(loaded.see, ", ")
  end
  if all then
    for _, field in ipairs { "author", "since" } do
      if loaded[field] then
        lines[#lines + 1] = ("%s: %s"):format(field:gsub("^%l", string.upper), loaded[field])
      end
    end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "`tarn help options` shows the options that every command takes."
  return table.concat(lines, "\n") .. "\n"
end

--- The options that every command takes.
---@return string
function M.options()
  local lines = { "Options of every command, before or behind its name:", "" }
  local list = {}
  for i, spec in ipairs(globals.list) do
    list[i] = { option_left(spec), spec[3] }
  end
  two_columns(lines, list)
  return table.concat(lines, "\n") .. "\n"
end

local function command_text(entry, all)
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

--- The list of commands.
---@param all? boolean
---@return string
function M.overview(all)
  local lines = {
    "Tarn manages Databricks pipelines: it finds, clones, runs and watches them.", "",
    "Usage: tarn [OPTIONS] COMMAND [ARGUMENTS]", "", "Commands:",
  }
  local list = {}
  for i, entry in ipairs(M.commands()) do
    list[i] = { entry.command, command_text(entry, all) }
  end
  two_columns(lines, list)
  lines[#lines + 1] = ""
  local more = {
    { "tarn help COMMAND", "what a command takes, with examples" },
    { "tarn help options", "options of every command" },
    { "tarn help error [KIND]", "what can go wrong, and what to do about it" },
    { "tarn help exit", "exit statuses" },
    { "tarn help library", "what scripts of your own can use" },
    { "tarn --profile demo dashboard", "try it without a workspace" },
  }
  two_columns(lines, more)
  return table.concat(lines, "\n") .. "\n"
end

--- What a kind of fault means, or all kinds.
---@param kind? string
---@return string
function M.error(kind)
  local errors = require "engine.errors"
  local lines = {}
  if not kind then
    lines[1] = "Kinds of faults; `tarn help error KIND` says what to do:"
    lines[2] = ""
    local list = {}
    for i, entry in ipairs(errors.kinds) do
      list[i] = { entry.kind, entry.what }
    end
    two_columns(lines, list)
    return table.concat(lines, "\n") .. "\n"
  end
  local entry = errors.find(kind)
  if not entry then
    local names = {}
    for i, known in ipairs(errors.kinds) do
      names[i] = known.kind
    end
    require("base.fault").not_found("tarn help", ("there is no kind of fault '%s'"):format(kind),
      require("base.suggestion").hint(kind, names))
  end
  lines[1] = kind .. ": " .. wrap(entry.what, "")
  lines[2] = ""
  for _, try in ipairs(entry.try) do
    lines[#lines + 1] = "  - " .. wrap(try, "    ")
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The exit statuses.
---@return string
function M.exit()
  local lines, list = { "Exit statuses:", "" }, {}
  for i, status in ipairs(require("engine.errors").statuses) do
    list[i] = { tostring(status[1]), status[2] }
  end
  two_columns(lines, list)
  return table.concat(lines, "\n") .. "\n"
end

-- The first sentence of a description; where that is longer than `room`, as many of its clauses as
-- fit.
local function brief(text, room)
  local sentence = (text:match "^(.-%.)%f[%s\0]" or text):gsub("%s+", " ")
  while #sentence > room do
    local shorter = sentence:match "^(.*)[:;,] " or sentence:match "^(.*) "
    if not shorter then
      break
    end
    sentence = shorter
  end
  return sentence
end

--- The public library on one screen: each function of `tarn`, each module with what it is for.
---@return string
function M.library()
  local library, stubs = require "engine.library", require "engine.stubs"
  local lines, list = { 'local tarn = require "tarn"', "" }, {}
  for _, one in ipairs(stubs.find("tarn").functions) do
    list[#list + 1] = { one.signature, brief(one.help, 58) }
  end
  list[#list + 1] = { "tarn.json", "JSON, exact both ways: native.json." }
  list[#list + 1] = { "tarn.COMMAND { ... }", "A command, with its options by name." }
  two_columns(lines, list)
  lines[#lines + 1] = ""
  list = {}
  for _, name in ipairs(library.names()) do
    if name ~= "tarn" then
      list[#list + 1] = { name, brief(stubs.find(name).help, 70) }
    end
  end
  two_columns(lines, list)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "tarn.fault, .json, .secrets, .testing and .time are fields of `tarn`; the others are"
  lines[#lines + 1] = 'required: require "tarn.lineage". `tarn api-reference library` has all functions.'
  return table.concat(lines, "\n") .. "\n"
end

--- The help of a command, or the list of all.
---@param command? string
---@return string
function M.text(command)
  if not command then
    return M.overview()
  end
  return M.script(command, (script.load(command)))
end

return M
