local formats = require "output.formats"
local lineage = require "tarn.lineage"
local pipelines = require "tarn.pipelines"
local time = require "base.time"
local tree = require "tarn.lineage.tree"

local DAY_MS <const> = 86400000

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
  elseif data.coverage then
    tree.show(data, out, as_table[data])
  else
    require "output.render.jsonl"(function(text) out:write(text) end, nil, nil, data)
  end
end

return {
  summary = "Show the sources and the users of a pipeline's datasets.",
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
    { format = "string", text = "string" },
    { "object" },
  } },
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
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
    { "lineage sales --format dot", "print a graph for Graphviz: | dot -Tsvg" },
    { "lineage sales --format openlineage -o jsonl", "print events for a lineage server" },
    { "lineage sales -o json", "print all data, with the evidence" },
  },
  see = { "expectations", "clone", "journal" },
  render = { text = show },

  run = function(ctx, arg)
    local ws = ctx.workspace
    local data = lineage.read(ws, {
      id = pipelines.find_id(ws, arg.pipeline), since = time.now() - arg.days * DAY_MS,
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
