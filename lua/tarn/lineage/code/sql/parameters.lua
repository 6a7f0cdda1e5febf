--- Parameters of a pipeline in SQL: `${name}` is replaced in the text before it is parsed, in
--- texts, names and comments alike. Pure.

local M = {}

-- A value may itself name parameters.
local DEPTH <const> = 10

--- The text with the values of the parameters that are set; others stay as they are.
---@param text string
---@param configuration table<string, string>
---@return string
function M.fill(text, configuration)
  for _ = 1, DEPTH do
    local n = 0
    text = text:gsub("%${([^%s{}]+)}", function(name)
      local value = configuration[name] or configuration[name:match "^%a+:(.+)$" or ""]
      n = n + (value and 1 or 0)
      return value and value:gsub("%s*\n%s*", " ")
    end)
    if n == 0 then
      break
    end
  end
  return text
end

--- The name of a parameter in a text that has not been replaced.
---@param text string
---@return string?
function M.find_unset(text)
  return text:match "%${([^%s{}]+)}"
end

return M
