--- Where we are in the event log of a pipeline: up to when it was read, and which events from
-- shortly before that were given; and how that is kept in a file.

local fault = require "base.fault"
local fs = require "native.fs"
local json = require "native.json"
local time = require "base.time"

local M = {}

---@class tarn.EventCursor
---@field at? integer     ms: read up to here
---@field floor integer   ms: from here on all ids are remembered
local Cursor = {}
Cursor.__index = Cursor

local LAST <const> = 253402300799 -- seconds: what can be written as a time ends here, in 9999

local function is_second(number)
  return number ~= nil and number >= 0 and number <= LAST
end

local function is_time(text)
  local ms = type(text) == "string" and time.find_iso(text) or nil
  return is_second(ms and ms // 1000)
end

-- Why a value is not what `Cursor:saved` gives; nil if it is.
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

--- A cursor; `saved` is what `Cursor:saved` gave, checked by `load`.
---@param saved? table
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

--- As a value for JSON.
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

--- Never backwards.
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

--- Forget the ids from before `ms`, and the oldest of what is more than `limit`.
---@param ms integer
---@param limit? integer
function Cursor:trim(ms, limit)
  local list = {}
  for second in pairs(self.seconds) do
    list[#list + 1] = second
  end
  table.sort(list)
  for i = 1, #list - 1 do
    if (list[i] + 1) * 1000 > ms and (not limit or self.count <= limit) then
      break
    end
    self:drop(list[i])
  end
end

-- ---- in a file ----

--- The cursors in a file: by pipeline id; none if there is no such file.
---@param op string
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
      message = ("%s holds no cursor of events%s"):format(path, why and ": " .. why or ""),
      hint = "name another file, or remove it to begin anew" }
  end
  local ok, state = pcall(json.decode, text)
  if not ok or type(state) ~= "table" or type(state.pipelines) ~= "table" then
    refuse()
  elseif state.workspace ~= ws:key() then
    fault.usage(op, ("%s is the cursor of %s, not of %s"):format(path, tostring(state.workspace),
      ws:key()), "a file for each workspace")
  end
  for id, saved in pairs(state.pipelines) do
    local why = find_damage(saved)
    if why then
      refuse(("pipelines[%q] %s"):format(id, why))
    end
  end
  return state.pipelines
end

--- Write cursors; the file is replaced as a whole.
---@param path string
---@param ws tarn.WorkspaceClient
---@param saved table<string, table>
function M.save(path, ws, saved)
  fs.write(path, json.encode { version = 1, workspace = ws:key(), pipelines = saved } .. "\n",
    { mode = 384 })
end

return M
