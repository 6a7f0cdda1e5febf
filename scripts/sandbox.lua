local fault = require "base.fault"

-- Read the file of faults. A wrong rule is an error of usage.
local function read_faults(ctx, path)
  local ok, rules = pcall(require("sandbox.http.faults").read, path)
  if ok then
    return rules
  elseif fault.is(rules) then
    fault.raise(rules)
  end
  fault.usage(ctx.op, tostring(rules))
end

local function reset()
  local store = require "sandbox.store"
  local dir = store.find_home()
  if dir then
    store.reset(dir)
  end
  return { status = "reset", state = dir }
end

return {
  summary = "Serve the embedded workspace, for tests and practice.",
  effect = "read",
  endless = true,
  details = [[
Serves two workspaces on one port of this machine, until Ctrl-C. The bearer token chooses the
workspace: demo-token or demo-dr-token. Any client of the Databricks API can use them:

  DATABRICKS_HOST=http://127.0.0.1:PORT DATABRICKS_TOKEN=demo-token tarn list

The profiles demo and demo-dr use the same workspaces without a server. The state of the demo
scenario is kept in $XDG_STATE_HOME/tarn/sandbox; `tarn sandbox reset` deletes it. Other
scenarios, and the demo with --fresh, are kept in memory.

People log in with a browser: `tarn auth login --host http://127.0.0.1:PORT`.

In a pipeline's configuration, sandbox.fail makes its updates fail (resources, initializing,
setup, flow or expectation), sandbox.fail_attempts limits how many updates in a row fail, and
sandbox.duration_ms sets the duration of an update. A file of --faults has rules such as {"path":
"/api/2.0/pipelines*", "nth": 2, "action": "429", "retry_after": 1}. The request header
X-Sandbox-Fault injects one fault.]],
  args = {
    { "action", "choice", "Serve, or delete the kept state.", choices = { "serve", "reset" },
      default = "serve", positional = true },
    { "port", "integer", "Port to listen on; 0 chooses a free one.", default = 0, min = 0,
      max = 65535, value = "N" },
    { "scenario", "string", "Content: demo, empty, large:N or large:N,ACTIVE,EVENTS.",
      default = "demo", value = "NAME" },
    { "latency", "number", "Milliseconds by which each answer is delayed.", default = 0, min = 0,
      value = "MS" },
    { "faults", "path", "File with rules for faults, JSON or Lua.", optional = true,
      value = "FILE" },
    { "fresh", "flag", "Keep the state in memory; it is new at each start." },
    { "strict", "flag", "Refuse requests that the API documents as forbidden but accepts." },
    { "token_ttl", "integer", "Seconds for which the token of a log-in is valid.", default = 3600,
      min = 1, value = "N" },
    { "run_ms", "integer", "Milliseconds that an update takes.", default = 4000, min = 100,
      value = "MS" },
  },
  examples = {
    { "sandbox --port 8765", "serve another client, or another terminal" },
    { "sandbox --port 0 --scenario large:1000,50,1000 --latency 50",
      "serve a large workspace, for measurements" },
    { "sandbox reset", "restore the first state of the demo" },
  },
  see = { "dashboard", "list" },

  run = function(ctx, arg)
    if arg.action == "reset" then
      return reset()
    elseif not require("sandbox.scenarios").find(arg.scenario) then
      fault.usage(ctx.op, ("there is no scenario '%s'"):format(arg.scenario),
        "scenarios are demo, empty, large:N and large:N,ACTIVE,EVENTS")
    end
    local faults = arg.faults and read_faults(ctx, arg.faults)
    local options = {
      port = arg.port, scenario = arg.scenario, latency = arg.latency, run_ms = arg.run_ms,
      faults = faults, strict = arg.strict, token_ttl = arg.token_ttl,
    }
    if arg.fresh then
      options.state = false
    end
    local server <close> = require("sandbox.server").start(options)
    io.stderr:write("listening on ", server:url(), "\n")
    server:wait()
  end,
}
