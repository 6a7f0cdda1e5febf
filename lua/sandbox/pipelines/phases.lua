--- The phases of an update as text: `QUEUED@1755600000000,RUNNING@1755600004000,...`.
--
-- All phases are planned when the update starts, with times in the future. The state of the update
-- is the last phase that has begun. So an update goes on while no process runs.

local M = {}

local OF_PIPELINE <const> = {
  CREATED = "STARTING", QUEUED = "STARTING", WAITING_FOR_RESOURCES = "STARTING",
  INITIALIZING = "STARTING", RESETTING = "RESETTING", SETTING_UP_TABLES = "RUNNING",
  RUNNING = "RUNNING", STOPPING = "STOPPING",
}

--- The phases as a list of { state, at }.
---@param text string
---@return table[]
function M.list(text)
  local list = {}
  for state, at in text:gmatch "([^@,]+)@(%d+)" do
    list[#list + 1] = { state = state, at = math.tointeger(tonumber(at)) }
  end
  return list
end

---@param list table[]
---@return string
function M.text(list)
  local out = {}
  for i, phase in ipairs(list) do
    out[i] = ("%s@%d"):format(phase.state, phase.at)
  end
  return table.concat(out, ",")
end

--- The state at `now`, and when it changes next (nil: no change is planned).
---@param text string
---@param now integer
---@return string state, integer? until_ms
function M.at(text, now)
  local current
  for state, at in text:gmatch "([^@,]+)@(%d+)" do
    at = math.tointeger(tonumber(at))
    if current and at > now then
      return current, at
    end
    current = state
  end
  return current
end

--- The state of the pipeline while its update is in that state.
---@param state string
---@return string
function M.of_pipeline(state)
  return OF_PIPELINE[state] or "RUNNING"
end

return M
