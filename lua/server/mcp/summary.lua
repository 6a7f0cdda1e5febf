--- The short text beside the structured result of a tool: what a person reads in a chat, and an
-- assistant that is given no more than texts.

local json = require "native.json"
local rows = require "output.render.rows"
local screen = require "output.screen"

local M = {}

local ROWS <const> = 20    -- rows in the text
local FIELDS <const> = 12  -- members of an object in the text
local LENGTH <const> = 200 -- bytes of a value

local function short(value)
  local text
  if type(value) == "table" then
    text = json.is_array(value) and ("%d items"):format(#value) or json.encode(value)
  elseif value == nil or value == json.null then
    return "-"
  else
    text = tostring(value)
  end
  text = screen.clean(text)
  return #text > LENGTH and text:sub(1, LENGTH):gsub("[\x80-\xff]*$", "") .. "..." or text
end

-- The fields that a table of the command has on a terminal.
local function columns_of(render)
  local names = {}
  for _, column in ipairs(render and render.columns or {}) do
    names[#names + 1] = type(column) == "table" and column[1] or column
  end
  return names
end

local function line_of(row, columns)
  if type(row) ~= "table" then
    return short(row)
  end
  local cells = {}
  for i, name in ipairs(columns) do
    cells[i] = short(rows.find_field(row, name))
  end
  return #cells > 0 and table.concat(cells, " | ") or short(row)
end

local function of_rows(lines, tool, list, more)
  local render = tool.route.script.render
  local total = #list + (more or 0)
  local noun = render and render.noun or "row"
  lines[#lines + 1] = ("%d %s%s"):format(total, noun, total == 1 and "" or "s")
  local columns = columns_of(render)
  if #list > 0 and #columns > 0 then
    lines[#lines + 1] = table.concat(columns, " | ")
  end
  for i = 1, math.min(#list, ROWS) do
    lines[#lines + 1] = line_of(list[i], columns)
  end
  if #list > ROWS then
    lines[#lines + 1] = ("and %d more in the structured result"):format(#list - ROWS)
  end
  if more then
    lines[#lines + 1] = ("%d rows are left out: narrower arguments show them"):format(more)
  end
end

local function of_object(lines, data)
  local names = {}
  for name in pairs(data) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i = 1, math.min(#names, FIELDS) do
    lines[#lines + 1] = ("%s: %s"):format(names[i], short(data[names[i]]))
  end
  if #names > FIELDS then
    lines[#lines + 1] = ("and %d more members in the structured result"):format(#names - FIELDS)
  end
end

--- The text for a result.
---@param tool table
---@param content table the structured result
---@param served tarn.Served
---@return string
function M.text(tool, content, served)
  local lines = {}
  if served.partial then
    lines[1] = "This is not all: something could not be read; `problems` says what and why."
  end
  if served.outcome ~= "done" then
    lines[#lines + 1] = ("outcome: %s"):format(served.outcome)
  end
  for _, warning in ipairs(served.warnings) do
    lines[#lines + 1] = "warning: " .. screen.clean(warning)
  end
  local data = content
  if tool.is_wrapped then
    data = content.result
  end
  if type(data) == "table" and json.is_array(data) then
    of_rows(lines, tool, data, content.more)
  elseif type(data) == "table" then
    of_object(lines, data)
  else
    lines[#lines + 1] = short(data)
  end
  return table.concat(lines, "\n")
end

return M
