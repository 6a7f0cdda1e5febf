--- Conditions, parameters and placeholders of statements.

local time = require "base.time"

local M = {}

--- A glob (`*`, `?`) as a pattern of LIKE, in lower case. Spark's escape sign is the backslash.
---@param glob string
---@return string
function M.pattern(glob)
  return (glob:lower():gsub("[\\%%_]", "\\%0"):gsub("%*+", "%%"):gsub("%?", "_"))
end

--- The condition that a column matches one of several globs:
-- `(lower(a) LIKE :p1 OR lower(a) LIKE :p2)`, with the patterns bound as `p1`, `p2`.
---@param params table gets the patterns
---@param name string  first part of the parameters' names
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

--- A time as a parameter.
---@param ms integer
---@return { value: string, type: string }
function M.timestamp(ms)
  return { value = time.iso(ms), type = "TIMESTAMP" }
end

--- The day of a time, in UTC, as a parameter.
---@param ms integer
---@return { value: string, type: string }
function M.date(ms)
  return { value = time.iso(ms):sub(1, 10), type = "DATE" }
end

--- A text with its placeholders, such as `{FROM}`, replaced. A placeholder without a value is
-- removed.
---@param text string
---@param words table<string, string>
---@return string
function M.fill(text, words)
  return (text:gsub("{([%u_]+)}", function(word) return words[word] or "" end))
end

return M
