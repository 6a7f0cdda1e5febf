local events = require "tarn.events"
local fault = require "base.fault"
local notifying = require "tarn.notify"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local time = require "base.time"

local OP <const> = "tarn events"
local NEWEST <const> = 100
local BEFORE_FOLLOW <const> = 10
local MANY <const> = 64 -- pipelines in one call: each is asked by itself

local function ids_of(ctx, arg)
  local names = { arg.pipeline, table.unpack(arg.more or {}) }
  if #names > MANY then
    fault.usage(OP, ("%d pipelines are more than the %d that can be watched at once")
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

-- Newest first, of one pipeline or of several as one.
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
      fault.usage(OP, ("--follow goes on without end: it does not go with --%s"):format(name))
    end
  end
  if arg.since and arg.max_events then
    fault.usage(OP, "--follow begins with --since, or with the newest --max-events, not with both")
  end
end

local function problem_of(ctx)
  return function(e, id, pause)
    ctx.warn(pause and ("%s: %s; trying again in %g s"):format(id, e.message, pause)
      or ("%s: %s; it is followed no more"):format(id, e.message))
  end
end

local function crowded_of(ctx)
  return function(id, ms)
    ctx.warn(("%s: more events come than can be remembered: one that is late by more than %s "
      .. "is not seen"):format(id, time.age(ms)))
  end
end

local DRAIN <const> = 30 -- seconds for messages that are on their way at the end

local function follow(ctx, arg, ids, known_only, notifier)
  check_follow(arg)
  local follow_events = require "tarn.follow"
  local criteria = events.criteria(OP, { level = arg.level, type = arg.type, update = arg.update,
    dataset = arg.dataset, grep = arg.grep })
  local ws = ctx.workspace
  local follower = follow_events.start(ws, ids, {
    criteria = criteria, once = arg.once, interval = arg.interval, overlap = arg.overlap,
    since = arg.since and time.since(OP, "--since", arg.since),
    last = arg.max_events or BEFORE_FOLLOW,
    cursors = arg.cursor and follow_events.load(OP, arg.cursor, ws),
    problem = problem_of(ctx), crowded = crowded_of(ctx),
    observe = notifier and function(event, id) notifier:event(ws, event, id) end,
    settled = function(saved)
      -- First what was printed must be out: a cursor is never ahead of its reader.
      require("output.stdout").flush()
      if arg.cursor then
        follow_events.save(arg.cursor, ws, saved())
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

-- Rows that change in place say more than lines, to a person.
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
  if type(data) == "function" then
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
  summary = "Show the events of pipelines, and follow them.",
  effect = "read",
  endless = function(arg) return arg.follow end,
  route = { "GET", "/api/dlt/pipelines/{pipeline}/events" },
  returns = { pipeline_id = "string", event_count = "integer", events = { { id = "string",
    event_type = "string", level = "string", message = "string", timestamp = "string",
    maturity_level = "string|null", pipeline_id = "string", ["pipeline_name?"] = "string",
    ["details?"] = "object", ["error?"] = "object", ["origin?"] = "object" } } },
  details = [[
The newest events, newest first, with their details and errors. Of several pipelines the newest
of all. --all reads every page; -o jsonl and -o csv give a row for each event.

--level, --type and --update are words with commas between them; the beginning of an update's
id is enough. --dataset is a glob for a dataset's name, with or without catalog and schema.
--grep finds a text in messages and exceptions; case does not count. Times are 30m, 2h, 7d
(ago), a date, or an ISO time; UTC, unless it says otherwise.

--follow shows what comes, oldest first, until Ctrl-C: each event once, also late ones and those
of the same millisecond; failures are said on stderr and survived. With --cursor FILE a later
run goes on where this one stopped; --once stops when nothing is left. With --live, on a
terminal, the newest run of each pipeline is shown instead of its events: phases, and a row for
each flow that changes in place. In a pipe --live changes nothing.

--notify tells of what happens meanwhile, each once, also over restarts and whoever watches:
failed (an update), stuck=15m (it waits for resources that long), silent=24h (no run for that long),
breach='failed <= 1%' (as the gates of `tarn expectations`, of the rows of one update). A program
gets JSON on its standard input, a webhook the same by POST, with a `text` that chat programs
show, a Lua function the table. What cannot be delivered is tried again, later and later.]],
  args = notifying.args {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "more", "list", "More pipelines.", optional = true, positional = true, of = "pipeline" },
    { "max_events", "integer", "At most so many (default 100; before --follow 10).",
      optional = true, short = "n", min = 1, max = 1000 },
    { "all", "flag", "All there are.", served = false },
    { "level", "string", "Only these levels: INFO, WARN, ERROR, METRICS.", optional = true },
    { "type", "string", "Only these types: flow_progress, update_progress ...", optional = true },
    { "update", "string", "Only of this update.", optional = true, value = "ID", of = "update" },
    { "since", "string", "Not before this time.", optional = true, value = "TIME" },
    { "until", "string", "Not after this time.", optional = true, value = "TIME" },
    { "dataset", "string", "Only of datasets or flows whose name matches.", optional = true },
    { "grep", "string", "Only with this text in the message or the error.", optional = true,
      value = "TEXT" },
    { "follow", "flag", "Go on with what comes.", short = "f",
      served = false },
    { "live", "flag", "With --follow, on a terminal: runs as rows that change in place.",
      served = false },
    { "cursor", "path", "File that keeps where --follow is.", optional = true,
      served = false },
    { "once", "flag", "With --follow: stop when what there is was shown.",
      served = false },
    { "interval", "number", "Seconds between two looks at a pipeline (default 5).",
      optional = true, min = 0.1, served = false },
    { "overlap", "number", "Seconds by which an event may come late (default 300).",
      optional = true, min = 1, served = false },
  },
  examples = {
    { "events 'Sales daily'", "the newest 100" },
    { "events sales --level error,warn --since 2d", "what went wrong in two days" },
    { "events sales --all --type flow_progress --dataset 'silver*' -o jsonl", "for a program" },
    { "events sales finance iot --follow", "three pipelines as they run" },
    { "events sales iot --follow --live", "the flows of two pipelines, as rows" },
    { "events sales --follow --notify failed --notify-webhook-env SLACK_URL",
      "a message when a run failed" },
    { "events sales --follow --cursor sales.cursor --once -o jsonl", "from cron: what is new" },
  },
  see = { "updates", "expectations", "dashboard" },
  render = { text = show, fields = events.fields },

  run = function(ctx, arg)
    local output = ctx.options.output
    local known_only = output == "csv"
    for _, name in ipairs(arg.follow and {} or { "cursor", "once", "interval", "overlap" }) do
      if arg[name] then
        fault.usage(OP, ("--%s goes with --follow"):format(name))
      end
    end
    if arg.all and arg.max_events then
      fault.usage(OP, "--all and --max-events: one or the other")
    end
    if arg.live then
      check_live(arg)
    end
    local notifier = notifying.open(ctx, arg, arg.follow, "--follow", ctx.warn)
    local ids = ids_of(ctx, arg)
    local watch = arg.live and output ~= "json" and require "tarn.live.watch"
    if watch and watch.is_possible(ctx) then
      return watch.run(ctx, ids, arg)
    elseif arg.follow then
      return follow(ctx, arg, ids, known_only, notifier)
    end
    local next_row = read(ctx, arg, ids, known_only)
    if arg.all or output == "jsonl" or output == "csv" then
      return next_row
    end
    local list = events.collect(next_row)
    return { pipeline_id = ids[1], pipeline_ids = ids[2] and ids or nil, event_count = #list,
      events = list }
  end,
}
