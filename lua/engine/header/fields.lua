--- Checks the fields of a table against a list of the known ones.

local collections = require "base.collections"
local suggestion = require "base.suggestion"

local M = {}

---@class tarn.FieldRule
---@field [1] string name
---@field [2] fun(value: any): boolean true if the value is right
---@field [3] string what the value should be, for messages: "a list of strings"

--- A test for the type of a value.
---@param kind string
---@return fun(value: any): boolean
function M.is(kind)
  return function(value)
    return type(value) == kind
  end
end

--- A test for lists whose items have one type.
---@param kind string
---@return fun(value: any): boolean
function M.is_list_of(kind)
  return function(value)
    if type(value) ~= "table" then
      return false
    end
    for key, item in pairs(value) do
      if math.type(key) ~= "integer" or type(item) ~= kind then
        return false
      end
    end
    return true
  end
end

--- Check the fields of a table. Items of lists are not looked at.
---@param value table
---@param rules tarn.FieldRule[]
---@param what string the name of the table in messages: "argument 'name'"
---@param wrong fun(message: string, hint?: string) called at the first error; must not return
function M.check(value, rules, what, wrong)
  local known = {}
  for _, rule in ipairs(rules) do
    known[rule[1]] = rule
  end
  for key, item in pairs(value) do
    if type(key) == "string" then
      local rule = known[key]
      if not rule then
        wrong(("unknown field '%s' in %s"):format(key, what),
          suggestion.hint(key, collections.column(rules, 1)))
      elseif not rule[2](item) then
        wrong(("'%s' in %s is not %s"):format(key, what, rule[3]))
      end
    end
  end
end

return M
