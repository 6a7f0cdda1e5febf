local diff = require "tarn.diff"
local layout = require "engine.help.layout"
local entries = require "tarn.diff.entries"
local fault = require "base.fault"
local formats = require "output.formats"
local noise = require "tarn.diff.noise"
local sides = require "tarn.diff.sides"

-- The rules for differences that are ignored, in two columns.
local function noise_text()
  local lines, rows = {}, {}
  for i, rule in ipairs(noise.rules) do
    rows[i] = { rule.name, rule.why }
  end
  layout.two_columns(lines, rows)
  return table.concat(lines, "\n")
end

local function about(side)
  return { label = side.label, kind = side.kind, host = side.host, pipeline_id = side.pipeline_id,
    name = side.name, at = side.at }
end

local function compare_sources(ctx, a, b)
  if not a.sources or not b.sources then
    local why = not a.sources and a.why_no_sources or b.why_no_sources
    ctx.warn("the sources are not compared: " .. why)
    return nil
  end
  local differences, compared = diff.sources(a, b)
  return { differences = differences, compared = compared }
end

-- ---- two workspaces ----

local ROWS <const> = {
  columns = { "name", "status", "part", "path", "kind", "left", "right", "reason" },
  fields = { "name", "status", "part", "path", "kind", "left", "right", "left_id", "right_id",
    "left_name", "right_name", "reason" },
}

-- A row for each difference; for a pipeline that is missing, extra or unknown, one row.
local function rows_of(report)
  local rows = require("tarn").json.array {}
  local function add(pair, d, part)
    rows[#rows + 1] = { name = pair.name, status = pair.status, part = part, path = d.path,
      kind = d.kind, left = d.left, right = d.right, left_id = pair.left and pair.left.pipeline_id,
      right_id = pair.right and pair.right.pipeline_id, left_name = pair.left and pair.left.name,
      right_name = pair.right and pair.right.name, reason = d.note or pair.reason }
  end
  for _, pair in ipairs(report.pipelines) do
    local before = #rows
    for _, d in ipairs(pair.differences or {}) do
      add(pair, d, "settings")
    end
    for _, d in ipairs(pair.sources and pair.sources.differences or {}) do
      add(pair, d, "sources")
    end
    if #rows == before then
      add(pair, {})
    end
  end
  return rows
end

-- What is shown: pipelines without a difference only if all are wanted.
local function without_same(report)
  local kept = require("tarn").json.array {}
  for _, pair in ipairs(report.pipelines) do
    kept[#kept + 1] = pair.status ~= "same" and pair or nil
  end
  report.pipelines = kept
end

local function compare_workspaces(ctx, arg, left, right)
  local report = require("tarn.diff.many").compare(left, right, { sources = arg.sources,
    ignored = arg.all, progress = function(done, total)
      ctx.progress(done, total, "pipelines compared")
    end })
  if not report.equal then
    local counts = report.counts
    ctx.finish(counts.different + counts.missing + counts.extra > 0 and "gate" or "failed")
  end
  if not arg.all then
    without_same(report)
  end
  if formats.of(ctx.options).rows then
    ctx.render = ROWS
    return rows_of(report)
  end
  return report
end

-- The two workspaces that the sides name; nil if they name two pipelines.
local function find_workspaces(ctx, arg, open)
  local left = sides.find_workspace(arg.left, ctx, open)
  local right = sides.find_workspace(arg.right, ctx, open)
  if (left == nil) ~= (right == nil) then
    fault.usage(ctx.op, ("%s names many pipelines, and %s names one"):format(
      left and arg.left or arg.right, left and arg.right or arg.left),
      "compare two workspaces (prod: dr:), or two globs ('prod:sales_*' 'dr:sales_*')")
  end
  return left, right
end

return {
  summary = "Show the differences between two pipelines, or between all of two workspaces.",
  effect = "read",
  route = { "GET", "/api/dlt/diff" },
  returns = { any = {
    { equal = "boolean", differences = { { path = "string", kind = "string" } },
      left = { label = "string", kind = "string" }, right = { label = "string", kind = "string" },
      ["sources?"] = { compared = "integer", differences = "array" } },
    { equal = "boolean", left = { label = "string", host = "string" },
      right = { label = "string", host = "string" },
      counts = { same = "integer", different = "integer", missing = "integer",
        extra = "integer", unknown = "integer" },
      pipelines = { { name = "string", status = "string",
        ["left?"] = { pipeline_id = "string", name = "string" },
        ["right?"] = { pipeline_id = "string", name = "string" },
        ["differences?"] = { { path = "string", kind = "string" } },
        ["sources?"] = "object", ["reason?"] = "string" } } },
    { { name = "string", status = "string", ["part?"] = "string", ["path?"] = "string",
      ["kind?"] = "string" } },
  } },
  details = [[
Each side is a pipeline, by id or name; `profile:name`, a pipeline in another workspace;
`journal:ID`, the settings before that operation changed them (or, for a new pipeline, after it);
or a folder that `tarn export` wrote, as a path: ./sales.

`profile:` with nothing behind it means all pipelines of a workspace, and a glob means those whose
names match: `diff prod: dr:`, `diff 'prod:sales_*' 'dr:sales_*'`. If one side has a glob and the
other has none, the glob is for both. Pipelines are paired by their names; with two globs, by what
the wildcards stand for, so that 'dev_*' 'prod_*' pairs dev_sales with prod_sales. A pipeline is
missing if it is on the left only, extra if it is on the right only, and unknown if it cannot be
read. --all also lists the pipelines without a difference.

If the sides differ, the exit status is 9; if nothing differs but something is unknown, it is 1.
Differences without a meaning are ignored, unless --all is given:

]] .. noise_text(),
  args = {
    { "left", "string", "The first side.", of = "pipeline" },
    { "right", "string", "The second side.", of = "pipeline" },
    { "sources", "flag", "Compare the sources, too; --no-sources compares only settings.",
      default = true },
    { "all", "flag", "Show ignored differences and pipelines without a difference, too." },
  },
  examples = {
    { "diff sales sales_copy", "compare two pipelines" },
    { "diff dev:sales prod:sales", "compare a pipeline in two workspaces" },
    { "diff prod: dr: --no-sources", "compare the settings of all pipelines of two workspaces" },
    { "diff 'prod:sales_*' 'dr:sales_*' -o csv", "print a row for each difference of some" },
    { "diff ./sales sales", "show what has changed since the export" },
    { "diff journal:last sales --no-sources", "show what the last operation changed" },
  },
  see = { "clone", "export", "journal" },
  render = { text = function(report, screen)
    require(report.pipelines and "tarn.diff.manytext" or "tarn.diff.text").show(report, screen)
  end },

  run = function(ctx, arg)
    local opened = {}
    local function open(profile)
      opened[profile] = opened[profile] or ctx.open(profile)
      return opened[profile]
    end
    local left, right = find_workspaces(ctx, arg, open)
    if left then
      return compare_workspaces(ctx, arg, left, right)
    end
    local a, b = sides.find(arg.left, ctx, open), sides.find(arg.right, ctx, open)
    local differences, ignored = diff.settings(a, b)
    local sources = arg.sources and compare_sources(ctx, a, b) or nil
    local equal = #differences == 0 and (not sources or #sources.differences == 0)
    if not equal then
      ctx.finish "gate"
    end
    return { left = about(a), right = about(b), equal = equal, differences = entries(differences),
      sources = sources, ignored = arg.all and entries(ignored) or nil }
  end,
}
