local fault = require "base.fault"

-- A path or a rule that is wrong is the caller's mistake, told in the words of the file.
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
  summary = "Serve the embedded workspace: a stand-in for Databricks that runs anywhere.",
  effect = "read",
  endless = true,
  details = [[
Two workspaces on one port of this machine; the bearer token says which: demo-token, or
demo-dr-token. Any client of the Databricks API can use them:

  DATABRICKS_HOST=http://127.0.0.1:PORT DATABRICKS_TOKEN=demo-token tarn list

The profiles demo and demo-dr start the same inside of the program. What the demo scenario
holds is kept under $XDG_STATE_HOME/tarn/sandbox; `tarn sandbox reset` forgets it. The other
scenarios, and the demo with --fresh, live in memory.

In a pipeline's configuration, sandbox.fail makes its updates fail (resources, initializing,
setup, flow, expectation), sandbox.fail_attempts only so many times in a row, and
sandbox.duration_ms sets how long one takes. A file of --faults holds rules such as
{"path": "/api/2.0/pipelines*", "nth": 2, "action": "429", "retry_after": 1}; the request
header X-Sandbox-Fault asks for one fault. Runs until Ctrl-C.]],
  args = {
    { "action", "choice", "Serve, or forget the kept state.", choices = { "serve", "reset" },
      default = "serve", positional = true },
    { "port", "integer", "Port to listen on; 0 takes a free one.", default = 0, min = 0,
      max = 65535, value = "N" },
    { "scenario", "string", "What it holds: demo, empty, large:N or large:N,ACTIVE,EVENTS.",
      default = "demo", value = "NAME" },
    { "latency", "number", "Milliseconds that every answer is late.", default = 0, min = 0,
      value = "MS" },
    { "faults", "path", "File of faults, JSON or Lua.", optional = true, value = "FILE" },
    { "fresh", "flag", "Keep the state in memory, new at every start." },
    { "strict", "flag", "Refuse what the API forbids on paper and takes in practice." },
    { "run_ms", "integer", "Milliseconds that an update takes.", default = 4000, min = 100,
      value = "MS" },
  },
  examples = {
    { "sandbox --port 8765", "for another client, or another terminal" },
    { "sandbox --port 0 --scenario large:1000,50,1000 --latency 50", "to measure with" },
    { "sandbox reset", "the demo as it was at first" },
  },
  see = { "dashboard", "list" },

  run = function(ctx, arg)
    if arg.action == "reset" then
      return reset()
    elseif not require("sandbox.scenarios").find(arg.scenario) then
      fault.usage(ctx.op, ("'%s' is no scenario"):format(arg.scenario),
        "there are demo, empty, large:N and large:N,ACTIVE,EVENTS")
    end
    local faults = arg.faults and read_faults(ctx, arg.faults)
    local options = {
      port = arg.port, scenario = arg.scenario, latency = arg.latency, run_ms = arg.run_ms,
      faults = faults, strict = arg.strict,
    }
    if arg.fresh then
      options.state = false
    end
    local server <close> = require("sandbox.server").start(options)
    io.stderr:write("listening on ", server:url(), "\n")
    server:wait()
  end,
}
