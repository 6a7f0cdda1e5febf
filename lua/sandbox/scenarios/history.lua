--- Updates of the past days: for scenarios.
--
-- A history, such as "24 CCF", has the hours between updates and a letter for each update from the
-- oldest to the newest: C completed, F failed in a flow, E failed by an expectation, X canceled;
-- the newest may also be R running, W waiting for resources, or U in a full refresh.

local errors = require "sandbox.http.errors"
local ids = require "sandbox.ids"
local people = require "sandbox.identity.people"
local updates = require "sandbox.pipelines.updates"

local M = {}

local HOUR <const>, MINUTE <const> = 3600000, 60000
local DETAILED <const> = 2 -- the newest updates that have all of their events

-- The progress of the newest update, as a part of its duration, and its duration in ms.
local UNDER_WAY <const> = {
  R = { 0.75, 160 * MINUTE }, W = { 0.12, 240 * MINUTE }, U = { 0.24, 200 * MINUTE },
}

local FAILS <const> = { F = "flow", E = "expectation" }

local function plan_of(row, letter, number, continuous)
  local total = (3 + ids.pick(number, 18)) * MINUTE + ids.pick(number + 1, MINUTE)
  local offset
  local under_way = UNDER_WAY[letter]
  if under_way and not continuous then
    total = under_way[2]
    offset = math.floor(under_way[1] * total)
  end
  return {
    id = ids.fixed(7, ids.hash(row.id) + number), total = total, fail = FAILS[letter],
    full_refresh = letter == "U" or nil,
    cause = (under_way or letter == "X") and "USER_ACTION" or "JOB_TASK",
  }, offset
end

--- Give a pipeline its history; inside of a transaction.
---@param w table
---@param row table of table `pipelines`
---@param text string the history
---@param number integer makes the times differ from those of other pipelines
function M.add(w, row, text, number)
  local hours, letters = text:match "^(%d+) (%u+)$"
  local step, count = tonumber(hours) * HOUR, #letters
  local continuous = errors.decode(row.spec).continuous
  local last = continuous and step
    or (20 + ids.pick(number, math.min(tonumber(hours) * 50, 600))) * MINUTE
  local user = people.find(w.people, row.creator) or w.principal
  local previous
  for i = 1, count do
    local letter = letters:sub(i, i)
    local request, offset = plan_of(row, letter, number * 100 + i, continuous)
    request.start = w.clock:now() - (i == count and offset or last + (count - i) * step // 1)
    request.brief = i <= count - DETAILED or nil
    request.datasets, request.steps = previous and previous.datasets, previous and previous.steps
    local _, run = updates.begin(w, row, request,
      request.cause == "USER_ACTION" and user or nil)
    previous = run
    if letter == "X" then
      updates.cancel(w, row, user, request.start + request.total * 7 // 10)
    end
  end
end

return M
