--- Makes undefined globals errors that say file and line, whoever reads or writes them.
--
-- A misspelt name would otherwise be nil, and a forgotten `local` would be shared by all
-- tasks. `rawget(_G, name)` and `rawset(_G, name, value)` say that a global is meant.

local M = {}

local function undefined(_, name)
  error(("undefined global '%s'"):format(tostring(name)), 2)
end

local function undeclared(_, name)
  local text = tostring(name)
  error(("global '%s' is not defined: write `local %s`"):format(text, text), 2)
end

--- From now on, for everything in this program.
function M.install()
  if getmetatable(_G) ~= "strict" then
    setmetatable(_G, { __index = undefined, __newindex = undeclared, __metatable = "strict" })
  end
end

return M
