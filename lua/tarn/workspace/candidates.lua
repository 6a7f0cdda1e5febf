--- Values for the completion of an argument: profiles, operations, names in a workspace.

local auth = require "tarn.auth"

local M = {}

local NEWEST <const> = 50 -- operations of the journal

local function add(words, word, what)
  words[#words + 1] = { word, what or "" }
end

local kinds = {}

function kinds.workspace(words)
  local seen = {}
  for _, profile in ipairs((auth.profiles())) do
    seen[profile.name] = true
    add(words, profile.name, profile.host)
  end
  for _, name in ipairs { "demo", "demo-dr" } do
    if not seen[name] then
      add(words, name, "embedded workspace")
    end
  end
end

function kinds.operation(words)
  add(words, "last", "the newest")
  for operation in require("tarn.journal").operations { limit = NEWEST } do
    add(words, operation.id, ("%s, %s"):format(operation.command,
      require("base.time").iso(operation.started)))
  end
end

-- The argument that says whose names are wanted.
local OF <const> = { update = "pipeline", dataset = "pipeline", schema = "catalog" }

-- The workspace that has the names: those of catalogs are in the target of a clone.
local function open(given, kind)
  local target = (kind == "catalog" or kind == "schema") and (given.to or given.dest_profile)
  local profile = target or given.profile
  return require("tarn.workspace").open(type(profile) == "string" and profile or nil)
end

local function add_names(words, kind, given)
  local of = OF[kind] and given[OF[kind]]
  if OF[kind] and type(of) ~= "string" then
    return
  end
  local ws <close> = open(given, kind)
  for _, name in ipairs(require("tarn.workspace.names").all(ws, kind, of)) do
    add(words, name[1], name[2])
  end
end

-- Paths of settings, as far as the next name or position; behind "=", values.
function kinds.setting(words, given, typed)
  local settings = require "tarn.workspace.settings"
  local function ask(kind, of)
    local ws <close> = open(given, kind)
    return require("tarn.workspace.names").all(ws, kind, of)
  end
  local kept = type(given.pipeline) == "string" and ask("setting", given.pipeline) or {}
  settings.add(words, kept, typed, function() return ask "catalog" end)
end

-- Paths of the fields that are set.
function kinds.field(words, given)
  if type(given.pipeline) == "string" then
    local ws <close> = open(given, "field")
    for _, name in ipairs(require("tarn.workspace.names").all(ws, "setting", given.pipeline)) do
      add(words, name[1], name[2])
    end
  end
end

--- All values of a kind.
---@param kind string one of engine.header.argspec's `kinds`
---@param given table<string, any> the arguments so far: `profile`, `pipeline`, `catalog`
---@param typed? string what has been typed of the value
---@return tarn.Name[]
function M.all(kind, given, typed)
  local words = {}
  if kinds[kind] then
    kinds[kind](words, given, typed or "")
  else
    add_names(words, kind, given)
  end
  return words
end

return M
