--- Days of updates before now: for scenarios.
--
-- A history is hours between runs and a letter for each of them, from the oldest to the
-- newest: C completed, F failed in a flow, E failed by an expectation, X canceled; and for
-- the newest R running, W waiting for resources, U in the middle of a full refresh.

local errors = require "sandbox.http.errors"
local ids = require "sandbox.ids"
local people = require "sandbox.identity.people"
local updates = require "sandbox.pipelines.updates"

local M = {}

local HOUR <const>, MINUTE <const> = 3600000, 60000
local DETAILED <const> = 2 -- so many of the newest runs have all of their events

-- How far the newest run is, in parts of its length, and how long that is.
local UNDER_WAY <const> = {
  R = { 0.75, 160 * MINUTE }, W = { 0.12, 240 * MINUTE }, U = { 0.24, 200 * MINUTE },
}

local FAILS <const> = { F = "flow", E = "expectation" }

local function plan_of(row, letter, number, continuous)
  local total = (3 + ids.pick(number, 18)) * MINUTE + ids.pick(number + 1, 60000)
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
---@param text string
---@param number integer makes it differ from that of others
function M.add(w, row, text, number)
  local hours, letters = text:match "^(%d+) (%u+)$"
  local step, count = tonumber(hours) * HOUR, #letters
  local continuous = errors.decode(row.spec).continuous
  local last = continuous and step
    or (20 + ids.pick(number, math.min(tonumber(hours) * 50, 600))) * MINUTE
  local someone = people.find(w.people, row.creator) or w.principal
  local kept
  for i = 1, count do
    local letter = letters:sub(i, i)
    local ask, offset = plan_of(row, letter, number * 100 + i, continuous)
    ask.start = w.clock:now() - (i == count and offset or last + (count - i) * step // 1)
    ask.brief = i <= count - DETAILED or nil
    ask.datasets, ask.steps = kept and kept.datasets, kept and kept.steps
    local _, run = updates.begin(w, row, ask, ask.cause == "USER_ACTION" and someone or nil)
    kept = run
    if letter == "X" then
      updates.cancel(w, row, someone, ask.start + ask.total * 7 // 10)
    end
  end
end

return M
