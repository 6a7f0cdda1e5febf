local auth = require "tarn.auth"
local report = require "engine.report"

-- The word for the exit status that a fault has.
local function outcome(refusal)
  local status = report.status(refusal)
  for name, number in pairs(report.statuses) do
    if number == status then
      return name
    end
  end
end

local function show_check(data, out)
  local check = data.check
  if check.status == "ok" then
    local place = data.org_id and " in workspace " .. data.org_id or ""
    out:line(out:style("green", "ok"), "  ", out:clean((data.user or "somebody") .. place))
  elseif check.status == "failed" then
    out:line(out:style("red", "failed"), "  ", out:clean(check.message))
    if check.hint then
      out:line(out:style("dim", "     -> "), out:clean(check.hint))
    end
  else
    out:line(out:style("dim", "not asked"))
  end
end

local function show_description(data, out)
  out:fields(data, { "host", "profile", "auth_type" })
  out:line()
  out:table(data.attributes, { { "name" }, { "value" }, { "source" } })
  out:line()
  show_check(data, out)
end

local function show_profiles(rows, out)
  if #rows == 0 then
    out:line(out:style("dim", "no profiles; demo and demo-dr are always there"))
    return
  end
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { name = row.name .. (row.default and " (default)" or ""), host = row.host,
      method = row.problem or row.auth_type }
  end
  out:table(list, { { "name", title = "PROFILE" }, { "host" }, { "method" } })
end

return {
  summary = "Show which credentials are used and where they come from.",
  effect = "read",
  route = { "GET", "/api/dlt/auth" },
  returns = { host = "string", auth_type = "string", attributes = { { name = "string",
    value = "string", source = "string" } }, check = { status = "string" } },
  details = [[
describe: the host and the method that the arguments, the environment and the config file lead
to, and for each attribute which of them it came from. Secrets are shown as ***. Then the
workspace is asked who we are, unless --offline; if it refuses, the status is 4.

profiles: the sections of the config file (DATABRICKS_CONFIG_FILE, or ~/.databrickscfg), and
what each would use. Nothing is sent.

An explicit --profile beats the credentials of the environment. Without one the environment
beats the file, which is not read at all if the environment names a host or a credential.]],
  args = {
    { "action", "choice", "What to show.", choices = { "describe", "profiles" },
      default = "describe", positional = true, served = false },
    { "offline", "flag", "Do not ask the workspace." },
  },
  examples = {
    { "auth describe", "what is used by default" },
    { "auth describe --profile prod -o json", "for a program" },
    { "auth profiles", "what there is to choose from" },
  },
  see = { "doctor" },
  render = {
    columns = { "name", "host", "auth_type", "default", "problem" },
    text = function(data, out)
      if data.attributes then
        show_description(data, out)
      else
        show_profiles(data, out)
      end
    end,
  },

  run = function(ctx, arg)
    if arg.action == "profiles" then
      return (auth.profiles())
    end
    local data, refusal = auth.describe(ctx.workspace, { offline = arg.offline })
    if refusal then
      ctx.finish(outcome(refusal))
    end
    return data
  end,
}
