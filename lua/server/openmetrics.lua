--- A writer of OpenMetrics text: families, each with a type and a description, and their samples.

local collections = require "base.collections"

local M = {}

--- The type of the text, for Content-Type.
M.type = "application/openmetrics-text; version=1.0.0; charset=utf-8"

---@class tarn.OpenMetrics
local Text = {}
Text.__index = Text

--- Make an empty text.
---@return tarn.OpenMetrics
function M.new()
  return setmetatable({ lines = {} }, Text)
end

local ESCAPES <const> = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

local function labels_of(labels)
  local list = {}
  for i = 1, #labels, 2 do
    list[#list + 1] = ('%s="%s"'):format(labels[i], (tostring(labels[i + 1])
      :gsub('[\\"\n]', ESCAPES)))
  end
  return #list > 0 and "{" .. table.concat(list, ",") .. "}" or ""
end

--- Begin a family; the samples that follow belong to it.
---@param name string
---@param kind "counter"|"gauge"|"histogram"|"info"|"summary"
---@param help string
---@param unit? string the name must end with it
function Text:family(name, kind, help, unit)
  self.name = name
  self:add("# TYPE %s %s", name, kind)
  if unit then
    self:add("# UNIT %s %s", name, unit)
  end
  self:add("# HELP %s %s", name, help)
end

function Text:add(line, ...)
  self.lines[#self.lines + 1] = line:format(...)
end

--- Add a sample.
---@param suffix string what follows the name of the family: "_total", "_bucket", ""
---@param labels string[] names and values, in turn
---@param value number
function Text:sample(suffix, labels, value)
  local text = math.type(value) == "integer" and ("%d"):format(value) or ("%.6g"):format(value)
  self:add("%s%s%s %s", self.name, suffix, labels_of(labels), text)
end

--- The whole text.
---@return string
function Text:finish()
  return table.concat(self.lines, "\n") .. "\n# EOF\n"
end

--- Iterate over a table in the order of its keys, so that two scrapes have the same order.
---@param map table
---@return fun(): any, any
function M.sorted(map)
  local keys, i = collections.keys(map), 0
  return function()
    i = i + 1
    return keys[i], map[keys[i]]
  end
end

return M
