--- Completion at the prompt: variables, fields, methods, commands and their arguments; in strings
-- the names of pipelines, profiles and files.
--
-- Completion never runs what was typed: it only reads fields of tables.

local collections = require "base.collections"
local command = require "engine.command"
local completion = require "engine.completion"
local context = require "repl.context"
local dotcommands = require "repl.dotcommands"
local fault = require "base.fault"
local lexer = require "base.lexer"

local M = {}

---@class tarn.Found
---@field from integer   the first byte of the word that is completed
---@field words string[] the candidates
---@field insert string  the longest common beginning; "" if it is no longer than what was typed

-- ---- looking things up ----

-- The value of a chain of names. No `__index` function is called but that of `tarn`, whose fields
-- load modules.
local function find_value(env, chain)
  local value
  for i, name in ipairs(chain) do
    if i == 1 then
      value = rawget(env, name)
      if value == nil then
        value = rawget(_G, name)
      end
    elseif type(value) == "table" then
      local meta = getmetatable(value)
      local behind = type(meta) == "table" and meta.__index
      local found = rawget(value, name)
      if found == nil and type(behind) == "table" then
        found = behind[name]
      elseif found == nil and value == package.loaded.tarn then
        found = value[name]
      end
      value = found
    else
      return nil
    end
  end
  return value
end

local function add_keys(words, value, methods)
  for name, field in next, value do
    if type(name) == "string" and name:find "^[%a_][%w_]*$"
      and (not methods or type(field) == "function") and name:sub(1, 2) ~= "__" then
      words[#words + 1] = name
    end
  end
end

local function add_commands(words)
  for _, name in ipairs(require("engine.script").names()) do
    words[#words + 1] = (name:gsub("-", "_"))
  end
  for name in pairs(require("engine.library").fields) do
    words[#words + 1] = name
  end
end

local function fields_of(value, methods)
  local words = {}
  local meta = type(value) == "string" and getmetatable "" or getmetatable(value)
  if type(value) == "table" then
    add_keys(words, value, methods)
  end
  local behind = type(meta) == "table" and rawget(meta, "__index")
  if type(behind) == "table" then
    add_keys(words, behind, methods)
  end
  if value == package.loaded.tarn then
    add_commands(words)
  end
  return words
end

-- The script of the command that a chain of names calls; nil for any other function.
local function find_script(session, chain)
  local name = chain and command.find_called(find_value(session.env, chain))
  return name and (require("engine.script").try(name))
end

local function find_arg(script, name)
  for _, spec in ipairs(script and script.args or {}) do
    if spec[1] == name then
      return spec
    end
  end
end

-- ---- names in strings ----

-- The profile of the workspace whose method is called; else the session's.
local function profile_of(session, found)
  local chain = found.call and found.method and { table.unpack(found.call, 1, #found.call - 1) }
  local ws = chain and find_value(session.env, chain)
  return type(ws) == "table" and rawget(ws, "profile") or session.options.profile
end

-- The candidates for a value of an argument, without their descriptions.
local function values(spec, given)
  return collections.column(completion.values(spec, given).words, 1)
end

local WORKSPACE <const> = { "profile", "workspace", optional = true }
local PIPELINE <const> = { "pipeline", "pipeline" }
local TOPIC <const> = { "topic", "string", of = "topic" }
local MODULE <const> = { "module", "string", of = "module" }

-- The argument whose value a string is: one of a command, a profile, a module, else a pipeline.
local function spec_of(session, found)
  local script = find_script(session, found.call)
  if script then
    return find_arg(script, found.key or "")
  elseif found.key then
    return found.key == "profile" and WORKSPACE or PIPELINE
  end
  local name = found.call and found.call[#found.call]
  if name == "workspace" then
    return WORKSPACE
  elseif name == "require" then
    return MODULE
  end
  return PIPELINE
end

local function files(typed)
  local fs = require "native.fs"
  local folder, words = typed:match "^(.*/)" or "", {}
  local path = folder:gsub("^~/", (os.getenv "HOME" or "~") .. "/")
  for _, name in ipairs(fault.try(fs.list, path == "" and "." or path) or {}) do
    local stat = fault.try(fs.find_stat, path .. name)
    words[#words + 1] = folder .. name .. (stat and stat.type == "directory" and "/" or "")
  end
  return words
end

local function in_string(session, found)
  local spec = spec_of(session, found)
  if not spec then
    return {}
  elseif spec.of == "path" or spec[2] == "path" then
    return files(found.typed)
  end
  return values(spec, { profile = profile_of(session, found) })
end

-- ---- code ----

local function options_of(script)
  local words = {}
  for _, spec in ipairs(script.args) do
    words[#words + 1] = spec[1] .. " = "
  end
  return words
end

local function names(session)
  local words = require("repl.env").names(session.env)
  for _, word in ipairs(lexer.keywords) do
    words[#words + 1] = word
  end
  return words
end

local function in_code(session, found)
  if found.kind == "none" then
    return {}
  elseif found.kind == "name" then
    local script = find_script(session, found.call)
    return script and options_of(script) or names(session)
  end
  local value = find_value(session.env, found.chain)
  return value ~= nil and fields_of(value, found.kind == "method") or {}
end

-- ---- dot commands ----

-- The candidates at the end of a dot command, and the part of the word that was typed.
local function in_dotcommand(line)
  local name, rest = line:match "^%s*%.(%S+)%s+(.*)$"
  if not name then
    return collections.column(dotcommands.list, "name"), line:match "^%s*%.(.*)$"
  end
  local found = dotcommands.find(name)
  local kind = found and found.values or {}
  if kind == "file" then
    return files(rest), rest
  elseif kind == "profile" then
    return values(WORKSPACE, {}), rest
  elseif kind == "topic" then
    return values(TOPIC, {}), rest
  end
  return kind, rest
end

-- ---- the line ----

local function beginning_with(words, typed)
  local kept, seen = {}, {}
  for _, word in ipairs(words) do
    if word:sub(1, #typed) == typed and not seen[word] then
      seen[word] = true
      kept[#kept + 1] = word
    end
  end
  table.sort(kept)
  return kept
end

-- The longest common beginning of all words; it never ends inside a UTF-8 character.
local function common(words)
  local prefix = words[1] or ""
  for _, word in ipairs(words) do
    while word:sub(1, #prefix) ~= prefix do
      prefix = prefix:sub(1, -2)
    end
  end
  while #prefix > 0 and not utf8.len(prefix) do
    prefix = prefix:sub(1, -2)
  end
  return prefix
end

--- The candidates for the word that ends at the cursor.
---@param session tarn.Session
---@param before? string the earlier lines of an entry that is not complete
---@param line string the line up to the cursor
---@return tarn.Found
function M.find(session, before, line)
  local words, typed
  if not before and line:find "^%s*%.%a*" then
    words, typed = in_dotcommand(line)
  else
    local found = context.find((before and before .. "\n" or "") .. line)
    typed = found.typed
    words = found.kind == "string" and in_string(session, found) or in_code(session, found)
  end
  words = beginning_with(words, typed)
  local insert = common(words)
  return { from = #line - #typed + 1, words = words, insert = #insert > #typed and insert or "" }
end

return M
