local either = require "tarn.backend"
local ending = require("tarn.wait").outcome
local fault = require "base.fault"
local glob = require "base.glob"
local pipelines = require "tarn.pipelines"
local stopping = require "tarn.stop"
local time = require "base.time"
local updates = require "tarn.updates"
local updates_sql = require "tarn.updates.sql"

local MANY_SINCE <const> = "1d" -- of many pipelines nobody means all that was

local function words(text)
  local list = {}
  for word in (text or ""):gmatch "[^,%s]+" do
    list[#list + 1] = word
  end
  return list
end

-- A test for the API's words, of which several may be given with commas between them.
local function state_matcher(globs)
  if not globs then
    return nil
  end
  local tests = {}
  for i, word in ipairs(words(globs)) do
    tests[i] = glob.matcher(word)
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

-- What a row is asked for, of one pipeline or of many.
local function bounds(ctx, arg, many)
  local since = arg.since or many and MANY_SINCE or nil
  return { since = since and time.since(ctx.op, "--since", since), max = arg.max,
    matches = state_matcher(arg.state) }
end

local function sql_rows(ctx, arg, more)
  local limit = bounds(ctx, arg, more.name)
  return updates_sql.history(ctx.workspace, { pipeline = more.id, name = more.name,
    update = more.update, since = limit.since, max = limit.max, warehouse = arg.warehouse,
    states = arg.state and words(arg.state) or nil, warn = ctx.warn })
end

local function one_of_rest(ctx, arg)
  local found = ctx.workspace:pipeline(arg.pipeline)
  local active, over = stopping.find_update(ctx.workspace, found, arg.update)
  local row = updates.one(ctx.workspace, found.pipeline_id, (active or over).update_id)
  row.pipeline_id, row.name = found.pipeline_id, found.name
  if row.state == "FAILED" then
    row.causes = updates.read_causes(ctx.workspace, found.pipeline_id, row.update_id,
      { full = arg.full_errors })
  end
  return row
end

local function one_of_sql(ctx, arg)
  local id = pipelines.find_id(ctx.workspace, arg.pipeline)
  local rows = sql_rows(ctx, arg, { id = id, update = arg.update:lower() })
  local row, other = rows(), rows()
  if other then
    fault.usage(ctx.op, ("--update %s may be any of several updates"):format(arg.update),
      "say more of the id")
  end
  if row then
    row.pipeline_id, row.name = id, arg.pipeline
    return row
  end
  fault.not_found(ctx.op, ("the pipeline has no update %s"):format(arg.update),
    "`tarn updates` lists them; system tables know a new one after an hour")
end

-- The first row shows whether a source answers, before another one could be asked.
local function begun(next_row)
  local first = next_row()
  return function()
    local row = first
    first = row and next_row()
    return row
  end
end

local function history_of_rest(ctx, arg)
  local found = ctx.workspace:pipeline(arg.pipeline)
  return begun(updates.history(ctx.workspace, found.pipeline_id, bounds(ctx, arg)))
end

local function histories_of_rest(ctx, arg)
  local matches, next_row = glob.matcher(arg.pipeline), pipelines.rows(ctx.workspace)
  local rows, at = updates.histories(ctx.workspace, function()
    for row in next_row do
      if matches(row.name) then
        return row
      end
    end
  end, bounds(ctx, arg, true)), 0
  return function()
    at = at + 1
    return rows[at]
  end
end

local function ask(ctx, arg, rest, sql, many)
  return (either.ask(ctx.workspace, { which = arg.source, warehouse = arg.warehouse,
    warn = ctx.warn, many = many, rest = function() return rest(ctx, arg) end,
    sql = function() return sql(ctx, arg) end }))
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

local MANY_COLUMNS <const> = table.move(COLUMNS, 1, #COLUMNS, 2,
  { { "name", title = "PIPELINE" } })

return {
  summary = "Show the run history of a pipeline: when, how long, why it failed.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/updates" },
  returns = { any = {
    { { update_id = "string", state = "string", ["creation_time?"] = "integer|null",
    ["end_time?"] = "integer|null", ["duration_ms?"] = "integer|null", ["error?"] = "string|null",
    ["full_refresh?"] = "boolean", ["cause?"] = "string|null",
    ["phases?"] = { { state = "string", start_time = "integer",
      ["duration_ms?"] = "integer|null" } } } },
    { pipeline_id = "string", name = "string", update_id = "string", state = "string",
      ["causes?"] = "array" },
  } },
  details = [[
Newest first, all pages. Start, state, cause and selections are the API's; end, duration, phases
and error come from the event log, which reaches back less far: what it no longer knows is
empty. Updates that have the same request_id are attempts of one request: attempt 2 of attempts 3.

--update shows one of them, with the first cause of each flow that failed.

A pipeline with a * in it means all whose name matches, and the last day unless --since says
otherwise: 'tarn updates * --state failed'. --source sql takes the history from system tables, in
one statement however many pipelines: up to an hour late, and an update that has not ended by
then is UNKNOWN. --source auto asks the API for one pipeline and SQL for many, and the other one
where the first refuses; it starts no warehouse.]],
  args = {
    { "pipeline", "pipeline", "Id, name, unique beginning of the name, or a glob." },
    { "update", "string", "Only this one: its id, or six characters of it.", optional = true,
      value = "ID", of = "update" },
    { "since", "string", "Only those that began since then: 7d, 12h, or a date.",
      optional = true, value = "TIME" },
    { "state", "string", "Only those in one of these states (globs, with commas).",
      optional = true, value = "STATES" },
    { "max", "integer", "At most so many.", optional = true, min = 1, short = "n", value = "N" },
    { "full_errors", "flag", "With --update: causes with all their stacks." },
    either.SOURCE_ARG, either.WAREHOUSE_ARG,
  },
  examples = {
    { "updates 'Sales daily' --since 7d", "a week of it" },
    { "updates sales --state failed -n 5", "the newest failures, each with its reason" },
    { "updates sales --update 6fc8a8 --full-errors", "one of them, with stacks" },
    { "updates sales -o csv", "for a spreadsheet" },
    { "updates '*' --state failed --since 12h", "what failed anywhere last night" },
  },
  see = { "trigger", "wait", "get" },
  render = {
    columns = COLUMNS,
    fields = { "update_id", "state", "cause", "creation_time", "end_time", "duration_ms", "error",
      "full_refresh", "validate_only", "refresh_selection", "full_refresh_selection",
      "reset_checkpoint_selection", "parameters", "cancellation_cause", "cluster_id",
      "request_id", "attempt", "attempts", "phases", "source" },
  },

  run = function(ctx, arg)
    either.check(ctx.op, arg)
    if arg.update and (arg.since or arg.state or arg.max) then
      fault.usage(ctx.op, "--update names one update: it goes with no filter")
    end
    local many = arg.pipeline:find("*", 1, true) ~= nil
    if arg.update then
      if many then
        fault.usage(ctx.op, "--update names an update of one pipeline, not of many")
      end
      ctx.render = { text = ending.show }
      return ask(ctx, arg, one_of_rest, one_of_sql)
    elseif not many then
      return ask(ctx, arg, history_of_rest, function()
        return sql_rows(ctx, arg, { id = pipelines.find_id(ctx.workspace, arg.pipeline) })
      end)
    end
    ctx.render = { columns = MANY_COLUMNS }
    return ask(ctx, arg, histories_of_rest, function()
      return sql_rows(ctx, arg, { name = arg.pipeline })
    end, "of many pipelines the API takes some calls for each")
  end,
}
