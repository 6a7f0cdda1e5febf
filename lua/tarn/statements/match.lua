--- Conditions, parameters and placeholders of statements.

local time = require "base.time"

local M = {}

--- A glob (`*`, `?`) as a pattern of LIKE. Spark's escape sign is the backslash.
---@param glob string
---@return string
function M.pattern(glob)
  return (glob:gsub("[\\%%_]", "\\%0"):gsub("%*+", "%%"):gsub("%?", "_"))
end

--- An expression whose value is the same for texts that differ in case only, as strings.fold is for
-- what REST has answered. lower alone would not do: the small sigma at the end of a word is another
-- one than within it, and a pattern does not end where a name does. The warehouse folds both sides,
-- because it may know other letters than this machine.
---@param expression string
---@return string
function M.fold(expression)
  return ("replace(translate(lower(%s), 'ςſµϐϑϕϖϰϱϵẛ', 'σsμβθφπκρεṡ'), 'i̇', 'İ')"):format(
    expression)
end

--- The condition that a column matches one of several globs, ignoring case; the patterns are bound
-- as `name1`, `name2`.
---@param params table gets the patterns
---@param name string  first part of the parameters' names
---@param column string
---@param globs string[]
---@return string
function M.like(params, name, column, globs)
  local terms = {}
  for i, glob in ipairs(globs) do
    params[name .. i] = M.pattern(glob)
    terms[i] = ("%s LIKE %s"):format(M.fold(column), M.fold((":%s%d"):format(name, i)))
  end
  return "(" .. table.concat(terms, " OR ") .. ")"
end

--- A time as a parameter.
---@param ms integer
---@return { value: string, type: string }
function M.timestamp(ms)
  return { value = time.iso(ms), type = "TIMESTAMP" }
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
