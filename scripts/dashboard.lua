local board = require "tarn.dashboard.command"
local either = require "tarn.backend"
local notifying = require "tarn.notify"

return {
  summary = "Show the health of all pipelines, and what happened last.",
  effect = "read",
  endless = function(arg) return arg.watch end,
  route = { "GET", "/api/dlt/dashboard", cached = true },
  returns = {
    summary = { total = "integer", running = "integer", failed = "integer", idle = "integer",
      other = "integer", healthy = "integer", unhealthy = "integer", unknown = "integer" },
    ["pipelines?"] = { { pipeline_id = "string", name = "string", state = "string",
      ["health?"] = "string|null", ["creator?"] = "string|null" } },
    recent_events = { { event_type = "string", ["level?"] = "string", ["message?"] = "string",
      timestamp = "string", pipeline_id = "string", pipeline_name = "string" } },
    as_of = "string", problems = "array", ["workspace?"] = "string", ["partial?"] = "boolean",
    ["workspaces?"] = "array" },
  details = [[
running: an update is active (state RUNNING, STARTING, RESETTING, RECOVERING or DEPLOYING).
failed: state FAILED, or IDLE after a newest update that FAILED. idle: none of these. With
other (STOPPING, DELETED and words to come) they add up to the total, as do healthy,
unhealthy and unknown, which are the API's own.

The newest 20 events are those of pipelines that run or failed. What could not be asked is
named as unknown, and never shown as nothing.

With --profiles or --all-profiles the same of several workspaces, each in `workspaces`, and a
summary over all. One that does not answer is `unknown`, with the reason; the answer is then
`partial`, which is said on stderr, and the exit status is 0. If none answers it is a fault.

--watch refreshes in place on a terminal, until Ctrl-C. In a pipe, or with -o jsonl, it gives a
line for each change: of a pipeline, of how a workspace answers, of the summary. A refresh asks
only for what may have changed. A workspace that stops to answer keeps its last numbers, marked
as stale.

--notify tells of an update that failed, one that waits for resources too long, a pipeline that did
not run, an expectation that is breached: each once, whoever watches. See `tarn help events`.

--source sql takes all pipelines and their newest updates from system tables, in one statement,
and the newest events in another. These tables are up to an hour late: the time shown is theirs.
Health and states are unknown then; running is what had no end yet. --source auto is the API, and
SQL where the list has more than 2,000 pipelines or the API refuses; it starts no warehouse, and
with --watch it is the API.]],
  args = notifying.args {
    { "profiles", "list", "Several workspaces: names of profiles, with commas.",
      optional = true, value = "A,B" },
    { "all_profiles", "flag", "The workspaces of all profiles in the config file.",
      served = false },
    { "patience", "number", "Seconds that one of several workspaces may take (default 60).",
      optional = true, min = 0.1, value = "S" },
    { "watch", "flag", "Go on, and show what changes.", short = "w", served = false },
    { "interval", "number", "With --watch: seconds between two looks (default 5).",
      optional = true, min = 0.1, value = "S", served = false },
    { "refreshes", "integer", "With --watch: stop after so many looks.", optional = true,
      min = 1, value = "N", served = false },
    either.SOURCE_ARG, either.WAREHOUSE_ARG,
  },
  examples = {
    { "dashboard", "of the workspace that the environment names" },
    { "dashboard --profile demo", "of the embedded workspace" },
    { "dashboard --profiles demo,demo-dr", "of two workspaces" },
    { "dashboard --watch --interval 10", "in place, until Ctrl-C" },
    { "dashboard --all-profiles --watch -o jsonl", "for a program: what changes" },
    { "dashboard --source sql", "of any number of pipelines in one statement" },
    { "dashboard -o json", "summary, pipelines, recent_events" },
  },
  see = { "list", "get", "events" },
  render = { text = board.show },
  run = board.run,
}
