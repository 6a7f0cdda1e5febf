local auth = require "tarn.auth"
local report = require "engine.report"

local function show_check(data, screen)
  local check = data.check
  if check.status == "ok" then
    local place = data.org_id and " in workspace " .. data.org_id or ""
    screen:line(screen:style("green", "ok"), "  ", screen:clean((data.user or "somebody") .. place))
  elseif check.status == "failed" then
    screen:line(screen:style("red", "failed"), "  ", screen:clean(check.message))
    if check.hint then
      screen:line(screen:style("dim", "     -> "), screen:clean(check.hint))
    end
  else
    screen:line(screen:style("dim", "not checked"))
  end
end

local function show_description(data, screen)
  screen:fields(data, { "host", "profile", "auth_type" })
  screen:line()
  screen:table(data.attributes, { { "name" }, { "value" }, { "source" } })
  screen:line()
  show_check(data, screen)
end

local function show_profiles(rows, screen)
  if #rows == 0 then
    screen:line(screen:style("dim", "there are no profiles, except demo and demo-dr"))
    return
  end
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { name = row.name .. (row.default and " (default)" or ""), host = row.host,
      method = row.problem or row.auth_type }
  end
  screen:table(list, { { "name", title = "PROFILE" }, { "host" }, { "method" } })
end

return {
  summary = "Show which credentials are used, and where they come from.",
  effect = "read",
  route = { "GET", "/api/dlt/auth" },
  returns = { host = "string", auth_type = "string", attributes = { { name = "string",
    value = "string", source = "string" } }, check = { status = "string" } },
  details = [[
describe  Shows the host, the log-in method and the source of each attribute: an argument, the
          environment, or the config file. Secrets are shown as ***. Then it asks the workspace
          for the user's name, unless --offline is given; if that fails, the exit status is 4.
profiles  Lists the profiles of the config file (DATABRICKS_CONFIG_FILE, or ~/.databrickscfg) and
          the log-in method of each. It sends nothing.

An explicit --profile takes precedence over credentials in the environment. Without --profile, the
environment takes precedence, and the config file is read only if the environment names neither a
host nor a credential.]],
  args = {
    { "action", "choice", "What to show.", choices = { "describe", "profiles" },
      default = "describe", positional = true, served = false },
    { "offline", "flag", "Do not send a request." },
  },
  examples = {
    { "auth describe", "show the default credentials" },
    { "auth describe --profile prod -o json", "show the credentials of a profile, for a program" },
    { "auth profiles", "list the profiles" },
  },
  see = { "doctor" },
  render = {
    columns = { "name", "host", "auth_type", "default", "problem" },
    text = function(data, screen)
      if data.attributes then
        show_description(data, screen)
      else
        show_profiles(data, screen)
      end
    end,
  },

  run = function(ctx, arg)
    if arg.action == "profiles" then
      return (auth.profiles())
    end
    local data, refusal = auth.describe(ctx.workspace, { offline = arg.offline })
    if refusal then
      ctx.finish(report.status_name(refusal))
    end
    return data
  end,
}
