--- The order of events: which of two events is the later one.

local events = require "tarn.events"

local M = {}

--- A field of a value from the API, if it is a table; else an empty table.
---@param value any
---@param name string
---@return table
function M.part(value, name)
  local found = type(value) == "table" and value[name]
  return type(found) == "table" and found or {}
end

---@class tarn.EventOrder
---@field at integer  ms
---@field seq integer sequence number of the control plane, 0 if there is none
---@field id string

--- The place of an event in the order; nil if it has no timestamp.
---@param event table
---@return tarn.EventOrder?
function M.of(event)
  local at = events.at(event)
  return at and { at = at, id = type(event.id) == "string" and event.id or "",
    seq = math.tointeger(tonumber(M.part(event, "sequence").control_plane_seq_no)) or 0 } or nil
end

--- True if `a` is later than `b`, or if `b` is nil. At the same time the one with the higher rank
-- is later, then the one with the higher id, since ids are in the order of time.
---@param a tarn.EventOrder
---@param b? tarn.EventOrder
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
