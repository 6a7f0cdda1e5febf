local fault = require "base.fault"
local formats = require "output.formats"
local lineage = require "tarn.lineage"
local pipelines = require "tarn.pipelines"
local tables = require "tarn.lineage.table"
local time = require "base.time"
local tree = require "tarn.lineage.tree"

local DAY_MS <const> = 86400000

-- The fields of the rows of a table's lineage.
local ROWS <const> = { "direction", "depth", "fqn", "catalog", "schema", "table", "kind", "type",
  "format", "comment", "pipeline_id", "pipeline_name", "via", "evidence" }

-- Data that the text form shows as a table: the data itself does not say so.
local as_table <const> = setmetatable({}, { __mode = "k" })

-- The lineage in another format: { format, text }, or the list of OpenLineage events.
local function formatted(data, format)
  if format == "openlineage" then
    return require("tarn.lineage.openlineage").events(data)
  end
  return { format = format, text = require("tarn.lineage." .. format).text(data) }
end

local function show(data, out)
  if data.format then
    out:write(data.text)
  elseif data.fqn then
    require("tarn.lineage.table.text").show(data, out, as_table[data])
  elseif data.coverage then
    tree.show(data, out, as_table[data])
  else
    require "output.render.jsonl"(function(text) out:write(text) end, nil, nil, data)
  end
end

-- ---- a table ----

-- Options that go with a table only, and those that go with a pipeline only.
local OF_TABLE <const>, OF_PIPELINE <const> = { "table", "up", "down", "depth" },
  { "dataset", "code", "columns", "check" }

local function check_options(ctx, arg, wrong, what)
  for _, name in ipairs(wrong) do
    if arg[name] then
      fault.usage(ctx.op, ("--%s goes with the lineage of a %s"):format(name, what))
    end
  end
end

local function is_of_table(arg)
  for _, name in ipairs(OF_TABLE) do
    if arg[name] then
      return true
    end
  end
  return false
end

-- As tables.find; the fault of a workspace that refuses the search is the third result.
local function find_table(ws, name)
  local results, e = fault.try(function() return { tables.find(ws, name) } end)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  return results and results[1], results and results[2], e
end

-- The id of the pipeline that the argument names, or the table. A pipeline of exactly this name
-- comes first, then a table, then a pipeline whose name begins so.
local function resolve(ctx, arg)
  local ws, name = ctx.workspace, arg.pipeline
  local of_table, refusal = is_of_table(arg), nil
  if not of_table and pipelines.is_id(name) then
    return pipelines.find_id(ws, name)
  end
  local exact = of_table and {} or pipelines.ids_of(ws, name)
  if #exact > 0 then
    return exact[2] and pipelines.find_id(ws, name) or exact[1]
  end
  local function find_pipeline()
    local id, e = fault.try(pipelines.find_id, ws, name)
    if e and e.status ~= 404 then
      fault.raise(e)
    end
    refusal = e
    return id
  end
  local id = not of_table and not name:find(".", 1, true) and find_pipeline()
  if id then
    return id
  end
  local found, similar, e = find_table(ws, name)
  if not (found and found.info) and not of_table and not refusal then
    id = find_pipeline()
    if id then
      return id
    end
  end
  if e then -- without Unity Catalog, names are those of pipelines
    fault.raise(e.kind ~= "usage" and refusal or e)
  elseif not found then
    tables.not_found(ws, name, similar, refusal)
  end
  return nil, found, refusal
end

local function of_table(ctx, arg, found, refusal)
  check_options(ctx, arg, OF_PIPELINE, "pipeline")
  local both = not arg.up and not arg.down
  local data = tables.read(ctx.workspace, found, { since = time.now() - arg.days * DAY_MS,
    source = arg.source, warehouse = arg.warehouse, up = both or arg.up, down = both or arg.down,
    depth = arg.depth, progress = ctx.progress })
  if not data then
    tables.not_found(ctx.workspace, arg.pipeline, found.similar, refusal)
  elseif arg.format == "openlineage" then
    return require("tarn.lineage.openlineage").job_events(data)
  elseif arg.format ~= "tree" and arg.format ~= "table" then
    return formatted(data, arg.format)
  elseif formats.of(ctx.options).rows then
    ctx.render = { columns = ROWS, fields = ROWS }
    return require("tarn.lineage.table.text").rows(data)
  end
  as_table[data] = arg.format == "table" or nil
  return data
end

return {
  summary = "Show what a pipeline's datasets, or a table, are made from and who reads them.",
  effect = "read",
  details = [[
Shows the pipeline's datasets with the evidence for each: the definitions of the newest update,
tables in Unity Catalog that name the pipeline, and reads and writes that the platform recorded.
Shows the edges between the datasets, to the tables that they read, and to the tables that are
made from them. Shows the copies of the pipeline, and the pipeline that it is a copy of, with the
names of the datasets there.

The answer says which sources were asked, which answered, and what is unknown.

If no update has reported the datasets, Tarn reads the pipeline's code (SQL and Python) without
running it. Code that it does not understand is listed by file and line. --code always reads it.

The name of a table in place of a pipeline shows what feeds the table and what reads it, across
pipelines, as far as it goes: catalog.schema.table, or less of it where that is unique. --up shows
only what feeds it, --down only what reads it, --depth N only N steps. The steps are those that the
platform has recorded, and those that the pipelines on the way define; if nothing recorded can be
read, the definitions of all pipelines are. A pipeline of the same name comes first: --table says
that a table is meant.

The REST API is asked first; it needs only the permission to view the pipeline. SQL is asked too
if a warehouse runs, but not with --source rest; --source sql asks SQL only. --check asks the
workspaces of the copies, with the profiles that cloned them, whether the copies still exist.]],
  route = { "GET", "/api/dlt/pipelines/{pipeline}/lineage" },
  returns = { any = {
    { pipeline_id = "string", pipeline_name = "string", ["catalog?"] = "string|null",
      ["target_schema?"] = "string|null", total_datasets = "integer",
      datasets = { { fqn = "string", ["catalog?"] = "string|null", ["schema?"] = "string|null",
        ["table?"] = "string|null", ["type?"] = "string|null", ["format?"] = "string|null",
        ["comment?"] = "string|null" } },
      edges = { { source = "string", target = "string" } }, clones = "array",
      coverage = "object" },
    { fqn = "string", ["type?"] = "string|null", ["pipeline_id?"] = "string|null",
      upstream = { { fqn = "string", depth = "integer", ["pipeline_name?"] = "string|null" } },
      downstream = { { fqn = "string", depth = "integer", ["pipeline_name?"] = "string|null" } },
      edges = { { source = "string", target = "string" } },
      pipelines = { { pipeline_id = "string", ["name?"] = "string|null" } },
      coverage = "object" },
    { format = "string", text = "string" },
    { "object" },
  } },
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name; or a table." },
    { "table", "flag", "The name is that of a table, also if a pipeline has the same name." },
    { "up", "flag", "Of a table: show what feeds it." },
    { "down", "flag", "Of a table: show what reads it." },
    { "depth", "integer", "Of a table: show so many steps.", optional = true, min = 1,
      value = "N" },
    { "format", "choice", "Format of the answer.", default = "tree", short = "f",
      choices = { "tree", "table", "dot", "mermaid", "openlineage" } },
    { "dataset", "string", "Show only the sources and users of datasets that match this glob.",
      optional = true, of = "dataset" },
    { "days", "integer", "Days to look back for reads and writes.", default = 90, min = 1,
      max = 365, short = "d" },
    { "code", "flag", "Read the code of the pipeline, too." },
    { "columns", "flag", "Show the columns, and their lineage." },
    { "check", "flag", "Ask the workspaces of the copies whether they still exist." },
    { "source", "choice", "Source of the answer.", default = "auto", choices = { "auto", "rest",
      "sql" } },
    { "warehouse", "string", "Id of the warehouse for SQL.", optional = true, value = "ID" },
  },
  examples = {
    { "lineage 'Sales daily'", "show a tree" },
    { "lineage sales --dataset 'gold*' --format table", "show the lineage of some tables" },
    { "lineage sales.orders.gold", "show what feeds a table, and what reads it" },
    { "lineage sales.orders.gold --down --depth 2", "show who is hit if the table is wrong" },
    { "lineage sales --format dot", "print a graph for Graphviz: | dot -Tsvg" },
    { "lineage sales --format openlineage -o jsonl", "print events for a lineage server" },
    { "lineage sales -o json", "print all data, with the evidence" },
  },
  see = { "expectations", "clone", "journal" },
  render = { text = show },

  run = function(ctx, arg)
    local ws = ctx.workspace
    local id, found, refusal = resolve(ctx, arg)
    if not id then
      return of_table(ctx, arg, found, refusal)
    end
    local data = lineage.read(ws, {
      id = id, since = time.now() - arg.days * DAY_MS,
      source = arg.source, warehouse = arg.warehouse, columns = arg.columns, code = arg.code,
      check = arg.check, dataset = arg.dataset, progress = ctx.progress,
      open = ctx.open,
    })
    if arg.format ~= "tree" and arg.format ~= "table" then
      return formatted(data, arg.format)
    elseif formats.of(ctx.options).rows then
      return data.datasets
    end
    as_table[data] = arg.format == "table" or nil
    return data
  end,
}
