--- Reads by Spark: the session, its configuration, readers, SQL. Pure.

local collections = require "base.collections"
local frames = require "tarn.lineage.code.python.frames"
local queries = require "tarn.lineage.code.python.queries"
local values = require "tarn.lineage.code.python.values"

local M = {}

local SESSION <const> = { k = "session" }

--- A session.
M.session = SESSION

--- True for a name that by custom is a session.
---@param name string
---@return boolean
function M.is_session_name(name)
  return name:find "^_*spark$" ~= nil or name:lower():find "^_*spark_?session$" ~= nil
    or name == "sqlContext"
end

-- Formats whose `load` takes the path of files. For others it takes something else, or nothing.
local FILE_FORMATS <const> = { delta = true, parquet = true, json = true, csv = true, text = true,
  orc = true, avro = true, binaryfile = true, cloudfiles = true, xml = true, image = true,
  iceberg = true, ["com.databricks.spark.csv"] = true, excel = true }

-- Methods of a reader that read files of a format.
local FILE_METHODS <const> = { parquet = true, json = true, csv = true, text = true, orc = true,
  textFile = true, xml = true, avro = true, delta = true }

local function is_path(text)
  return text:find "^/" ~= nil or text:find "^%a[%w+.-]*:/" ~= nil
end

-- Add reads to the dataset that is being read, and make the frame of them.
local function frame_of(run, names, stream, line)
  local outside = {}
  for _, name in ipairs(names) do
    outside[#outside + 1] = run:read(name, line)
  end
  if run.reader then
    run.reader.streams = run.reader.streams or stream
  end
  return frames.new(stream, outside)
end

-- ---- tables ----

--- Read a table by its name.
---@param run tarn.PythonRun
---@param name? table value
---@param stream boolean
---@param line integer
---@return table frame
function M.table(run, name, stream, line)
  if not name then
    return frame_of(run, {}, stream, line)
  end
  local names, inherited = {}, { frames.new(stream) }
  for _, option in ipairs(values.options(name)) do
    local text = values.string(option)
    local view = text and run.views[text:lower()]
    if view then
      inherited[#inherited + 1] = view
    elseif text then
      local path = text:match "^%w+%.`([^`]+)`$"
      names[#names + 1] = path and is_path(path) and path or text
    else
      run:reason(line, "the name of a table is computed", values.why(option))
    end
  end
  inherited[#inherited + 1] = frame_of(run, names, stream, line)
  return frames.join(inherited)
end

-- ---- paths ----

local function add_path(run, value, names, line)
  if value.k == "list" then
    for _, item in ipairs(value.items) do
      add_path(run, item, names, line)
    end
    return
  end
  for _, option in ipairs(values.options(value)) do
    local text = values.string(option)
    if not text then
      run:reason(line, "a path is computed", values.why(option))
    elseif is_path(text) then
      names[#names + 1] = text
    else
      run:reason(line, ("the path %s is not a full one"):format(text))
    end
  end
end

--- Read files.
---@param run tarn.PythonRun
---@param path? table value
---@param stream boolean
---@param line integer
---@return table frame
function M.files(run, path, stream, line)
  local names = {}
  if path then
    add_path(run, path, names, line)
  end
  return frame_of(run, names, stream, line)
end

-- ---- readers ----

local function with(reader, fields)
  local copy = collections.copy(reader)
  for key, value in pairs(fields) do
    copy[key] = value
  end
  return copy
end

local function load(run, self, path, line)
  local format = self.format and values.string(self.format)
  path = path or self.path
  if self.format and not format or format and not FILE_FORMATS[format:lower()] then
    path = nil
  end
  return M.files(run, path, self.stream, line)
end

local READER = {}

function READER.format(_, self, args, named)
  return with(self, { format = args[1] or named.source })
end

function READER.option(_, self, args, named)
  local key = args[1] and values.string(args[1])
  return key == "path" and with(self, { path = args[2] or named.value }) or self
end

function READER.options(_, self, _, named)
  return named.path and with(self, { path = named.path }) or self
end

function READER.table(run, self, args, named, line)
  return M.table(run, args[1] or named.tableName, self.stream, line)
end

function READER.load(run, self, args, named, line)
  if named.format then
    self = with(self, { format = named.format })
  end
  return load(run, self, args[1] or named.path, line)
end

local function read(run, self, method, args, named, line)
  if READER[method] then
    return READER[method](run, self, args, named, line)
  elseif FILE_METHODS[method] then
    return M.files(run, args[1] or named.path or named.paths or self.path, self.stream, line)
  elseif method == "jdbc" then
    return frame_of(run, {}, self.stream, line)
  end
  return self
end

-- ---- the session ----

local CONF = {}

local function text_of(value)
  return values.is_known(value) and values.to_text(value) or value
end

function CONF.get(run, args, named)
  local key = args[1] or named.key
  local name = key and values.string(key)
  if not name then
    return values.unknown "the name of a parameter is computed"
  end
  local set = run.configuration[name]
  local configured = run.context.configuration[name]
  if set then
    return set
  elseif configured ~= nil then
    return values.text(tostring(configured))
  end
  return args[2] or named.default
    or values.unknown(("the configuration has no parameter '%s'"):format(name))
end

function CONF.set(run, args)
  local name = args[1] and values.string(args[1])
  if name and args[2] then
    run.configuration[name] = text_of(args[2])
  end
  return values.NONE
end

local SESSION_METHODS = {}

function SESSION_METHODS.table(run, args, named, line)
  return M.table(run, args[1] or named.tableName, false, line)
end

function SESSION_METHODS.sql(run, args, named, line)
  local query = args[1] or named.sqlQuery
  return query and queries.read(run, query, frames.all(args, named), named, line,
    frame_of) or values.NONE
end

local function made(_, args, named)
  return frames.join(frames.all(args, named)) or frames.new(false)
end

SESSION_METHODS.createDataFrame = made
SESSION_METHODS.range = made

for _, name in ipairs { "getOrCreate", "newSession", "builder", "appName", "config", "create",
  "enableHiveSupport", "getActiveSession", "active" } do
  SESSION_METHODS[name] = function() return SESSION end
end

--- An attribute of the session, a reader or the configuration.
---@param self table
---@param name string
---@return table value
function M.attribute(self, name)
  if self.k == "session" then
    if name == "read" or name == "readStream" then
      return { k = "reader", stream = name == "readStream" }
    elseif name == "conf" then
      return { k = "conf" }
    elseif name == "builder" or name == "sparkSession" then
      return SESSION
    end
  end
  return { k = "method", of = self, name = name }
end

--- Call a method of the session, a reader or the configuration.
---@param run tarn.PythonRun
---@param self table
---@param method string
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table value
function M.call(run, self, method, args, named, line)
  if self.k == "reader" then
    return read(run, self, method, args, named, line)
  elseif self.k == "conf" then
    local f = CONF[method]
    return f and f(run, args, named)
      or values.unknown(("what `conf.%s` returns is not known"):format(method))
  end
  local f = SESSION_METHODS[method]
  return f and f(run, args, named, line)
    or values.unknown(("what `spark.%s` returns is not known"):format(method))
end

return M
