--- Helpers for strings.

local letters = require "native.text"

local M = {}

-- Small letters that have a capital letter in common with another one, which stands for them.
local SAME <const> = { ["ς"] = "σ", ["ſ"] = "s", ["µ"] = "μ", ["ϐ"] = "β", ["ϑ"] = "θ", ["ϕ"] = "φ",
  ["ϖ"] = "π", ["ϰ"] = "κ", ["ϱ"] = "ρ", ["ϵ"] = "ε", ["ẛ"] = "ṡ" }

--- The text for comparisons that ignore case: two texts are the same by Unicode's simple case
-- folding if their results are equal. Each character stays one character. The statements of
-- tarn.statements fold names in the same way.
---@param value string
---@return string
function M.fold(value)
  if not value:find "[\x80-\xff]" then
    return value:lower()
  end
  return (letters.lower(value):gsub("[\xc2-\xf4][\x80-\xbf]+", SAME):gsub("i̇", "İ"))
end

--- The value if it is a string that is not empty, else nil: null, numbers and "" count as missing.
---@param value any
---@return string?
function M.non_empty(value)
  return type(value) == "string" and value ~= "" and value or nil
end

--- The first line of a text, without its line end.
---@param text any
---@return string
function M.first_line(text)
  return (tostring(text):match "^[^\n]*")
end

return M
