--- The present state of a pipeline, from its row, its updates and the clock; and the JSON of GET
--- and list, cached until it changes.

local json = require "native.json"
local clock = require "sandbox.clock"
local errors = require "sandbox.http.errors"
local grants = require "sandbox.identity.grants"
local phases = require "sandbox.pipelines.phases"
local specs = require "sandbox.pipelines.spec"

local M = {}

local LATEST <const> = 5 -- updates in latest_updates
local FOREVER <const> = math.maxinteger

local UPDATES <const> = [[
SELECT id, created, ended, result, phases, cluster_id, mode FROM updates
WHERE pipeline_id = ? AND created <= ? ORDER BY created DESC, seq DESC LIMIT 5]]

local NEXT <const> = "SELECT min(created) AS at FROM updates WHERE pipeline_id = ? AND created > ?"

--- The state of an update's row at `now`, and the time at which it changes.
---@return string state, integer until_ms
function M.of_update(row, now)
  if row.ended and row.ended <= now then
    return row.result, FOREVER
  end
  local state, change = phases.at(row.phases, now)
  return state, change or FOREVER
end

local function newest(w, id, now)
  local updates = w.db:query(UPDATES, { id, now })
  local change = FOREVER
  for _, update in ipairs(updates) do
    local until_ms
    update.state, until_ms = M.of_update(update, now)
    update.over = update.ended ~= nil and update.ended <= now
    change = math.min(change, until_ms)
  end
  local ahead = w.db:find_row(NEXT, { id, now })
  return updates, math.min(change, ahead and ahead.at or FOREVER)
end

local function health_of(row, updates)
  if row.health then
    return row.health
  end
  for _, update in ipairs(updates) do
    if update.state == "COMPLETED" then
      return "HEALTHY"
    elseif update.state == "FAILED" then
      return "UNHEALTHY"
    end
  end
  return updates[1] and "HEALTHY" or nil
end

local function state_of(row, update)
  if row.state and not (update and update.created > row.state_at) then
    return row.state, row.cause
  elseif not update then
    return "IDLE"
  elseif update.over then
    if update.state == "FAILED" and update.mode == "CONTINUOUS" then
      return "FAILED", ("Update %s has failed."):format(update.id:sub(1, 6))
    end
    return "IDLE"
  end
  return phases.of_pipeline(update.state)
end

--- The present state of a pipeline.
---@param w table
---@param row table of table `pipelines`
---@return table { state, cause?, health?, cluster_id?, updates, until_ms }
function M.now(w, row)
  local now = w.clock:now()
  local updates, change = newest(w, row.id, now)
  local state, cause = state_of(row, updates[1])
  local active = updates[1] and not updates[1].over
  return {
    state = state,
    cause = cause,
    health = health_of(row, updates),
    cluster_id = active and state ~= "STARTING" and updates[1].cluster_id or nil,
    updates = updates,
    active = active and updates[1] or nil,
    until_ms = math.min(change, row.deleted or FOREVER),
  }
end

--- The active update of a pipeline, now or at another time; nil if there is none.
---@param w table
---@param id string
---@param at? integer
---@return table?
function M.find_active(w, id, at)
  local now = at or w.clock:now()
  local update = w.db:query(UPDATES, { id, now })[1]
  if update then
    update.state = M.of_update(update, now)
    return not (update.ended and update.ended <= now) and update or nil
  end
end

local function latest_text(now)
  local out = {}
  for i, update in ipairs(now.updates) do
    if i > LATEST then
      break
    end
    out[i] = ('{"creation_time":"%s","state":"%s","update_id":"%s"}'):format(
      clock.iso(update.created), update.state, update.id)
  end
  return "[" .. table.concat(out, ",") .. "]"
end

local function field(out, name, value)
  if value then
    out[#out + 1] = ('"%s":%s'):format(name, json.encode(value))
  end
end

-- The first fields of both get and list: the fields are sorted by name.
local function common(row, now)
  local out = {}
  field(out, "cause", now.cause)
  field(out, "cluster_id", now.cluster_id)
  field(out, "creator_user_name", row.creator)
  return out
end

local function get_text(row, now)
  local out = common(row, now)
  local spec = json.decode(row.spec)
  field(out, "effective_budget_policy_id", spec.budget_policy_id)
  field(out, "effective_publishing_mode", specs.find_publishing_mode(spec))
  field(out, "effective_serverless_compute_id", spec.serverless_compute_id)
  field(out, "health", now.health)
  out[#out + 1] = ('"last_modified":%d'):format(row.modified)
  if now.updates[1] or spec.storage then
    out[#out + 1] = '"latest_updates":' .. latest_text(now)
  end
  field(out, "name", row.name)
  if row.parameters then
    out[#out + 1] = '"parameters":' .. row.parameters
  end
  field(out, "pipeline_id", row.id)
  if row.run_as then
    out[#out + 1] = '"run_as":' .. row.run_as
  end
  field(out, "run_as_user_name", row.run_as_name)
  out[#out + 1] = '"spec":' .. row.spec
  field(out, "state", now.state)
  return "{" .. table.concat(out, ",") .. "}"
end

local function item_text(row, now)
  local out = common(row, now)
  if now.cause then
    table.remove(out, 1) -- a listing has no cause
  end
  field(out, "health", now.health)
  if now.updates[1] then
    out[#out + 1] = '"latest_updates":' .. latest_text(now)
  end
  field(out, "name", row.name)
  field(out, "pipeline_id", row.id)
  field(out, "run_as_user_name", row.run_as_name)
  field(out, "state", now.state)
  return "{" .. table.concat(out, ",") .. "}"
end

local function find_cached(w, kind, id)
  local cache, version = w.cache, w:version()
  if cache.version ~= version then
    cache.version, cache.get, cache.item = version, {}, {}
  end
  local entry = cache[kind][id]
  return entry and w.clock:now() < entry.until_ms and entry.text or nil
end

local function cached(w, kind, row, make)
  local now = M.now(w, row)
  local text = make(row, now)
  w.cache[kind][row.id] = { text = text, until_ms = now.until_ms }
  return text
end

--- The answer of GET for a pipeline, as JSON; nil if there is no such pipeline.
---@return string?
function M.find_get_text(w, id)
  local text = find_cached(w, "get", id)
  if text then
    return text
  end
  local row = M.find_row(w, id)
  return row and cached(w, "get", row, get_text)
end

--- The item of a listing for a pipeline, as JSON.
---@return string
function M.item_text(w, row)
  return find_cached(w, "item", row.id) or cached(w, "item", row, item_text)
end

--- The row of a pipeline that is not deleted, or nil.
---@return table?
function M.find_row(w, id)
  return w.db:find_row("SELECT * FROM pipelines WHERE id = ? AND ifnull(deleted > ?, 1)",
    { id, w.clock:now() })
end

--- The row of the pipeline that a request names; 404 if it does not exist, 403 if the caller does
-- not have that level.
---@param level string
---@return table
function M.check_row(w, req, level)
  local row = M.find_row(w, req.params.id)
  if not row then
    errors.missing("The specified pipeline %s was not found.", req.params.id)
  end
  grants.check_pipeline(w, req.principal, row, level)
  return row
end

return M
