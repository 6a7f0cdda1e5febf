--- Converts the text of an argument to its value, by the argument's type.

local suggestion = require "base.suggestion"

local M = {}

local function in_range(spec, value)
  if spec.min and value < spec.min then
    return nil, ("is less than %s"):format(spec.min)
  elseif spec.max and value > spec.max then
    return nil, ("is more than %s"):format(spec.max)
  end
  return value
end

local convert = {}

function convert.integer(spec, text)
  local value = text:find "^[+-]?%d+$" and math.tointeger(tonumber((text:gsub("^%+", ""))))
  if not value then
    return nil, "is not an integer"
  end
  return in_range(spec, value)
end

function convert.number(spec, text)
  local decimal = text:find "^[+-]?[%d.]" and not text:find "[xX]"
  local value = decimal and tonumber((text:gsub("^%+", "")))
  if not value or value ~= value or value == math.huge or value == -math.huge then
    return nil, "is not a number"
  end
  return in_range(spec, value)
end

function convert.flag(_, text)
  if text == "true" or text == "yes" or text == "1" then
    return true
  elseif text == "false" or text == "no" or text == "0" then
    return false
  end
  return nil, "is neither true nor false"
end

function convert.choice(spec, text)
  for _, choice in ipairs(spec.choices) do
    if choice:lower() == text:lower() then
      return choice
    end
  end
  return nil, "is not one of " .. table.concat(spec.choices, ", "),
    suggestion.hint(text, spec.choices)
end

local function not_empty(_, text)
  if text == "" then
    return nil, "is empty"
  end
  return text
end
convert.path, convert.workspace, convert.catalog = not_empty, not_empty, not_empty
convert.pipeline = not_empty

--- The value of one argument.
---@param spec tarn.ArgSpec
---@param text string
---@return any value nil if the text is not a value of the argument's type
---@return string? why the rest of a sentence that begins with the text: "is not an integer"
---@return string? hint
function M.find(spec, text)
  local f = convert[spec[2]]
  if not f then
    return text
  end
  return f(spec, text)
end

return M
