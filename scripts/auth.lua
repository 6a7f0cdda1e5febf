local auth = require "tarn.auth"
local fault = require "base.fault"
local report = require "engine.report"
local show = require "tarn.auth.show"
local workspace = require "tarn.workspace"

-- What the words name: a profile, a host, or neither. A word by itself is a profile if there is
-- one of that name, and else a host.
local function named(ctx, arg)
  local profile = ctx.options.profile
  if not arg.target then
    return profile or os.getenv "DATABRICKS_CONFIG_PROFILE", arg.host
  elseif profile or arg.host then
    fault.usage(ctx.op, ("'%s' does not go together with --profile and --host"):format(arg.target))
  elseif auth.has_profile(arg.target) then
    return arg.target, nil
  elseif arg.target:find "[.:]" then
    return nil, arg.target
  end
  fault.usage(ctx.op, ("there is no profile '%s'"):format(arg.target),
    "a new one needs its workspace: --profile NAME --host URL")
end

-- The profile that a change is about: it is never guessed.
local function named_profile(ctx, arg)
  local profile, host = named(ctx, arg)
  if host or not profile then
    fault.usage(ctx.op, "name the profile: `tarn auth " .. arg.action .. " NAME`")
  end
  return profile
end

local function refuse_served(ctx)
  if ctx.served then
    fault.usage(ctx.op, "the server does not do that")
  end
end

local actions = {}

function actions.describe(ctx, arg)
  local data, refusal = auth.describe(ctx.workspace, { offline = arg.offline })
  if refusal then
    ctx.finish(report.status_name(refusal))
  end
  return data
end

function actions.profiles(_, arg)
  return (auth.profiles { offline = arg.offline })
end

function actions.login(ctx, arg)
  local profile, host = named(ctx, arg)
  if not profile and not host then
    profile = auth.default_profile { method = "databricks-cli" }
  end
  return auth.login { op = ctx.op, profile = profile, host = host, account_id = arg.account_id,
    scopes = arg.scopes, port = arg.port, wait = arg.wait,
    announce = function(address)
      io.stderr:write("Log in with a browser at this address:\n\n  ", address, "\n\n")
      local why = not arg.no_browser and workspace.browser.open(address, { behind = true })
      if why then
        ctx.warn(why)
      end
    end }
end

function actions.logout(ctx, arg)
  return auth.logout { profile = named_profile(ctx, arg), delete = arg.delete }
end

function actions.switch(ctx, arg)
  return auth.switch(named_profile(ctx, arg))
end

function actions.configure(ctx, arg)
  local profile, host = named(ctx, arg)
  return auth.configure { op = ctx.op, profile = profile, host = host }
end

function actions.token(ctx, arg)
  local profile, host = named(ctx, arg)
  auth.show_token { profile = profile, host = host, account_id = arg.account_id,
    renew = arg.force_refresh, format = ctx.options.output }
end

function actions.env(ctx, arg)
  auth.show_environment { profile = named(ctx, arg), secrets = arg.secrets }
end

return {
  summary = "Log in and out, and show which credentials are used.",
  effect = "read",
  endless = function(arg) return arg.action == "login" end,
  route = { "GET", "/api/dlt/auth" },
  returns = { host = "string", auth_type = "string", attributes = { { name = "string",
    value = "string", source = "string" } }, check = { status = "string" } },
  details = [[
describe   Shows the host, the log-in method and the source of each attribute. Secrets are shown
           as ***. Then it asks the workspace for the user's name, unless --offline is given; if
           that fails, the exit status is 4.
login      Logs a person in with a browser, and writes a profile. The tokens are kept where
           Databricks' own tools keep them (~/.databricks/token-cache.json), so one log-in serves
           them all. `tarn -p demo auth login` is for practice, and keeps nothing.
logout     Ends that log-in. With --delete, the profile is removed, too.
token      Prints the token that requests have: as JSON, or with -o text by itself.
switch     Makes a profile the default one.
profiles   Lists the profiles of the config file (DATABRICKS_CONFIG_FILE, or ~/.databrickscfg), and
           asks each workspace whether it accepts them, unless --offline is given.
configure  Asks for a token, which is not shown, and writes it to a profile.
env        Prints the settings as commands for a shell; secrets only with --secrets.

The arguments come first, then the profile that they or DATABRICKS_CONFIG_PROFILE name, then the
environment, then the default profile. Each completes what those before it leave out. Two hosts, or
two methods, are refused.]],
  args = {
    { "action", "choice", "What to do.", choices = { "describe", "login", "logout", "token",
      "switch", "profiles", "configure", "env" }, default = "describe", positional = true,
      served = false },
    { "target", "string", "A profile, or the address of a workspace.", optional = true,
      positional = true, value = "PROFILE|URL", of = "workspace", served = false },
    { "host", "string", "Address of the workspace or account.", optional = true, value = "URL",
      served = false },
    { "account_id", "string", "Account, for the address of an account.", optional = true,
      value = "ID", served = false },
    { "scopes", "string", "What the log-in is to be good for, separated by commas.",
      optional = true, value = "LIST", served = false },
    { "no_browser", "flag", "Print the address to log in at, and start no browser.",
      served = false },
    { "port", "integer", "Port of this machine for the browser's answer.", optional = true,
      min = 1, max = 65535, value = "N", served = false },
    { "wait", "number", "Seconds that logging in may take.", default = 3600, min = 1,
      value = "S", served = false },
    { "delete", "flag", "Remove the profile, too.", served = false },
    { "force_refresh", "flag", "Renew the token, even if it is valid.", served = false },
    { "secrets", "flag", "Print secrets, too.", served = false },
    { "offline", "flag", "Do not send a request." },
  },
  examples = {
    { "auth describe", "show the default credentials" },
    { "auth login --host https://dbc-1.cloud.databricks.com -p prod", "log in with a browser" },
    { "auth describe --profile prod -o json", "show the credentials of a profile, for a program" },
    { "auth profiles", "list the profiles" },
    { "auth switch prod", "make a profile the default one" },
  },
  see = { "doctor" },
  render = {
    columns = { "name", "host", "auth_type", "default", "valid", "user", "problem" },
    text = show.text,
  },

  run = function(ctx, arg)
    if arg.action ~= "describe" then
      refuse_served(ctx)
    end
    return actions[arg.action](ctx, arg)
  end,
}
