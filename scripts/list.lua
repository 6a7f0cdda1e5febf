local collections = require "base.collections"
local fault = require "base.fault"
local fleet = require("tarn.workspace").fleet
local formats = require "output.formats"
local order = require "tarn.pipelines.order"
local query = require "tarn.pipelines.query"
local suggestion = require "base.suggestion"
local url = require("tarn.workspace").url.pipeline
local wait = require "tarn.wait"

local profiles, all_profiles, patience = table.unpack(fleet.args())

-- The words that the dashboard counts, and the states of the API.
local STATES <const> = table.move(wait.STATES, 1, #wait.STATES, 6,
  { "running", "failed", "idle", "other", "HIBERNATED" })

local FIELDS <const> = { "pipeline_id", "name", "state", "health", "creator", "run_as",
  "cluster_id", "latest_update.update_id", "latest_update.state", "latest_update.creation_time",
  "url" }

-- ---- columns ----

local COLUMNS <const> = { "name", "state", "health", { "latest_update.state", title = "LAST RUN" },
  { "latest_update.creation_time", title = "STARTED", worth = 4 }, "creator", "pipeline_id" }

local function tags_text(tags)
  local list = {}
  for i, key in ipairs(collections.keys(tags)) do
    list[i] = tags[key] == "" and key or ("%s=%s"):format(key, tags[key])
  end
  return table.concat(list, ", ")
end

-- The columns of a run: those of what was asked for stand behind the name.
local function render_of(arg, several, has_settings)
  local columns, fields = { "name" }, { "pipeline_id", "name" }
  columns[#columns + 1] = several and { "profile", worth = 9 } or nil
  columns[#columns + 1] = arg.catalog and { "catalog", worth = 6 } or nil
  columns[#columns + 1] = arg.tag and { "tags", text = tags_text, worth = 5 } or nil
  table.move(COLUMNS, 2, #COLUMNS, #columns + 1, columns)
  if several then
    table.move({ "profile", "workspace" }, 1, 2, #fields + 1, fields)
  end
  if has_settings then
    table.move(query.SETTINGS, 1, #query.SETTINGS, #fields + 1, fields)
  end
  table.move(FIELDS, 3, #FIELDS, #fields + 1, fields)
  return { columns = columns, fields = fields, noun = "pipeline" }
end

-- ---- criteria ----

-- True if the text of --columns, or the keys of --sort, name a field of the settings.
local function names_settings(ctx, keys)
  local named = collections.words(ctx.options.columns)
  for _, key in ipairs(keys or {}) do
    named[#named + 1] = key.field
  end
  for _, name in ipairs(named) do
    for _, field in ipairs(query.SETTINGS) do
      if name == field or name:sub(1, #field + 1) == field .. "." then
        return true
      end
    end
  end
  return false
end

local function sort_keys(ctx, arg)
  if not arg.sort then
    return nil
  end
  local known = { "profile", "workspace", "catalog", "schema" }
  table.move(FIELDS, 1, #FIELDS, #known + 1, known)
  return order.keys(ctx.op, arg.sort, known)
end

local function criteria_of(ctx, arg, keys)
  local note = arg.state and suggestion.find_unknown({ arg.state }, STATES, "state of a pipeline")
  if note then
    ctx.warn("--state: " .. note)
  end
  for _, tag in ipairs(arg.tag or {}) do
    if tag:find "^=" then
      fault.usage(ctx.op, ("--tag: '%s' has no key"):format(tag), "--tag team, --tag team=data")
    end
  end
  -- the first ones of an order are known when all rows are
  return { name = arg.filter, state = arg.state, health = arg.health, creator = arg.creator,
    catalog = arg.catalog, tags = arg.tag, notebook = arg.notebook, case = arg.case,
    max = not keys and arg.limit or nil, settings = names_settings(ctx, keys) }
end

-- ---- rows ----

-- Told of each pipeline whose settings cannot be read; `finish` sums them up.
local function new_unread(ctx)
  local count, first = 0, nil
  return function(row, e)
    count, first = count + 1, first or ("%s: %s"):format(row.name, e.message)
  end, function()
    if count > 0 then
      ctx.warn(("it is unknown whether %d pipeline%s whose settings cannot be read fit%s; %s")
        :format(count, count == 1 and "" or "s", count == 1 and "s" or "", first))
      ctx.finish "failed"
      count = 0
    end
  end
end

local function rows_of(ws, criteria)
  local next_row, _, _, closing = query.rows(ws, criteria)
  return function()
    local row = next_row()
    if row then
      row.url = url(ws, row.pipeline_id)
    end
    return row
  end, nil, nil, closing
end

-- The rows of a list in order; with a limit, the first ones.
local function sorted(list, keys, limit)
  order.sort(list, keys)
  local at, most = 0, math.min(#list, limit or #list)
  return function()
    at = at + 1
    return at <= most and list[at] or nil
  end
end

local function of_fleet(ctx, names, criteria, seconds)
  local list = fleet.open(names, ctx.open, ctx.warn)
  local answers, faults = fleet.ask(ctx.op, list, function(one)
    local rows = {}
    for row in rows_of(one.client, criteria) do
      row.profile, row.workspace = one.profile, one.workspace
      rows[#rows + 1] = row
    end
    return rows
  end, seconds)
  local all = {}
  for i, one in ipairs(list) do
    if faults[i] then
      ctx.warn(("%s: %s; its pipelines are missing"):format(one.profile, faults[i].message))
      ctx.finish "failed"
    end
    table.move(answers[i] or {}, 1, #(answers[i] or {}), #all + 1, all)
  end
  return all
end

-- The rows of one workspace, as they come.
local function streamed(ctx, criteria, finish)
  local next_row, _, _, closing = rows_of(ctx.workspace, criteria)
  return function()
    local row = next_row()
    if not row then
      finish()
    end
    return row
  end, nil, nil, closing
end

return {
  summary = "List the pipelines of a workspace, or of several.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines", cached = true },
  returns = { {
    pipeline_id = "string", name = "string", state = "string", ["health?"] = "string|null",
    ["creator?"] = "string|null", ["run_as?"] = "string|null", ["cluster_id?"] = "string|null",
    ["url?"] = "string", ["latest_update?~"] = { update_id = "string", state = "string",
      ["creation_time?"] = "string" },
    ["profile?"] = "string", ["workspace?"] = "string", ["catalog?"] = "string|null",
    ["schema?"] = "string|null", ["tags?"] = "object",
  } },
  details = [[
Lists all pipelines that you may see. Patterns are globs: '*' stands for any text, '?' for one
character; case is ignored, unless --case is given.

--state takes the states of the API (RUNNING, IDLE, FAILED, ...) and those of the dashboard:
`--state failed` includes IDLE pipelines whose newest update failed.

--catalog and --tag look into the settings of each pipeline that fits the other options, which
takes a call for each; so do catalog, schema and tags among --columns. hive_metastore is the
catalog of pipelines with a target and no catalog. The workspace itself finds the path of a
notebook, and with --case also names. The path of a file, or a glob, takes a call for each pipeline.

--limit N reads no more pages than needed and takes the first pipelines by name, in the
workspace's order of names; with --sort all pipelines are read, and the first ones of that order
are taken. --sort state,started:desc sorts by any fields; what has no value comes last.

--profiles and --all-profiles list several workspaces side by side, each workspace once. If one
does not answer, its reason is printed, the others are listed, and the exit status is 1.]],
  args = {
    { "filter", "string", "List pipelines whose name matches this glob.", optional = true,
      positional = true },
    { "state", "string", "List pipelines in this state (a glob).", optional = true },
    { "health", "choice", "List pipelines of this health.", optional = true,
      choices = { "healthy", "unhealthy", "unknown" } },
    { "creator", "string", "List pipelines whose creator matches this glob.", optional = true },
    { "catalog", "string", "List pipelines that publish to this catalog (a glob).",
      optional = true, of = "catalog" },
    { "tag", "list", "List pipelines with this tag (globs, repeatable).", optional = true,
      value = "KEY[=VALUE]" },
    { "notebook", "string", "List pipelines that run this notebook, file or folder (a glob).",
      optional = true, value = "PATH" },
    { "case", "flag", "Do not ignore case in globs." },
    { "sort", "string", "Sort by these fields: name, state, started:desc, ...", optional = true,
      value = "FIELD[:desc]" },
    { "limit", "integer", "Most pipelines to list.", optional = true, min = 1, short = "n",
      value = "N" },
    profiles, all_profiles, patience,
  },
  examples = {
    { "list", "list all pipelines" },
    { "list 'sales*' --state failed", "list the failed ones of some pipelines" },
    { "list --sort started:desc --limit 10", "list the ten that ran last" },
    { "list --catalog finance --tag team=data", "list by what the settings say" },
    { "list --all-profiles --state failed", "list what failed in all your workspaces" },
    { "list --health unhealthy -o json", "print JSON, for a program" },
    { "list --creator '*@example.com' -o csv", "print CSV, for a spreadsheet" },
  },
  see = { "get", "dashboard" },
  render = { columns = COLUMNS, fields = FIELDS, noun = "pipeline" },

  run = function(ctx, arg)
    fleet.check(ctx, arg)
    local names, keys = fleet.names(ctx.op, arg), sort_keys(ctx, arg)
    local criteria = criteria_of(ctx, arg, keys)
    local finish
    criteria.unread, finish = new_unread(ctx)
    criteria.progress = function(n) ctx.progress(n, nil, "settings read") end
    ctx.render = render_of(arg, names ~= nil, query.needs_settings(criteria))
    if not names and not keys and (ctx.called or formats.of(ctx.options).name ~= "text") then
      return streamed(ctx, criteria, finish) -- a program gets rows as they come
    end
    local rows = {}
    if names then
      rows = of_fleet(ctx, names, criteria, arg.patience)
    else
      for row in rows_of(ctx.workspace, criteria) do
        rows[#rows + 1] = row
      end
    end
    finish()
    return sorted(rows, keys, arg.limit)
  end,
}
