--- Sort rows by their fields: `--sort state,latest_update.creation_time:desc`.

local collections = require "base.collections"
local fault = require "base.fault"
local json = require "native.json"
local rows = require "output.render.rows"
local strings = require "base.strings"
local suggestion = require "base.suggestion"

local M = {}

-- Other words for fields: the titles of columns, and `id`.
local WORDS <const> = { id = "pipeline_id", started = "latest_update.creation_time",
  last_run = "latest_update.state" }

--- The fields and the other words for them.
---@param known string[]
---@return string[]
function M.words(known)
  local words = table.move(known, 1, #known, 1, {})
  return table.move(collections.keys(WORDS), 1, 3, #words + 1, words)
end

---@class tarn.SortKey
---@field field string  the path of a field
---@field down boolean

--- The keys of a text: fields with commas between them, each with ":desc" or ":asc" behind it or
-- not. Raises a fault of kind `usage` for a field that is unknown.
---@param op string
---@param text string
---@param known string[] the fields
---@return tarn.SortKey[]
function M.keys(op, text, known)
  local keys = {}
  for i, word in ipairs(collections.words(text)) do
    local field, direction = word:match "^(.-):(.*)$"
    field, direction = (field or word):lower(), (direction or "asc"):lower()
    field = WORDS[field] or field
    if direction ~= "asc" and direction ~= "desc" then
      fault.usage(op, ("--sort: '%s' is neither asc nor desc"):format(direction),
        "--sort name, --sort started:desc")
    elseif not collections.set(known)[field] then
      fault.usage(op, ("--sort: there is no field '%s'"):format(field),
        suggestion.hint(field, M.words(known)) or "the fields are " .. table.concat(known, ", "))
    end
    keys[i] = { field = field, down = direction == "desc" }
  end
  if #keys == 0 then
    fault.usage(op, "--sort names no field", "--sort name, --sort started:desc")
  end
  return keys
end

-- The value of a row that is compared: case is ignored, null is no value.
local function value_of(row, field)
  local value = rows.find_field(row, field)
  if value == nil or value == json.null then
    return nil
  elseif type(value) == "number" then
    return value
  end
  return strings.fold(tostring(value))
end

-- -1, 0 or 1. What has no value is last, whatever the direction.
local function compare(a, b, down)
  if a == b then
    return 0
  elseif a == nil or b == nil then
    return a == nil and 1 or -1
  elseif type(a) ~= type(b) then
    a, b = tostring(a), tostring(b)
  end
  return (a < b) ~= down and -1 or 1
end

local LAST <const> = { { field = "name", down = false }, { field = "profile", down = false },
  { field = "pipeline_id", down = false } }

--- Sort rows of pipelines. Rows that are the same in all keys are in the order of their names.
---@param list table[]
---@param keys? tarn.SortKey[] default: the names
---@return table[] list
function M.sort(list, keys)
  local all, values = {}, {}
  table.move(keys or {}, 1, #(keys or {}), 1, all)
  table.move(LAST, 1, #LAST, #all + 1, all)
  for _, row in ipairs(list) do
    local mine = {}
    for i, key in ipairs(all) do
      mine[i] = value_of(row, key.field)
    end
    values[row] = mine
  end
  table.sort(list, function(a, b)
    local x, y = values[a], values[b]
    for i, key in ipairs(all) do
      local order = compare(x[i], y[i], key.down)
      if order ~= 0 then
        return order < 0
      end
    end
    return false
  end)
  return list
end

return M
