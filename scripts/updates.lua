local ending = require "tarn.ending"
local failure = require "tarn.failure"
local fault = require "tarn.fault"
local glob = require "tarn.glob"
local stopping = require "tarn.stop"
local time = require "tarn.time"
local updates = require "tarn.updates"

-- A test for the API's words, of which several may be given with commas between them.
local function state_matcher(words)
  if not words then
    return nil
  end
  local tests = {}
  for word in words:gmatch "[^,%s]+" do
    tests[#tests + 1] = glob.matcher(word)
  end
  return function(update)
    for _, matches in ipairs(tests) do
      if matches(update.state or "") then
        return true
      end
    end
    return false
  end
end

local function one(ctx, arg, found)
  local active, over = stopping.find_update(ctx.workspace, found, arg.update)
  local row = updates.one(ctx.workspace, found.pipeline_id, (active or over).update_id)
  row.pipeline_id, row.name = found.pipeline_id, found.name
  if row.state == "FAILED" then
    row.causes = failure.read(ctx.workspace, found.pipeline_id, row.update_id,
      { full = arg.full_errors })
  end
  return row
end

local function history(ctx, arg, found)
  return updates.history(ctx.workspace, found.pipeline_id, {
    since = arg.since and time.since(ctx.op, "--since", arg.since), max = arg.max,
    matches = state_matcher(arg.state),
  })
end

local function duration_text(ms)
  return math.type(ms) == "integer" and updates.span(ms) or "-"
end

-- What was asked for beyond a plain refresh of everything.
local function selection_text(_, row)
  local parts = {}
  local function add(word, list)
    if type(list) == "table" and #list > 0 then
      parts[#parts + 1] = word .. table.concat(list, ",")
    end
  end
  parts[1] = row.validate_only and "validate" or row.full_refresh and "full refresh" or nil
  add("", row.refresh_selection)
  add("full: ", row.full_refresh_selection)
  add("reset: ", row.reset_checkpoint_selection)
  return #parts > 0 and table.concat(parts, "; ") or "all"
end

-- So much of an id tells one update from another; every option that takes an id takes it.
local SHORT <const> = 8

local COLUMNS <const> = {
  { "update_id", title = "UPDATE", text = function(id) return id:sub(1, SHORT) end },
  { "creation_time", title = "STARTED", align = "left" },
  { "state" },
  { "duration_ms", title = "DURATION", align = "right", text = duration_text },
  { "error" },
  { "cause" },
  { "full_refresh", title = "WHAT", text = selection_text },
  { "phases", text = function(phases) return updates.phase_text(phases) end },
}

return {
  summary = "Show the run history of a pipeline: when, how long, why it failed.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/updates" },
  details = [[
Newest first, all pages. Start, state, cause and selections are the API's; end, duration, phases
and error come from the event log, which reaches back less far: what it no longer knows is
empty. Updates that have the same request_id are attempts of one request.

--update shows one of them, with the first cause of each flow that failed.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "update", "string", "Only this one: its id, or six characters of it.", optional = true,
      value = "ID", of = "update" },
    { "since", "string", "Only those that began since then: 7d, 12h, or a date.",
      optional = true, value = "TIME" },
    { "state", "string", "Only those in one of these states (globs, with commas).",
      optional = true, value = "STATES" },
    { "max", "integer", "At most so many.", optional = true, min = 1, short = "n", value = "N" },
    { "full_errors", "flag", "With --update: causes with all their stacks." },
  },
  examples = {
    { "updates 'Sales daily' --since 7d", "a week of it" },
    { "updates sales --state failed -n 5", "the newest failures, each with its reason" },
    { "updates sales --update 6fc8a8 --full-errors", "one of them, with stacks" },
    { "updates sales -o csv", "for a spreadsheet" },
  },
  see = { "trigger", "wait", "get" },
  render = {
    columns = COLUMNS,
    fields = { "update_id", "state", "cause", "creation_time", "end_time", "duration_ms", "error",
      "full_refresh", "validate_only", "refresh_selection", "full_refresh_selection",
      "reset_checkpoint_selection", "parameters", "cancellation_cause", "cluster_id",
      "request_id", "phases" },
  },

  run = function(ctx, arg)
    if arg.update and (arg.since or arg.state or arg.max) then
      fault.usage(ctx.op, "--update names one update: it goes with no filter")
    end
    local found = ctx.workspace:pipeline(arg.pipeline)
    if arg.update then
      ctx.render = { text = ending.show }
      return one(ctx, arg, found)
    end
    return history(ctx, arg, found)
  end,
}
