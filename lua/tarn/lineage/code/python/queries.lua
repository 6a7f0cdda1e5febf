--- SQL in Python: the text of `spark.sql(...)`, in which parts may be unknown. Pure.

local collections = require "base.collections"
local frames = require "tarn.lineage.code.python.frames"
local sql = require "tarn.lineage.code.sql"
local values = require "tarn.lineage.code.python.values"

local M = {}

-- Stands in the text for what is not known. No table has such a name.
local MARK <const> = "tarn_unknown_"

-- The text with marks for its holes, and the holes.
local function marked(text)
  local out, holes = {}, {}
  for i, part in ipairs(text.parts) do
    if type(part) == "string" then
      out[i] = part
    else
      holes[#holes + 1] = part.hole
      out[i] = ("%s%d_"):format(MARK, #holes)
    end
  end
  return table.concat(out), holes
end

-- Take out string literals and comments: what is in them is no name.
local function without_literals(text)
  return (text:gsub("%-%-[^\n]*", ""):gsub("/%*.-%*/", ""):gsub("'[^']*'", "''")
    :gsub('"[^"]*"', '""'))
end

-- `{name}` in the text stands for an argument of that name: a frame, or a value.
local function put_arguments(run, text, named)
  return (text:gsub("{([%a_][%w_]*)}", function(name)
    local value = named[name]
    if not value then
      return nil
    elseif frames.join { value } then
      run.views[MARK .. name] = frames.join { value }
      return MARK .. name
    end
    local known = values.string(value)
    return known and "'" .. known:gsub("'", "''") .. "'" or "NULL"
  end))
end

-- Parameters by name, for statements that name a table by a parameter.
local function parameters(args)
  local map = {}
  for _, value in ipairs(args) do
    for _, entry in ipairs(value.k == "dict" and value.entries or {}) do
      local key, text = values.string(entry[1]), values.string(entry[2])
      if key and text then
        map[key] = text
      end
    end
  end
  return map
end

local function context_of(run, args, line)
  local context = collections.copy(run.context)
  context.line = (context.line or 0) + line - 1
  context.parameters = parameters(args)
  return context
end

local function read_text(run, text, all, named, line, frame_of)
  local source, holes = marked(text)
  source = put_arguments(run, source, named)
  local inputs, reasons = sql.reads(source, context_of(run, all, line))
  local names, inherited, said = {}, {}, {}
  for _, input in ipairs(inputs) do
    local view = run.views[input:lower()]
    local hole = input:match(MARK .. "(%d+)_")
    if view then
      inherited[#inherited + 1] = view
    elseif hole then
      said[tonumber(hole)] = true
      run:reason(line, "the name of a table is computed", values.why(holes[tonumber(hole)]))
    else
      names[#names + 1] = input
    end
  end
  for _, reason in ipairs(reasons) do
    if not reason:find(MARK, 1, true) then
      run:say(reason)
    end
  end
  local bare = without_literals(source)
  for i, hole in ipairs(holes) do
    if not said[i] and bare:find(("%s%d_"):format(MARK, i), 1, true) then
      run:reason(line, "a statement is computed", values.why(hole))
    end
  end
  local stream = source:upper():find "%f[%w_]STREAM%f[^%w_]" ~= nil
  inherited[#inherited + 1] = frame_of(run, names, stream, line)
  return frames.join(inherited)
end

-- The name and the query of a temporary view that a statement creates.
local function temporary_view(text)
  local first = text.parts[1]
  if type(first) ~= "string" then
    return nil
  end
  local _, stop = first:upper():find "^%s*CREATE%s+[%sA-Z]*TEMP[%sA-Z]*VIEW%s+"
  local name, query = first:match("^([%w_.`]+)%s+[aA][sS]%s+(.*)$", stop and stop + 1 or #first + 1)
  if name then
    return name:gsub("`", ""), { k = "text", parts = table.move(text.parts, 2, #text.parts, 2,
      { query }) }
  end
end

-- Read a query, or the query of a temporary view, which later ones read by its name.
local function read_statement(run, text, ...)
  local name, query = temporary_view(text)
  local frame = read_text(run, query or text, ...)
  if name then
    run.views[name:lower()] = frame
  end
  return frame
end

--- Read the tables of a statement.
---@param run tarn.PythonRun
---@param query table value
---@param all table[] all arguments
---@param named table<string, table>
---@param line integer
---@param frame_of fun(run: tarn.PythonRun, names: string[], stream: boolean, line: integer): table
---@return table frame
function M.read(run, query, all, named, line, frame_of)
  local result = { frames.new(false) }
  for _, option in ipairs(values.options(query)) do
    if option.k == "text" then
      result[#result + 1] = read_statement(run, option, all, named, line, frame_of)
    else
      run:reason(line, "a statement is computed", values.why(option))
    end
  end
  return frames.join(result)
end

return M
