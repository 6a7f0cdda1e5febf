--- Lines of code that matter for a move to Unity Catalog. Pure: reads texts, and runs no code.

local M = {}

---@class tarn.CodeText
---@field path string
---@field language? string "PYTHON", "SQL", ...
---@field text string
---@field no_lines? boolean the text is a document, whose lines are not those that people see

---@class tarn.CodePlace
---@field path string
---@field line? integer
---@field text? string  the line

-- Comments that fill a line; a pipeline does not run the magic commands in them.
local COMMENT <const> = { PYTHON = "(\n[ \t]*)(#[^\n]*)", SQL = "(\n[ \t]*)(%-%-[^\n]*)" }

-- The text with its comments blanked, byte by byte, so that positions stay.
local function without_comments(code)
  local pattern = COMMENT[code.language]
  if not pattern then
    return code.text
  end
  return (("\n" .. code.text):gsub(pattern, function(before, comment)
    return before .. (" "):rep(#comment)
  end):sub(2))
end

local function place_of(code, at)
  if code.no_lines then
    return { path = code.path }
  end
  local _, ends = code.text:sub(1, at - 1):gsub("\n", "")
  local from = at
  while from > 1 and code.text:byte(from - 1) ~= 10 do
    from = from - 1
  end
  local line = code.text:match("^[^\n]*", from)
  return { path = code.path, line = ends + 1, text = line:match "^%s*(.-)%s*$" }
end

-- Add the places where `find(text, from)` finds something: it returns the first and the last
-- position, as string.find does.
local function add_places(list, code, text, find)
  local at, last = 1, nil
  while true do
    local from, to = find(text, at)
    if not from then
      return
    end
    local place = place_of(code, from)
    if not last or last.line ~= place.line then
      list[#list + 1], last = place, place
    end
    at = to + 1
  end
end

local function of_pattern(pattern)
  return function(text, at) return text:find(pattern, at) end
end

-- A name as a whole: not a part of a longer one, `hive_metastore.sales.orders` in that of
-- `sales.orders`.
local function of_name(name)
  return function(text, at)
    while true do
      local from, to = text:find(name, at, true)
      if not from then
        return nil
      elseif (from == 1 or not text:find("^[%w_.]", from - 1))
        and not text:find("^[%w_.]", to + 1) then
        return from, to
      end
      at = to + 1
    end
  end
end

--- The lines that have a name of a table, in any case and with or without back quotes.
---@param codes tarn.CodeText[]
---@param name string
---@return tarn.CodePlace[]
function M.name(codes, name)
  local list, wanted = {}, name:lower():gsub("`", "")
  for _, code in ipairs(codes) do
    -- a back quote becomes nothing, so that only lines can be told, not columns
    local plain = without_comments(code):lower():gsub("`", "")
    local lines = { path = code.path, no_lines = code.no_lines, text = plain }
    local from = #list + 1
    add_places(list, lines, plain, of_name(wanted))
    for i = from, #list do
      list[i].text = list[i].line and M.line(code.text, list[i].line)
    end
  end
  return list
end

--- A line of a text, without blanks at its ends.
---@param text string
---@param number integer
---@return string?
function M.line(text, number)
  local at = 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    at = at + 1
    if at == number then
      return line:match "^%s*(.-)%s*$"
    end
  end
end

-- The calls that define tables in Python, and those of decorators.
local DEFINES <const> = { table = true, create_table = true, create_streaming_table = true,
  create_streaming_live_table = true, create_target_table = true, materialized_view = true }

local function find_path_argument(text, at)
  while true do
    local from, to, word, arguments = text:find("%f[%w_]([%w_]+)%s*(%b())", at)
    if not from then
      return nil
    elseif DEFINES[word] and arguments:find "[(,]%s*path%s*=%s*[^=%s]" then
      local inner = arguments:find "%f[%w_]path%s*="
      local start = to - #arguments + inner
      return start, to
    end
    at = from + #word
  end
end

-- The lines that give a table a path of its own: `path =` in Python, LOCATION in SQL.
local function explicit_path(list, code, text)
  if code.language == "PYTHON" then
    add_places(list, code, text, find_path_argument)
  elseif code.language == "SQL" then
    add_places(list, code, text:lower(), of_pattern "%f[%w_]location%s+['\"]")
  end
end

local function merges_schema(text)
  return text:lower():find "mergeschema[\"']?%s*[,=>:]+%s*[\"']?true" ~= nil
end

-- Auto Loader with a place for its schema, in a file that does not merge schemas.
local function schema_location(list, code, text)
  if not merges_schema(text) then
    add_places(list, code, text, of_pattern "cloudFiles%.schemaLocation")
  end
end

local function kafka_group(list, code, text)
  add_places(list, code, text, of_pattern "kafka%.group%.id")
end

local function file_notifications(list, code, text)
  add_places(list, code, text,
    of_pattern "cloudFiles%.useNotifications[\"']%s*[,=>:]+%s*[\"']?[Tt]rue")
end

-- Formats of streams that the move can carry on.
local CARRIED <const> = { delta = true, cloudfiles = true, kafka = true, kinesis = true }
local FUNCTIONS <const> = { "read_pulsar", "read_pubsub" }

local function other_stream(list, code, text)
  add_places(list, code, text, function(all, at)
    while true do
      local from, to, format = all:find("readStream[%s\\]*%.%s*format%(%s*[\"']([%w_.-]+)[\"']", at)
      if not from or not CARRIED[format:lower()] then
        return from, to
      end
      at = to + 1
    end
  end)
  for _, name in ipairs(FUNCTIONS) do
    add_places(list, code, text, of_pattern("%f[%w_]" .. name .. "%s*%("))
  end
end

local RULES <const> = { explicit_path = explicit_path, schema_location = schema_location,
  kafka_group = kafka_group, file_notifications = file_notifications, other_stream = other_stream }

--- The names of the rules.
M.RULES = { "explicit_path", "schema_location", "kafka_group", "file_notifications",
  "other_stream" }

--- The places in code at which a limit of the move shows.
---@param codes tarn.CodeText[]
---@param rule "explicit_path"|"schema_location"|"kafka_group"|"file_notifications"|"other_stream"
---@return tarn.CodePlace[]
function M.places(codes, rule)
  local list = {}
  for _, code in ipairs(codes) do
    RULES[rule](list, code, without_comments(code))
  end
  return list
end

return M
