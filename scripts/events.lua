local collections = require "base.collections"
local events = require "tarn.events"
local fault = require "base.fault"
local formats = require "output.formats"
local notify = require "tarn.notify"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local rows = require "output.render.rows"
local suggestion = require "base.suggestion"
local time = require "base.time"

local OP <const> = "tarn events"
local LEVELS <const> = { "INFO", "WARN", "ERROR", "METRICS" }
local NEWEST <const> = 100       -- events without --max-events
local BEFORE_FOLLOW <const> = 10 -- events before those that come
local MANY <const> = 64          -- pipelines at once: each is polled by itself

local function ids_of(ctx, arg)
  local names = { arg.pipeline, table.unpack(arg.more or {}) }
  if #names > MANY then
    fault.usage(OP, ("%d pipelines are too many: at most %d can be read at once")
      :format(#names, MANY))
  end
  local ids, known = {}, {}
  for _, id in ipairs(pool.map(names, function(name)
    return pipelines.find_id(ctx.workspace, name)
  end)) do
    if not known[id] then
      known[id] = true
      ids[#ids + 1] = id
    end
  end
  return ids
end

-- The events of one or several pipelines, newest first.
local function read(ctx, arg, ids, known_only)
  local max = not arg.all and (arg.max_events or NEWEST) or nil
  local sources = {}
  for i, id in ipairs(ids) do
    local next_event = events.list(ctx.workspace, id,
      { max = max, criteria = events.criteria(OP, arg) })
    sources[i] = function()
      local event = next_event()
      return event and events.row(event, id, known_only)
    end
  end
  local next_row = #sources == 1 and sources[1] or events.merge(sources)
  local given = 0
  return function()
    if max and given >= max then
      return nil
    end
    given = given + 1
    return next_row()
  end
end

local function check_follow(arg)
  for _, name in ipairs { "all", "until" } do
    if arg[name] then
      fault.usage(OP, ("--follow has no end: it does not go with --%s"):format(name))
    end
  end
  if arg.since and arg.max_events then
    fault.usage(OP,
      "--follow begins with --since or with the newest --max-events: give only one of them")
  end
end

local function problem_of(ctx)
  return function(e, id, pause)
    ctx.warn(pause and ("%s: %s; trying again in %g s"):format(id, e.message, pause)
      or ("%s: %s; this pipeline is not followed any longer"):format(id, e.message))
  end
end

local function crowded_of(ctx)
  return function(id, ms)
    ctx.warn(("%s: there are too many events to remember: an event that comes more than %s late "
      .. "is missed"):format(id, time.age(ms)))
  end
end

local DRAIN <const> = 30 -- seconds to deliver pending messages at the end

local function follow_events(ctx, arg, ids, known_only, notifier)
  check_follow(arg)
  local follow = require "tarn.follow"
  local criteria = events.criteria(OP, { level = arg.level, type = arg.type, update = arg.update,
    dataset = arg.dataset, grep = arg.grep })
  local ws = ctx.workspace
  local follower = follow.start(ws, ids, {
    criteria = criteria, once = arg.once, interval = arg.interval, overlap = arg.overlap,
    since = arg.since and time.since(OP, "--since", arg.since),
    last = arg.max_events or BEFORE_FOLLOW,
    cursors = arg.cursor and follow.load(OP, arg.cursor, ws),
    problem = problem_of(ctx), crowded = crowded_of(ctx),
    observe = notifier and function(event, id) notifier:event(ws, event, id) end,
    settled = function(saved)
      -- Write the events before the cursor, so that no event is lost if the program is killed.
      require("output.stdout").flush()
      if arg.cursor then
        follow.save(arg.cursor, ws, saved())
      end
    end,
  })
  if notifier then
    notifier:poll(ws, ids)
  end
  local closing = setmetatable({}, { __close = function()
    local _ <close> = notifier
    follower:close()
  end })
  return function()
    local event, id = follower()
    if not event and notifier then
      notifier:drain(DRAIN)
    end
    return event and events.row(event, id, known_only)
  end, nil, nil, closing
end

local function check_live(arg)
  if not arg.follow then
    fault.usage(OP, "--live goes with --follow")
  end
  for _, name in ipairs { "level", "type", "dataset", "grep", "since", "cursor", "max_events",
    "overlap", "notify" } do
    if arg[name] then
      fault.usage(OP, ("--live shows whole runs: it does not go with --%s"):format(
        (name:gsub("_", "-"))))
    end
  end
  check_follow(arg)
end

local function show(data, screen, ...)
  if rows.is_iterator(data) then
    for event in data, ... do
      events.show(event, screen, true)
    end
    return
  end
  local several = #(data.pipeline_ids or {}) > 1
  for _, event in ipairs(data.events) do
    events.show(event, screen, several)
  end
  if #data.events == 0 and screen.terminal then
    screen:line(screen:style("dim", "no events"))
  end
end

return {
  summary = "Show the events of pipelines, or follow them.",
  effect = "read",
  endless = function(arg) return arg.follow end,
  route = { "GET", "/api/dlt/pipelines/{pipeline}/events" },
  returns = { pipeline_id = "string", event_count = "integer", events = { { id = "string",
    event_type = "string", level = "string", message = "string", timestamp = "string",
    maturity_level = "string|null", pipeline_id = "string", ["pipeline_name?"] = "string",
    ["details?"] = "object", ["error?"] = "object", ["origin?"] = "object" } } },
  details = [[
Shows the newest events, newest first, with their details and errors; for several pipelines, the
newest of all. --all reads all pages. -o jsonl and -o csv print a row for each event.

--level, --type and --update take words separated by commas; the beginning of an update's id is
enough. --dataset is a glob for the name of a dataset, with or without catalog and schema. --grep
finds a text in messages and exceptions, ignoring case. A time is 30m, 2h or 7d ago, today,
yesterday, a date or an ISO time; local time, unless it ends with Z or an offset.

--follow shows new events, oldest first, until Ctrl-C. Each event is shown once, late events too.
Failures are reported on stderr, and following goes on. With --cursor FILE a later run continues
where this one stopped; --once stops when there are no further events. --live shows, on a
terminal, the newest run of each pipeline instead of events: its phases, and a row for each flow.
In a pipe, --live has no effect.

--notify sends a message when something happens: failed (an update failed), stuck=15m (an update
waits that long for resources), silent=24h (no run for that long), breach='failed <= 1%' (an
update breaks a gate of `tarn expectations`). Each message is sent once, also after a restart and
if several processes watch. A program gets it as JSON on standard input, a webhook by POST, with a
`text` for chat programs, a Lua function as a table. A message that cannot be delivered is sent
again later.]],
  args = notify.args {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "more", "list", "Further pipelines.", optional = true, positional = true, of = "pipeline" },
    { "max_events", "integer", "Most events to show (default 100; with --follow 10 past ones).",
      optional = true, short = "n", min = 1, max = 1000 },
    { "all", "flag", "Show all events.", served = false },
    { "level", "string", "Show events of these levels: INFO, WARN, ERROR, METRICS.",
      optional = true },
    { "type", "string", "Show events of these types: flow_progress, update_progress, ...",
      optional = true },
    { "update", "string", "Show events of this update.", optional = true, value = "ID",
      of = "update" },
    { "since", "string", "Show events after this time.", optional = true, value = "TIME" },
    { "until", "string", "Show events before this time.", optional = true, value = "TIME" },
    { "dataset", "string", "Show events of datasets or flows whose name matches this glob.",
      optional = true, of = "dataset" },
    { "grep", "string", "Show events with this text in the message or the error.", optional = true,
      value = "TEXT" },
    { "follow", "flag", "Keep running, and show new events.", short = "f",
      served = false },
    { "live", "flag", "With --follow, on a terminal: show the newest runs instead of events.",
      served = false },
    { "cursor", "path", "With --follow: file that stores the position for a later run.",
      optional = true, served = false },
    { "once", "flag", "With --follow: stop when there are no further events.",
      served = false },
    { "interval", "number", "With --follow: seconds between two polls of a pipeline (default 5).",
      optional = true, min = 0.1, served = false },
    { "overlap", "number", "With --follow: seconds that an event may be late (default 300).",
      optional = true, min = 1, served = false },
  },
  examples = {
    { "events 'Sales daily'", "show the newest 100 events" },
    { "events sales --level error,warn --since 2d", "show the problems of two days" },
    { "events sales --all --type flow_progress --dataset 'silver*' -o jsonl",
      "print all events of some datasets, for a program" },
    { "events sales finance iot --follow", "follow three pipelines" },
    { "events sales iot --follow --live", "watch the flows of two pipelines" },
    { "events sales --follow --notify failed --notify-webhook-env SLACK_URL",
      "send a message when an update fails" },
    { "events sales --follow --cursor sales.cursor --once -o jsonl",
      "print the events since the last run, in cron" },
  },
  see = { "updates", "expectations", "dashboard" },
  render = { text = show, fields = events.fields },

  run = function(ctx, arg)
    local format = formats.of(ctx.options)
    local known_only = format.columns or false
    for _, name in ipairs(arg.follow and {} or { "cursor", "once", "interval", "overlap" }) do
      if arg[name] then
        fault.usage(OP, ("--%s goes with --follow"):format(name))
      end
    end
    if arg.all and arg.max_events then
      fault.usage(OP, "give --all or --max-events, not both")
    end
    if arg.live then
      check_live(arg)
    end
    local note = suggestion.find_unknown(collections.words(arg.level), LEVELS, "level")
    if note then
      ctx.warn("--level: " .. note)
    end
    local notifier = notify.open(ctx, arg, arg.follow, "--follow", ctx.warn)
    local ids = ids_of(ctx, arg)
    local watch = arg.live and require "tarn.live.watch"
    if watch and watch.is_possible(ctx) then
      return watch.run(ctx, ids, arg)
    elseif arg.follow then
      return follow_events(ctx, arg, ids, known_only, notifier)
    end
    local next_row = read(ctx, arg, ids, known_only)
    if arg.all or format.rows then
      return next_row
    end
    local list = events.collect(next_row)
    return { pipeline_id = ids[1], pipeline_ids = ids[2] and ids or nil, event_count = #list,
      events = list }
  end,
}
