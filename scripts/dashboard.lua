local backend = require "tarn.backend"
local command = require "tarn.dashboard.command"
local notify = require "tarn.notify"

return {
  summary = "Show the states and health of all pipelines, and the newest events.",
  effect = "read",
  endless = function(arg) return arg.watch end,
  route = { "GET", "/api/dlt/dashboard", cached = true },
  returns = {
    summary = { total = "integer", running = "integer", failed = "integer", idle = "integer",
      other = "integer", healthy = "integer", unhealthy = "integer", unknown = "integer" },
    ["pipelines?"] = { { pipeline_id = "string", name = "string", state = "string",
      ["health?"] = "string|null", ["creator?"] = "string|null",
      ["cause?"] = "string|null", ["progress?"] = { phase = "string", flows_running = "integer",
        flows_done = "integer" } } },
    recent_events = { { event_type = "string", ["level?"] = "string", ["message?"] = "string",
      timestamp = "string", pipeline_id = "string", pipeline_name = "string" } },
    as_of = "string", problems = "array", ["workspace?"] = "string", ["partial?"] = "boolean",
    ["workspaces?"] = "array" },
  details = [[
Each pipeline counts as one of these:

  running  state RUNNING, STARTING, RESETTING, RECOVERING or DEPLOYING
  failed   state FAILED, or IDLE after a newest update that FAILED
  idle     all others that are IDLE
  other    STOPPING, DELETED and unknown states

The counts of healthy, unhealthy and unknown pipelines are those of the API. The 20 newest events
are those of running and failed pipelines. What could not be read is reported as unknown.

--profiles and --all-profiles show several workspaces, with a summary of all. If a workspace does
not answer, it is reported as unknown with the reason, a warning is printed, the answer is marked
as partial, and the exit status is 0. If no workspace answers, the command fails.

--watch updates the dashboard in place until Ctrl-C. In a pipe, or with -o jsonl, it prints a line
for each change of a pipeline, a workspace or the summary. If a workspace stops answering, its
last numbers stay, marked as stale.

--notify sends a message when an update fails or waits too long for resources, when a pipeline has
not run for some time, or when an expectation breaks a gate. Each message is sent only once, even
if several processes watch. See `tarn help events`.

--source sql reads all pipelines and updates from system tables, in one statement, and the newest
events in another one. System tables are up to an hour late; the dashboard shows their time. They
do not have states and health, which are unknown then; a pipeline counts as running if its newest
update has no end. --source auto reads the API; it reads the system tables if there are more than
2,000 pipelines or the API refuses, but not with --watch, and it does not start a warehouse.]],
  args = notify.args {
    { "profiles", "list", "Show the workspaces of these profiles, separated by commas.",
      optional = true, value = "A,B" },
    { "all_profiles", "flag", "Show the workspaces of all profiles in the config file.",
      served = false },
    { "patience", "number", "Seconds to wait for each of several workspaces (default 60).",
      optional = true, min = 0.1, value = "S" },
    { "watch", "flag", "Keep running, and show changes.", short = "w", served = false },
    { "interval", "number", "With --watch: seconds between two refreshes (default 5).",
      optional = true, min = 0.1, value = "S", served = false },
    { "refreshes", "integer", "With --watch: stop after N refreshes.", optional = true,
      min = 1, value = "N", served = false },
    backend.SOURCE_ARG, backend.WAREHOUSE_ARG,
  },
  examples = {
    { "dashboard", "show the default workspace" },
    { "dashboard --profile demo", "show the embedded workspace" },
    { "dashboard --profiles demo,demo-dr", "show two workspaces" },
    { "dashboard --watch --interval 10", "refresh every ten seconds, until Ctrl-C" },
    { "dashboard --all-profiles --watch -o jsonl",
      "print the changes of all workspaces, for a program" },
    { "dashboard --source sql", "read any number of pipelines in one statement" },
    { "dashboard -o json", "print summary, pipelines and recent_events" },
  },
  see = { "list", "get", "events" },
  render = { text = function(data, screen) return command.show(data, screen) end },

  run = function(ctx, arg)
    return command.run(ctx, arg)
  end,
}
