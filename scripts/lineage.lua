local lineage = require "tarn.lineage"
local pipelines = require "tarn.pipelines"
local time = require "base.time"
local tree = require "tarn.lineage.tree"

local DAY_MS <const> = 86400000

-- Data that is shown as a table: what `run` returns says nothing of how it is printed.
local as_table <const> = setmetatable({}, { __mode = "k" })

-- The picture in another form than data: { format, text }; events are a list.
local function drawn(data, format)
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
  summary = "Show what a pipeline's datasets are made from, and what is made from them.",
  effect = "read",
  details = [[
The pipeline's own datasets, wherever they are published, each with the evidence that it is one:
the definitions of the newest update, tables of Unity Catalog that name this pipeline, reads and
writes that the platform saw. The edges between them, to the tables that they read and to those
that others make from them. Where the pipeline was cloned to, and what it is a clone of, with the
name that each dataset has there.

What was asked, what answered and what stays unknown is part of the answer: a source that failed
is never shown as one that had nothing to say.

Of a pipeline that no update has told about, the code is read: SQL and Python, without running it.
What of it could not be understood is listed by file and line. --code reads it in any case.

REST is asked first and needs no more than to see the pipeline. SQL is asked at the same time if a
warehouse runs; --source rest does without, --source sql does without REST. --check asks the
workspaces of copies, by the profiles that the clones used, whether they are still there.]],
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
    { "format", "choice", "Form of the answer.", default = "tree", short = "f",
      choices = { "tree", "table", "dot", "mermaid", "openlineage" } },
    { "dataset", "string", "Only what these tables are made from, or in: a glob.",
      optional = true },
    { "days", "integer", "How far back reads and writes are looked for.", default = 90, min = 1,
      max = 365, short = "d" },
    { "code", "flag", "Read the code too; without it only if no update has told the graph." },
    { "columns", "flag", "Ask for columns too, and which are made from which." },
    { "check", "flag", "Ask the workspaces of copies whether these are still there." },
    { "source", "choice", "Whom to ask.", default = "auto", choices = { "auto", "rest", "sql" } },
    { "warehouse", "string", "Id of the warehouse for SQL.", optional = true, value = "ID" },
  },
  examples = {
    { "lineage 'Sales daily'", "a tree" },
    { "lineage sales --dataset 'gold*' --format table", "the way to some tables" },
    { "lineage sales --format dot", "for Graphviz: | dot -Tsvg" },
    { "lineage sales --format openlineage -o jsonl", "events for a lineage server" },
    { "lineage sales -o json", "everything, with its evidence" },
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
    local output = ctx.options.output or "text"
    if arg.format ~= "tree" and arg.format ~= "table" then
      return drawn(data, arg.format)
    elseif output == "csv" or output == "jsonl" then
      return data.datasets
    end
    as_table[data] = arg.format == "table" or nil
    return data
  end,
}
