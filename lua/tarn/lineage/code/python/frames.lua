--- Frames of Spark and what is made from them. Pure.

local values = require "tarn.lineage.code.python.values"

local M = {}

local MOST_SEARCHED <const> = 200

--- A frame.
---@param stream? boolean
---@param outside? table[] reads outside of a dataset's function that it is made from
---@return table
function M.new(stream, outside)
  return { k = "frame", stream = stream or false, outside = outside or {} }
end

-- Call a function with each frame in some values, also inside of lists and objects.
local function find(list, found, f)
  for _, value in ipairs(list) do
    found.n = found.n + 1
    if found.n > MOST_SEARCHED then
      return
    elseif value.k == "frame" then
      f(value)
    elseif value.k == "list" then
      find(value.items, found, f)
    elseif value.k == "any" then
      find(value.options, found, f)
    elseif value.k == "dict" then
      for _, entry in ipairs(value.entries) do
        find({ entry[2] }, found, f)
      end
    elseif value.k == "method" then
      find({ value.of }, found, f)
    end
  end
end

--- The frame that is made from those among some values; nil if there is none.
---@param list table[]
---@return table? frame
function M.join(list)
  local stream, outside, any = false, {}, false
  local seen = {}
  find(list, { n = 0 }, function(frame)
    any, stream = true, stream or frame.stream
    for _, record in ipairs(frame.outside) do
      if not seen[record] then
        seen[record] = true
        outside[#outside + 1] = record
      end
    end
  end)
  return any and M.new(stream, outside) or nil
end

--- The values of arguments, in one list.
---@param args table[]
---@param named table<string, table>
---@return table[]
function M.all(args, named)
  local list = table.move(args, 1, #args, 1, {})
  for _, value in pairs(named) do
    list[#list + 1] = value
  end
  return list
end

-- Methods whose results are rows or facts, not frames.
local ENDS <const> = { collect = true, count = true, first = true, head = true, take = true,
  isEmpty = true, toPandas = true, toLocalIterator = true, tail = true, columns = true,
  schema = true, dtypes = true, isStreaming = true, asDict = true, toJSON = true }

-- Methods whose first argument is another frame.
local JOINS <const> = { join = true, crossJoin = true, union = true, unionAll = true,
  unionByName = true, intersect = true, intersectAll = true, subtract = true, exceptAll = true }

local VIEWS <const> = { createOrReplaceTempView = true, createTempView = true,
  registerTempTable = true, createOrReplaceGlobalTempView = true, createGlobalTempView = true }

-- Methods whose results have `count` and the like as aggregations.
local GROUPS <const> = { groupBy = true, groupby = true, rollup = true, cube = true, pivot = true,
  groupingSets = true }

--- True for an attribute that is no method and no frame.
---@param name string
---@return boolean
function M.is_fact(name)
  return name == "columns" or name == "schema" or name == "dtypes" or name == "isStreaming"
end

--- Call a method of a frame.
---@param run tarn.PythonRun
---@param self table frame
---@param name string
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table value
function M.call(run, self, name, args, named, line)
  if name == "transform" and args[1] then
    local rest = table.move(args, 2, #args, 2, { self })
    local result = run:call(args[1], rest, named, line)
    return M.join { self, result } or self
  elseif VIEWS[name] then
    local view = values.string(args[1] or named.name)
    if view then
      run.views[view:lower()] = self
      run.views["global_temp." .. view:lower()] = self
    end
    return values.NONE
  elseif ENDS[name] and not self.grouped then
    return values.unknown "the rows of a table are not known"
  end
  local other = args[1] or named.other
  if JOINS[name] and other and not M.join { other } then
    run:reason(line, "what is joined is not known", values.why(other))
  end
  local list = M.all(args, named)
  list[#list + 1] = self
  local result = M.join(list)
  result.grouped = GROUPS[name]
  return result
end

return M
