local backend = require "tarn.backend"
local collections = require "base.collections"
local fault = require "base.fault"
local formats = require "output.formats"
local glob = require "base.glob"
local pipelines = require "tarn.pipelines"
local stop = require "tarn.stop"
local suggestion = require "base.suggestion"
local time = require "base.time"
local updates = require "tarn.updates"
local url = require("tarn.workspace").url.update
local wait = require "tarn.wait"

local DAY_MS <const> = 86400000 -- of many pipelines, the updates of a day are shown by default

-- A test for states: one of several globs, separated by commas.
local function state_matcher(globs)
  if not globs then
    return nil
  end
  local matches = glob.any(collections.words(globs))
  return function(update) return matches(update.state or "") end
end

-- The limits of a history, from the arguments.
local function limits(ctx, arg, many)
  local since, last = time.range(ctx.op, arg.since, arg["until"])
  if many and not since then
    since = (last or time.now()) - DAY_MS
  end
  return { since = since, until_ms = last, max = arg.max, matches = state_matcher(arg.state) }
end

local function sql_rows(ctx, arg, more)
  local limit = limits(ctx, arg, more.name)
  return require("tarn.updates.sql").history(ctx.workspace, { pipeline = more.id, name = more.name,
    update = more.update, since = limit.since, until_ms = limit.until_ms, max = limit.max,
    warehouse = arg.warehouse,
    states = arg.state and collections.words(arg.state) or nil, warn = ctx.warn })
end

local function one_of_rest(ctx, arg)
  local found = ctx.workspace:pipeline(arg.pipeline)
  local active, over = stop.find_update(ctx.workspace, found, arg.update)
  local row = updates.one(ctx.workspace, found.pipeline_id, (active or over).update_id)
  row.pipeline_id, row.name = found.pipeline_id, found.name
  row.url = url(ctx.workspace, row.pipeline_id, row.update_id)
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
    fault.usage(ctx.op, ("--update %s names several updates"):format(arg.update),
      "give more of the id")
  end
  if row then
    row.pipeline_id, row.name = id, arg.pipeline
    row.url = url(ctx.workspace, id, row.update_id)
    return row
  end
  fault.not_found(ctx.op, ("the pipeline has no update %s"):format(arg.update),
    "`tarn updates` lists them; system tables have a new update after about an hour")
end

-- Read the first row at once: if the source fails, another one can still be asked.
local function started(next_row)
  local first = next_row()
  return function()
    local row = first
    first = row and next_row()
    return row
  end
end

-- Rows with the addresses of their pages. `id`: of the pipeline, if the rows do not have it.
local function with_urls(ctx, rows, id)
  return function()
    local row = rows()
    if row then
      row.url = url(ctx.workspace, row.pipeline_id or id, row.update_id)
    end
    return row
  end
end

local function history_of_rest(ctx, arg)
  local found = ctx.workspace:pipeline(arg.pipeline)
  return with_urls(ctx, started(updates.history(ctx.workspace, found.pipeline_id,
    limits(ctx, arg))), found.pipeline_id)
end

local function histories_of_rest(ctx, arg)
  local matches, next_row = glob.matcher(arg.pipeline), pipelines.rows(ctx.workspace)
  local rows, at = updates.histories(ctx.workspace, function()
    for row in next_row do
      if matches(row.name) then
        return row
      end
    end
  end, limits(ctx, arg, true)), 0
  return function()
    at = at + 1
    return rows[at]
  end
end

local function ask(ctx, arg, rest, sql, many)
  return (backend.ask(ctx.workspace, { which = arg.source, warehouse = arg.warehouse,
    warn = ctx.warn, many = many, rest = function() return rest(ctx, arg) end,
    sql = function() return sql(ctx, arg) end }))
end

local function duration_text(ms)
  return math.type(ms) == "integer" and updates.span(ms) or "-"
end

local SHORT <const> = 8 -- characters of an id in the table; --update accepts them

local COLUMNS <const> = {
  { "update_id", title = "UPDATE", text = function(id) return id:sub(1, SHORT) end },
  { "creation_time", title = "STARTED", align = "left" },
  { "state" },
  { "duration_ms", title = "DURATION", align = "right", text = duration_text },
  { "error" },
  { "cause" },
  { "what" },
  { "phases", text = function(phases) return updates.phase_text(phases) end },
}

-- The fields of a row in CSV. What else the API gives is in the last one, as JSON.
local FIELDS <const> = { "update_id", "state", "cause", "creation_time", "end_time", "duration_ms",
  "error", "what", "full_refresh", "validate_only", "development", "refresh_selection",
  "refresh_selection_by_path", "full_refresh_selection", "full_refresh_selection_by_path",
  "reset_checkpoint_selection", "replace_where_overrides", "rewind_spec", "parameters",
  "cancellation_cause", "mode", "cluster_id", "request_id", "attempt", "attempts", "phases",
  "source", "url", "other" }
local MANY_FIELDS <const> = table.move(FIELDS, 1, #FIELDS, 3, { "pipeline_id", "name" })

-- Rows for a format with fixed columns, if the output has one.
local function for_output(ctx, next_row, fields)
  if not formats.of(ctx.options).columns then
    return next_row
  end
  local known = { pipeline_id = true, name = true } -- the same in all rows of one pipeline
  for _, name in ipairs(fields) do
    known[name] = true
  end
  return function()
    local row = next_row()
    local out, other = row and {}, {}
    for _, name in ipairs(fields) do
      if row then
        out[name] = row[name]
      end
    end
    for name, value in pairs(row or {}) do
      other[name] = not known[name] and value or nil
    end
    if next(other) ~= nil then
      out.other = other
    end
    return out
  end
end

local MANY_COLUMNS <const> = table.move(COLUMNS, 1, #COLUMNS, 2,
  { { "name", title = "PIPELINE" } })

return {
  summary = "Show the run history of a pipeline, and why runs failed.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/updates" },
  returns = { any = {
    { { update_id = "string", state = "string", ["creation_time?"] = "integer|null",
    ["end_time?"] = "integer|null", ["duration_ms?"] = "integer|null", ["error?"] = "string|null",
    ["full_refresh?"] = "boolean", ["what?"] = "string", ["cause?"] = "string|null",
    ["phases?"] = { { state = "string", start_time = "integer",
      ["duration_ms?"] = "integer|null" } } } },
    { pipeline_id = "string", name = "string", update_id = "string", state = "string",
      ["causes?"] = "array" },
  } },
  details = [[
All updates, the newest first. Start, state, cause and selection come from the API. End, duration,
phases and error come from the event log, which does not reach back so far: for older updates they
are empty. WHAT names what was refreshed; JSON has all fields that the API gives, also those that
Tarn does not know. Updates with the same request_id are attempts of one request (attempt 2 of 3).

--update shows one update, with the first cause of each failed flow.

A pipeline with a * means all pipelines whose name matches, and the last day, or the day before
--until, unless --since is given: tarn updates '*' --state failed.

--source sql reads system tables, in one statement for any number of pipelines. They are up to an
hour late, and do not tell selections by path; an update without an end is UNKNOWN. --source auto
asks the API for one pipeline and the system tables for many, and the other source if the first one
refuses. It does not start a warehouse.]],
  args = {
    { "pipeline", "pipeline", "Id, name, unique beginning of the name, or a glob." },
    { "update", "string", "Show only this update: its id, or the first six characters of it.",
      optional = true, value = "ID", of = "update" },
    { "since", "string", "Show updates that began after this time: 12h, today, a date (local).",
      optional = true, value = "TIME" },
    { "until", "string", "Show updates that began before this time.", optional = true,
      value = "TIME" },
    { "state", "string", "Show updates in these states (globs, separated by commas).",
      optional = true, value = "STATES" },
    { "max", "integer", "Most updates to show.", optional = true, min = 1, short = "n",
      value = "N" },
    { "full_errors", "flag", "With --update: show causes with their whole stack traces." },
    backend.SOURCE_ARG, backend.WAREHOUSE_ARG,
  },
  examples = {
    { "updates 'Sales daily' --since 7d", "show the updates of a week" },
    { "updates sales --state failed -n 5", "show the newest failures, with their reasons" },
    { "updates sales --update 6fc8a8 --full-errors", "show one update, with stack traces" },
    { "updates sales -o csv", "print CSV, for a spreadsheet" },
    { "updates '*' --state failed --since 12h", "show what failed in any pipeline last night" },
    { "updates sales --since yesterday --until today", "show the updates of yesterday" },
  },
  see = { "trigger", "wait", "get" },
  render = { columns = COLUMNS, fields = FIELDS, noun = "update" },

  run = function(ctx, arg)
    backend.check(ctx.op, arg)
    local note = suggestion.find_unknown(collections.words(arg.state), updates.STATES,
      "state of an update")
    if note then
      ctx.warn("--state: " .. note)
    end
    if arg.update and (arg.since or arg["until"] or arg.state or arg.max) then
      fault.usage(ctx.op,
        "--update names one update: --since, --until, --state and --max do not go with it")
    end
    time.range(ctx.op, arg.since, arg["until"]) -- a wrong time is refused before any request
    local many = arg.pipeline:find("*", 1, true) ~= nil
    if arg.update then
      if many then
        fault.usage(ctx.op,
          "--update names an update of one pipeline: give one pipeline, without *")
      end
      ctx.render = { text = wait.outcome.show }
      return ask(ctx, arg, one_of_rest, one_of_sql)
    elseif not many then
      return for_output(ctx, ask(ctx, arg, history_of_rest, function()
        local id = pipelines.find_id(ctx.workspace, arg.pipeline)
        return with_urls(ctx, sql_rows(ctx, arg, { id = id }), id)
      end), FIELDS)
    end
    ctx.render = { columns = MANY_COLUMNS, fields = MANY_FIELDS, noun = "update" }
    return for_output(ctx, with_urls(ctx, ask(ctx, arg, histories_of_rest, function()
      return sql_rows(ctx, arg, { name = arg.pipeline })
    end, "for many pipelines the API needs several calls for each one")), MANY_FIELDS)
  end,
}
