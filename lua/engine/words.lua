--- What the words of other tools are called here. People who know the Databricks CLI, gh, kubectl,
-- terraform or git type these words; the answer names the command that they mean.
--
-- An answer is { COMMAND LINE, WHAT IT DOES }. Where there are several, the first one counts whose
-- command exists.

local M = {}

local LIST <const> = { { "list", "lists the pipelines" } }
local GET <const> = { { "get NAME", "shows a pipeline with its whole spec" } }
local UPDATES <const> = { { "updates NAME", "shows the run history of a pipeline" } }
local EVENTS <const> = { { "events NAME", "shows what a pipeline logged" } }
local FOLLOW <const> = { { "events NAME --follow --live", "watches a run, flow by flow" } }
local TRIGGER <const> = { { "trigger NAME --wait", "starts an update and waits for its end" } }
local STOP <const> = { { "stop NAME", "stops the active update of a pipeline" } }
local DELETE <const> = { { "delete NAME", "deletes a pipeline, after a question" } }
local UNDO <const> = { { "undo last", "takes the last change back" } }
local DASHBOARD <const> = { { "dashboard", "shows what runs and what failed" } }
local WATCH <const> = { { "dashboard --watch", "shows what runs and what failed, until Ctrl-C" } }
local AUTH <const> = { { "auth describe", "shows which credentials are used and where they come "
  .. "from; `tarn help workspaces` says how to make a profile" } }
local LOGIN <const> = { { "auth login", "logs in with a browser, and writes a profile" } }
local LOGOUT <const> = { { "auth logout", "forgets the token of a log-in" } }
local PROFILES <const> = { { "auth profiles", "lists the profiles" } }
local CREATE <const> = { { "create FILE", "makes a pipeline from a spec" },
  { "import DIR", "makes a pipeline from an exported folder; `tarn api POST /api/2.0/pipelines "
    .. "--body @FILE` makes one from a spec" } }
local EDIT <const> = { { "edit NAME", "changes the settings of a pipeline in your editor" },
  { "api PUT /api/2.0/pipelines/ID --body @FILE", "replaces the spec of a pipeline" } }
local BOTH <const> = { { "edit NAME", "changes the settings of a pipeline; `tarn updates NAME` "
  .. "shows its run history" }, { "updates NAME", "shows the run history of a pipeline; `tarn api "
  .. "PUT /api/2.0/pipelines/ID --body @FILE` replaces its spec" } }
local SET <const> = { { "set NAME PATH=VALUE", "changes settings of a pipeline" }, EDIT[2] }
local RENAME <const> = { { "rename NAME NEW", "renames a pipeline" }, EDIT[2] }
local OPEN <const> = { { "open NAME", "opens a pipeline in the browser" },
  { "get NAME -o json", "shows a pipeline with its id, which its address ends with" } }
local COST <const> = { { "cost", "shows what pipelines cost" },
  { "run cookbook:cost-drivers", "shows what costs most, from system.billing" } }
local JOBS <const> = { { "jobs NAME", "lists the jobs that run a pipeline" },
  { "api GET /api/2.1/jobs/list", "lists the jobs" } }
local MIGRATE <const> = { { "migrate NAME --catalog CATALOG", "moves a pipeline to Unity Catalog" },
  { "help cloning", "says how a pipeline moves to another catalog or workspace" } }
local CLONE <const> = { { "clone NAME --dry-run", "shows how a pipeline would be copied or "
  .. "promoted, here or to another workspace" } }
local DIFF <const> = { { "diff LEFT RIGHT", "compares two pipelines" } }
local EXPORT <const> = { { "export NAME --dir DIR", "writes a pipeline to files: JSON, a bundle or "
  .. "Terraform" } }
local PERMISSIONS <const> = { { "permissions NAME", "shows who may do what" } }
local GRANT <const> = { { "grant NAME group:GROUP=CAN_RUN", "gives a permission" } }
local SQL <const> = { { 'sql "SELECT * FROM TABLE LIMIT 10"', "shows rows of a table" } }
local EXPECTATIONS <const> = { { "expectations NAME", "counts rows that passed and failed" } }
local LINEAGE <const> = { { "lineage NAME", "shows what tables are made from" } }
local JOURNAL <const> = { { "journal", "lists what Tarn changed" } }
local HELP <const> = { { "help", "lists the commands and the pages" } }
local VERSION <const> = { { "--version", "prints the version" } }
local TAG <const> = { { "run cookbook:tag-all KEY=VALUE", "tags pipelines" } }
local VALIDATE <const> = { { "trigger NAME --validate --wait", "checks that the code compiles" } }
local SERVE <const> = { { "serve", "shows all in the browser" } }
local REPL <const> = { { "repl", "is the prompt" } }
local DOCTOR <const> = { { "doctor", "checks the connection and says what is wrong" } }

--- The answers, by the word.
---@type table<string, { [1]: string, [2]: string }[]>
M.commands = {
  -- look
  ls = LIST, ["list-pipelines"] = LIST, find = LIST, search = LIST, ps = LIST, all = LIST,
  ["get-pipeline"] = GET, show = GET, describe = GET, view = GET, cat = GET, inspect = GET,
  info = GET, spec = GET, details = GET, read = GET,
  status = DASHBOARD, health = DASHBOARD, overview = DASHBOARD, home = DASHBOARD,
  failed = { { "updates '*' --state failed --since 12h", "shows what failed and why" } },
  top = WATCH, watch = WATCH, monitor = WATCH,
  history = UPDATES, ["list-updates"] = UPDATES, runs = UPDATES, updates = UPDATES,
  update = BOTH, ["list-runs"] = UPDATES,
  ["get-update"] = { { "updates NAME --update ID", "shows one update, with its causes" } },
  ["get-run"] = { { "updates NAME --update ID", "shows one update, with its causes" } },
  log = EVENTS, logs = EVENTS, event = EVENTS, ["list-pipeline-events"] = EVENTS,
  ["list-events"] = EVENTS, errors = { { "events NAME --level error", "shows its errors" } },
  tail = FOLLOW, follow = FOLLOW, live = FOLLOW, attach = FOLLOW,
  rows = SQL, preview = SQL, query = SQL, select = SQL, head = SQL, tables = LINEAGE,
  table = LINEAGE, graph = LINEAGE, dag = LINEAGE, quality = EXPECTATIONS, gate = EXPECTATIONS,
  -- run
  start = TRIGGER, ["start-update"] = TRIGGER, rerun = TRIGGER, refresh = TRIGGER,
  restart = TRIGGER, retry = TRIGGER, execute = TRIGGER, ["run-now"] = TRIGGER, launch = TRIGGER,
  ["full-refresh"] = { { "trigger NAME --full-refresh", "computes everything anew" } },
  validate = VALIDATE, check = VALIDATE, compile = VALIDATE, ["dry-run"] = VALIDATE,
  cancel = STOP, ["stop-update"] = STOP, abort = STOP, pause = STOP, halt = STOP,
  -- change
  create = CREATE, ["create-pipeline"] = CREATE, add = CREATE, make = CREATE,
  edit = EDIT, modify = EDIT, ["update-pipeline"] = EDIT, replace = EDIT, configure = AUTH,
  set = SET, patch = SET, config = SET, settings = SET, annotate = TAG, label = TAG, tag = TAG,
  rename = RENAME, move = RENAME, mv = RENAME,
  rm = DELETE, remove = DELETE, del = DELETE, destroy = DELETE, drop = DELETE, purge = DELETE,
  ["delete-pipeline"] = DELETE, undelete = UNDO, restore = UNDO, revert = UNDO, rollback = UNDO,
  ["rollout"] = UNDO, redo = JOURNAL, audit = JOURNAL, activity = JOURNAL, changes = JOURNAL,
  migrate = MIGRATE, ["get-permissions"] = PERMISSIONS, acl = PERMISSIONS, access = PERMISSIONS,
  share = GRANT, revoke = { { "grant NAME --revoke group:GROUP", "takes a permission away" } },
  ["set-permissions"] = GRANT, ["update-permissions"] = GRANT, chmod = GRANT, chown = {
    { "grant NAME --owner user:USER", "gives a pipeline to another owner" } },
  -- copy
  cp = CLONE, copy = CLONE, promote = CLONE, deploy = CLONE, apply = CLONE, plan = CLONE,
  sync = CLONE, mirror = CLONE, fork = CLONE, compare = DIFF, generate = EXPORT, bundle = EXPORT,
  bundles = EXPORT, download = EXPORT, dump = EXPORT, backup = EXPORT, terraform = EXPORT,
  pull = EXPORT, push = CLONE, upload = CREATE, load = CREATE,
  -- money, jobs, the browser
  cost = COST, costs = COST, price = COST, billing = COST, usage = COST, spend = COST,
  jobs = JOBS, job = JOBS, schedule = JOBS, schedules = JOBS, cron = JOBS,
  open = OPEN, browse = OPEN, web = SERVE, ui = SERVE, url = OPEN, link = OPEN,
  -- set up
  login = LOGIN, logout = LOGOUT, signin = LOGIN, whoami = AUTH, me = AUTH, user = AUTH,
  ["current-user"] = AUTH, token = AUTH, ["auth status"] = AUTH,
  ["auth list"] = PROFILES,
  profile = PROFILES, profiles = PROFILES, workspace = PROFILES, workspaces = PROFILES,
  context = PROFILES, contexts = PROFILES, use = PROFILES,
  version = VERSION, docs = HELP, doc = HELP, manual = HELP, commands = HELP, options = HELP,
  ping = DOCTOR, verify = DOCTOR, troubleshoot = DOCTOR,
  demo = { { "-p demo dashboard", "shows the embedded workspace" } },
  init = { { "new NAME", "makes a command of your own" } },
  console = REPL, shell = REPL, lua = REPL, curl = { { "api GET PATH", "calls the REST API" } },
  cookbook = { { "help cookbook", "lists the ready scripts" } },
  warehouses = { { "api GET /api/2.0/sql/warehouses", "lists the warehouses" } },
}

-- The names of programs and groups of commands that people type before the word they mean.
local BEFORE <const> = { tarn = true, databricks = true, pipelines = true, pipeline = true,
  gh = true, kubectl = true, dlt = true }

-- What options of other tools are called here: the first one that the command has.
local OPTIONS <const> = {
  limit = { "limit", "max_events", "max", "refreshes" },
  number = { "max_events", "max", "limit" }, n = { "max_events", "max", "limit" },
  max_results = { "max_events", "max", "limit" }, tail = { "max_events", "max" },
  lines = { "max_events", "max" }, max = { "max_events", "limit" },
  debug = { "verbose" }, trace = { "verbose" }, log_level = { "verbose" },
  format = { "output" }, json = { "output" }, template = { "each" }, query = { "each" },
  jq = { "each" }, jsonpath = { "each" }, fields = { "columns" }, no_header = { "no_headers" },
  context = { "profile" }, target = { "profile", "to" }, workspace = { "profile" },
  host = { "profile" }, token = { "profile" }, f = { "yes", "follow", "force" },
  auto_approve = { "yes" }, assume_yes = { "yes" }, y = { "yes" },
  watch = { "follow", "watch", "wait" }, w = { "watch", "wait", "follow" },
  start_time = { "since" }, from = { "since" }, after = { "since" }, end_time = { "until" },
  before = { "until" }, event_type = { "type" }, update_id = { "update" },
  sort_by = { "sort" }, order_by = { "sort" }, order = { "sort" }, selector = { "tag" },
  label = { "tag" }, labels = { "tag" }, all_namespaces = { "all_profiles" },
  all_workspaces = { "all_profiles" }, upstream = { "up" }, downstream = { "down" },
  plan = { "dry_run" }, check = { "dry_run" }, what_if = { "dry_run" },
  validate_only = { "validate" }, parallelism = { "jobs" }, name = { "filter" },
}

--- The answer for the words of a command line, of which the first is no command.
---@param words string[]
---@param exists fun(command: string): boolean
---@return { [1]: string, [2]: string }? answer
function M.find(words, exists)
  local at = 1
  while BEFORE[words[at] or ""] and words[at + 1] and not words[at + 1]:find "^%-" do
    at = at + 1
  end
  local word = words[at] and words[at]:lower()
  if at > 1 and exists(word) then
    return { "help " .. word, "shows what this command is called and takes" }
  end
  for _, answer in ipairs(M.commands[word] or M.commands[(word or ""):gsub("_", "-")] or {}) do
    local command = answer[1]:match "^%l[%w-]*"
    if not command or exists(command) then
      return answer
    end
  end
  return at == 1 and BEFORE[word or ""] and LIST[1] or nil
end

--- The answer as a hint.
---@param words string[]
---@param exists fun(command: string): boolean
---@return string?
function M.hint(words, exists)
  local answer = M.find(words, exists)
  return answer and ("`tarn %s` %s"):format(answer[1], answer[2])
end

--- The option that the name of another tool's option means.
---@param name string with dashes or underscores
---@param has fun(option: string): boolean whether the command has an option, with underscores
---@return string? option with underscores
function M.find_option(name, has)
  for _, option in ipairs(OPTIONS[(name:gsub("-", "_"))] or {}) do
    if has(option) then
      return option
    end
  end
end

return M
