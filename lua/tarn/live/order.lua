--- Which of two events happened later, in whatever order they came.

local events = require "tarn.events"

local M = {}

--- A field of what came from elsewhere, if it is a table; else an empty one.
---@param value any
---@param name string
---@return table
function M.part(value, name)
  local found = type(value) == "table" and value[name]
  return type(found) == "table" and found or {}
end

---@class tarn.Moment
---@field at integer  ms
---@field seq integer the control plane's number, 0 if there is none
---@field id string

--- When an event happened; nil if it does not say.
---@param event table
---@return tarn.Moment?
function M.of(event)
  local at = events.at(event)
  return at and { at = at, id = type(event.id) == "string" and event.id or "",
    seq = math.tointeger(tonumber(M.part(event, "sequence").control_plane_seq_no)) or 0 } or nil
end

--- True if `a` is later than `b`, or there is no `b`. At the same moment the higher rank is the
-- later one, and then the higher id: ids are in the order of time.
---@param a tarn.Moment
---@param b? tarn.Moment
---@param rank_a? number
---@param rank_b? number
---@return boolean
function M.is_later(a, b, rank_a, rank_b)
  if not b then
    return true
  elseif a.seq ~= b.seq and a.seq > 0 and b.seq > 0 then
    return a.seq > b.seq
  elseif a.at ~= b.at then
    return a.at > b.at
  elseif rank_a ~= rank_b then
    return rank_a > rank_b
  end
  return a.id > b.id
end

return M
