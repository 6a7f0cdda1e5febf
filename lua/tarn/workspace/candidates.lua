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

-- Add names from a workspace. Updates are those of the pipeline among the given arguments.
local function add_names(words, kind, given)
  local pipeline = kind == "update" and given.pipeline or nil
  if kind == "update" and type(pipeline) ~= "string" then
    return
  end
  local profile = type(given.profile) == "string" and given.profile or nil
  local ws <close> = require("tarn.workspace").open(profile)
  for _, name in ipairs(require("tarn.workspace.names").all(ws, kind, pipeline)) do
    add(words, name[1], name[2])
  end
end

--- All values of a kind.
---@param kind "workspace"|"operation"|"pipeline"|"catalog"|"warehouse"|"update"
---@param given table<string, any> the arguments so far: `profile`, `pipeline`
---@return tarn.Name[]
function M.all(kind, given)
  local words = {}
  if kinds[kind] then
    kinds[kind](words)
  else
    add_names(words, kind, given)
  end
  return words
end

return M
