local dashboard = require "tarn.dashboard"
local formats = require "output.formats"
local glob = require "base.glob"
local strings = require "base.strings"
local suggestion = require "base.suggestion"
local url = require("tarn.workspace").url.pipeline
local wait = require "tarn.wait"

-- The words that the dashboard counts, and the states of the API.
local STATES <const> = table.move(wait.STATES, 1, #wait.STATES, 6,
  { "running", "failed", "idle", "other", "HIBERNATED" })

-- A test for a field, which may be missing. Without a pattern, all values pass.
local function matcher(pattern, case)
  if not pattern then
    return function() return true end
  end
  local matches = glob.matcher(pattern, case)
  return function(value)
    return type(value) == "string" and matches(value)
  end
end

-- A test for the state of the API, or the one that the dashboard counts.
local function state_matcher(pattern)
  local matches = matcher(pattern)
  return function(row)
    return matches(row.state) or matches(dashboard.status(row))
  end
end

local function health_matcher(health)
  return function(row)
    local value = type(row.health) == "string" and row.health or "UNKNOWN"
    return not health or value == health:upper()
  end
end

-- The rows of an iterator, sorted by name, ignoring case.
local function sorted(next_row)
  local list, keys, at = nil, {}, 0
  local function before(a, b)
    if keys[a] ~= keys[b] then
      return keys[a] < keys[b]
    end
    return a.pipeline_id < b.pipeline_id
  end
  return function()
    if not list then
      list = {}
      for row in next_row do
        list[#list + 1], keys[row] = row, strings.fold(tostring(row.name))
      end
      table.sort(list, before)
    end
    at = at + 1
    return list[at]
  end
end

return {
  summary = "List the pipelines of a workspace.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines", cached = true },
  returns = { {
    pipeline_id = "string", name = "string", state = "string", ["health?"] = "string|null",
    ["creator?"] = "string|null", ["run_as?"] = "string|null", ["cluster_id?"] = "string|null",
    ["url?"] = "string", ["latest_update?~"] = { update_id = "string", state = "string",
      ["creation_time?"] = "string" },
  } },
  details = [[
Lists all pipelines that you may see. Patterns are globs: '*' stands for any text, '?' for one
character; case is ignored, unless --case is given.

--state takes the states of the API (RUNNING, IDLE, FAILED, ...) and those of the dashboard:
`--state failed` includes IDLE pipelines whose newest update failed.]],
  args = {
    { "filter", "string", "List pipelines whose name matches this glob.", optional = true,
      positional = true },
    { "state", "string", "List pipelines in this state (a glob).", optional = true },
    { "health", "choice", "List pipelines of this health.", optional = true,
      choices = { "healthy", "unhealthy", "unknown" } },
    { "creator", "string", "List pipelines whose creator matches this glob.", optional = true },
    { "case", "flag", "Do not ignore case in names and creators." },
  },
  examples = {
    { "list", "list all pipelines" },
    { "list 'sales*' --state failed", "list the failed ones of some pipelines" },
    { "list --health unhealthy -o json", "print JSON, for a program" },
    { "list --creator '*@example.com' -o csv", "print CSV, for a spreadsheet" },
  },
  see = { "get", "dashboard" },
  render = {
    columns = { "name", "state", "health", { "latest_update.state", title = "LAST RUN" },
      { "latest_update.creation_time", title = "STARTED", worth = 4 }, "creator",
      "pipeline_id" },
    noun = "pipeline",
    fields = { "pipeline_id", "name", "state", "health", "creator", "run_as", "cluster_id",
      "latest_update.update_id", "latest_update.state", "latest_update.creation_time",
      "url" },
  },

  run = function(ctx, arg)
    local note = arg.state and suggestion.find_unknown({ arg.state }, STATES, "state of a pipeline")
    if note then
      ctx.warn("--state: " .. note)
    end
    local by_name, by_creator = matcher(arg.filter, arg.case), matcher(arg.creator, arg.case)
    local by_state, by_health = state_matcher(arg.state), health_matcher(arg.health)
    local next_row = ctx.workspace:pipelines()
    local function next_match()
      for row in next_row do
        if by_name(row.name) and by_state(row) and by_health(row) and by_creator(row.creator) then
          row.url = url(ctx.workspace, row.pipeline_id)
          return row
        end
      end
    end
    if ctx.called or formats.of(ctx.options).name ~= "text" then
      return next_match -- a program gets rows as they come
    end
    return sorted(next_match)
  end,
}
