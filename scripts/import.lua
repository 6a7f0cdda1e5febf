local import = require "tarn.import"
local secrets = require "base.secrets"

local function counts(plan)
  local by_verdict = {}
  for _, item in ipairs(plan.items) do
    by_verdict[item.verdict] = (by_verdict[item.verdict] or 0) + 1
  end
  return by_verdict
end

local function show_sources(report, screen)
  local words = {}
  for verdict, n in pairs(report.source_counts or {}) do
    words[#words + 1] = ("%d %s"):format(n, verdict)
  end
  table.sort(words)
  if #words > 0 then
    screen:line("sources: ", table.concat(words, ", "))
  end
end

local function show(report, screen)
  if report.dry_run then
    screen:line(report.name_taken and "would not create" or "would create", " the pipeline ",
      screen:style("bold", screen:clean(report.name)), " in ",
      screen:clean(report.host), report.name_taken and screen:style("red", " (the name is taken)")
        or "")
  else
    screen:line("created ", screen:style("bold", screen:clean(report.name)), " ",
      report.pipeline_id, "  (journal: ", report.op, ")")
  end
  for _, field in ipairs(report.fields) do
    screen:line("  ", screen:style(field.verdict == "dropped" and "yellow" or "cyan",
      field.verdict), " ", screen:clean(field.path), ": ", screen:clean(field.reason))
  end
  show_sources(report, screen)
end

return {
  summary = "Create a pipeline from an exported folder.",
  effect = "write",
  details = [[
`tarn export --format json` writes such a folder. The new pipeline has the same spec, parameters
and run_as, and a new id. Sources in the folder are imported to their paths in the workspace. A
source that exists there with another content is replaced only with --overwrite. The permissions
in the file are not granted.

All changes are in the journal: `tarn undo last` reverts them.]],
  args = {
    { "dir", "path", "The exported folder.", positional = true },
    { "name", "string", "Name of the new pipeline; default: the name in the folder.",
      optional = true },
    { "continuous", "flag", "Keep a continuous pipeline continuous: it starts at once.",
      default = true },
    { "run_as", "flag", "Keep the run_as setting.", default = true },
    { "sources", "flag", "Import the sources, too.", default = true },
    { "overwrite", "flag", "Replace existing sources that differ." },
    { "dry_run", "flag", "Show what would be created, and create nothing." },
  },
  examples = {
    { "import sales", "import what `tarn export ... --dir sales` wrote" },
    { "import sales --name 'Sales copy' --dry-run", "show what would be created" },
    { "import sales --profile dr --no-continuous",
      "import into another workspace, and do not start it" },
  },
  see = { "export", "diff", "clone", "undo" },
  render = { text = show },

  run = function(ctx, arg)
    local plan = import.plan(ctx.workspace, arg.dir, { name = arg.name,
      continuous = arg.continuous, run_as = arg.run_as, sources = arg.sources,
      overwrite = arg.overwrite })
    for _, text in ipairs(plan.warnings) do
      ctx.warn(text)
    end
    local report
    if arg.dry_run then
      -- the workspace's own check, which raises the fault that the import would raise
      local effective = not plan.name_taken and import.try(ctx.workspace, plan) or nil
      report = { dry_run = true, name = plan.name, host = ctx.workspace:host(),
        name_taken = plan.name_taken, fields = plan.fields, warnings = plan.warnings,
        spec = secrets.masked(plan.body), effective_settings = effective
          and secrets.masked(effective) }
      if plan.name_taken then
        ctx.finish "conflict" -- the status of the import itself
      end
    else
      report = import.apply(ctx.workspace, plan, { arg = arg, progress = ctx.progress })
    end
    report.source_counts = plan.sources and counts(plan.sources) or nil
    return report
  end,
}
