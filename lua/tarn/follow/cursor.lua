--- Cursors: how far the event log of a pipeline was read, and the ids of its newest known events.

local collections = require "base.collections"
local fault = require "base.fault"
local fs = require "native.fs"
local json = require "native.json"
local time = require "base.time"

local M = {}

---@class tarn.EventCursor
---@field at? integer     ms: the log was read up to this time
---@field floor integer   ms: all ids from this time on are remembered
local Cursor = {}
Cursor.__index = Cursor

local LAST <const> = 253402300799 -- seconds: the last timestamp that can be written, in 9999

local function is_second(number)
  return number ~= nil and number >= 0 and number <= LAST
end

local function is_time(text)
  local ms = type(text) == "string" and time.find_iso(text) or nil
  return is_second(ms and ms // 1000)
end

-- Why a value cannot be a result of `Cursor:saved`; nil if it can.
local function find_damage(saved)
  if type(saved) ~= "table" then
    return "is not an object"
  end
  for _, name in ipairs { "at", "floor" } do
    local value = saved[name]
    if (value ~= nil or name == "floor") and not is_time(value) then
      return ("has no time in '%s'"):format(name)
    end
  end
  if saved.seen ~= nil and type(saved.seen) ~= "table" then
    return "has no object in 'seen'"
  end
  for second, ids in pairs(saved.seen or {}) do
    if not is_second(math.tointeger(tonumber(second))) or type(ids) ~= "table" then
      return "has no lists by second in 'seen'"
    end
    for key, id in pairs(ids) do
      if math.type(key) ~= "integer" or type(id) ~= "string" then
        return "has an id in 'seen' that is not a text"
      end
    end
  end
end

--- A cursor.
---@param saved? table result of `Cursor:saved`, checked by `load`; nil: nothing was read yet
---@return tarn.EventCursor
function M.new(saved)
  local c = setmetatable({ floor = 0, seconds = {}, count = 0 }, Cursor)
  if saved then
    c.at, c.floor = saved.at and time.find_iso(saved.at), time.find_iso(saved.floor) or 0
    for second, ids in pairs(saved.seen or {}) do
      for _, id in ipairs(ids) do
        c:add(id, math.tointeger(second) * 1000)
      end
    end
  end
  return c
end

--- The cursor as a value for JSON.
---@return table
function Cursor:saved()
  local seen = {}
  for second, ids in pairs(self.seconds) do
    local list = json.array {}
    for id in pairs(ids) do
      list[#list + 1] = id
    end
    table.sort(list)
    seen[("%d"):format(second)] = list
  end
  return { at = self.at and time.iso(self.at), floor = time.iso(self.floor), seen = seen }
end

function Cursor:has(id, ms)
  local ids = self.seconds[ms // 1000]
  return ids ~= nil and ids[id] == true
end

function Cursor:add(id, ms)
  local second = ms // 1000
  local ids = self.seconds[second]
  if not ids then
    ids = {}
    self.seconds[second] = ids
  end
  if not ids[id] then
    ids[id] = true
    self.count = self.count + 1
  end
end

--- Set the time up to which the log was read; it never moves backwards.
function Cursor:advance(ms)
  self.at = math.max(self.at or ms, ms)
end

function Cursor:drop(second)
  for _ in pairs(self.seconds[second]) do
    self.count = self.count - 1
  end
  self.seconds[second] = nil
  self.floor = math.max(self.floor, (second + 1) * 1000)
end

--- Forget the ids from before `ms`, and the oldest ids until at most `limit` are left.
---@param ms integer
---@param limit? integer
function Cursor:trim(ms, limit)
  local list = collections.keys(self.seconds)
  for i = 1, #list - 1 do
    if (list[i] + 1) * 1000 > ms and (not limit or self.count <= limit) then
      break
    end
    self:drop(list[i])
  end
end

-- ---- in a file ----

--- The cursors in a file, by pipeline id; an empty table if the file does not exist.
---@param op string for faults
---@param path string
---@param ws tarn.WorkspaceClient
---@return table<string, table>
function M.load(op, path, ws)
  local text = fs.find_read(path)
  if not text then
    return {}
  end
  local function refuse(why)
    fault.raise { kind = "parse", op = op,
      message = ("%s is not a cursor file%s"):format(path, why and ": " .. why or ""),
      hint = "name another file, or remove this one to begin anew" }
  end
  local ok, state = pcall(json.decode, text)
  if not ok or type(state) ~= "table" or type(state.pipelines) ~= "table" then
    refuse()
  elseif state.workspace ~= ws:key() then
    fault.usage(op, ("%s is a cursor of %s, not of %s"):format(path, tostring(state.workspace),
      ws:key()), "use a file for each workspace")
  end
  for id, saved in pairs(state.pipelines) do
    local why = find_damage(saved)
    if why then
      refuse(("pipelines[%q] %s"):format(id, why))
    end
  end
  return state.pipelines
end

--- Save cursors in a file, which is replaced as a whole.
---@param path string
---@param ws tarn.WorkspaceClient
---@param saved table<string, table>
function M.save(path, ws, saved)
  fs.write(path, json.encode { version = 1, workspace = ws:key(), pipelines = saved } .. "\n",
    { mode = 384 })
end

return M
