--- Conditions on what a user gives: always bound, never pasted.

local time = require "base.time"

local M = {}

--- A glob (`*`, `?`) as a pattern of LIKE, in lower case: Spark's escape is the backslash.
---@param glob string
---@return string
function M.pattern(glob)
  return (glob:lower():gsub("[\\%%_]", "\\%0"):gsub("%*+", "%%"):gsub("%?", "_"))
end

--- `(lower(a) LIKE :p1 OR lower(a) LIKE :p2)`, its patterns bound as `p1`, `p2`.
---@param params table what is bound; grows
---@param name string  of the parameters
---@param column string
---@param globs string[]
---@return string
function M.like(params, name, column, globs)
  local terms = {}
  for i, glob in ipairs(globs) do
    params[name .. i] = M.pattern(glob)
    terms[i] = ("lower(%s) LIKE :%s%d"):format(column, name, i)
  end
  return "(" .. table.concat(terms, " OR ") .. ")"
end

--- A moment as a parameter.
---@param ms integer
---@return { value: string, type: string }
function M.moment(ms)
  return { value = time.iso(ms), type = "TIMESTAMP" }
end

--- A text with its `{WORDS}` replaced; a word without a value is nothing.
---@param text string
---@param words table<string, string>
---@return string
function M.fill(text, words)
  return (text:gsub("{([%u_]+)}", function(word) return words[word] or "" end))
end

return M
