--- The variables of the prompt: what is assigned there stays there, and does not reach scripts
-- and modules. A name that nobody defined is a mistake here as it is in a script.

local M = {}

-- What other prompts call the end.
local ENDS <const> = { quit = true, exit = true, bye = true }

-- Names that a person may have meant.
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

--- New variables: Lua's own globals, and `values`.
---@param values table<string, any>
---@return table
function M.new(values)
  local defined = {} -- also what has been set to nil
  local env = {}
  for name, value in pairs(values) do
    env[name] = value
  end
  local function find(_, name)
    local value = rawget(_G, name)
    if value == nil and not defined[name] then
      local word = tostring(name)
      local hint = ENDS[name] and ".quit ends, and so does Ctrl-D"
        or require("repl.hint").find_call(word)
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

--- Names that can be written at the prompt, sorted.
---@param env table
---@return string[]
function M.names(env)
  return names_of(env)
end

return M
