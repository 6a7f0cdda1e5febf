--- Makes the use of undefined globals an error, with file and line.
--
-- Otherwise a misspelt name would be nil, and a variable without `local` would be shared by all
-- tasks. Code that means a global uses `rawget(_G, name)` and `rawset(_G, name, value)`.

local M = {}

local function undefined(_, name)
  error(("undefined global '%s'"):format(tostring(name)), 2)
end

local function undeclared(_, name)
  local text = tostring(name)
  error(("global '%s' is not defined: write `local %s`"):format(text, text), 2)
end

--- Make undefined globals errors in the whole program.
function M.install()
  if getmetatable(_G) ~= "strict" then
    setmetatable(_G, { __index = undefined, __newindex = undeclared, __metatable = "strict" })
  end
end

return M
