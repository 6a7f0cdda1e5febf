--- Check the options of a function: the table that is its last argument.

local M = {}

--- Raise an error in the caller's caller unless all keys of `opts` are among `names`, so that a
-- misspelt option is not silently ignored.
---@param opts table?
---@param names string[]
function M.check(opts, names)
  for key in pairs(opts or {}) do
    local known = false
    for _, name in ipairs(names) do
      known = known or name == key
    end
    if not known then
      error(("unknown option '%s'"):format(tostring(key)), 3)
    end
  end
end

return M
