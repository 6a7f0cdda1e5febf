--- Options of a function: the one table that stands last among its arguments.

local M = {}

--- Raise an error unless all keys of `opts` are among `names`. For functions that take their
-- options as one table: a misspelt option is the caller's mistake, not a silence.
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
