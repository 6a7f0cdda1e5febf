--- The variables of the prompt. They are separate from the globals of scripts and modules. As in
-- a script, reading a variable that nobody defined is an error.

local M = {}

-- The words with which one leaves other prompts.
local ENDS <const> = { quit = true, exit = true, bye = true }

-- All names that a misspelt one may stand for.
local function names_of(env)
  local names = {}
  for _, from in ipairs { env, _G } do
    for name in next, from do
      if type(name) == "string" then
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

--- Make the variables of a session: the globals of Lua, and `values`.
---@param values table<string, any>
---@return table
function M.new(values)
  local defined = {} -- names that were assigned, even if their value is nil
  local env = {}
  for name, value in pairs(values) do
    env[name] = value
  end
  local function find(_, name)
    local value = rawget(_G, name)
    if value == nil and not defined[name] then
      local word = tostring(name)
      local hint = ENDS[name] and ".quit leaves the prompt, and so does Ctrl-D"
        or require("engine.mistake.hint").find_call(word)
        or #word > 2 and require("base.suggestion").hint(word, names_of(env))
      error(("undefined global '%s'%s"):format(tostring(name), hint and "; " .. hint or ""), 2)
    end
    return value
  end
  local function define(_, name, value)
    defined[name] = true
    rawset(env, name, value)
  end
  return setmetatable(env, { __index = find, __newindex = define })
end

--- The names that are defined at the prompt, sorted.
---@param env table
---@return string[]
function M.names(env)
  return names_of(env)
end

return M
