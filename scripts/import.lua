local import = require "tarn.import"
local secrets = require("base.secrets")

local function counts(plan)
  local by_verdict = {}
  for _, item in ipairs(plan.items) do
    by_verdict[item.verdict] = (by_verdict[item.verdict] or 0) + 1
  end
  return by_verdict
end

local function show_sources(report, out)
  local words = {}
  for verdict, n in pairs(report.source_counts or {}) do
    words[#words + 1] = ("%d %s"):format(n, verdict)
  end
  table.sort(words)
  if #words > 0 then
    out:line("sources: ", table.concat(words, ", "))
  end
end

local function show(report, out)
  if report.dry_run then
    out:line(report.name_taken and "would not make" or "would make", " the pipeline ",
      out:style("bold", out:clean(report.name)), " in ",
      out:clean(report.host), report.name_taken and out:style("red", " (the name is taken)") or "")
  else
    out:line("made ", out:style("bold", out:clean(report.name)), " ", report.pipeline_id,
      "  (journal: ", report.op, ")")
  end
  for _, field in ipairs(report.fields) do
    out:line("  ", out:style(field.verdict == "dropped" and "yellow" or "cyan", field.verdict),
      " ", out:clean(field.path), ": ", out:clean(field.reason))
  end
  show_sources(report, out)
end

return {
  summary = "Make a pipeline from an exported folder.",
  effect = "write",
  details = [[
The folder is one that `tarn export --format json` wrote. The new pipeline has the whole spec,
its parameters and, if it was set, its run_as; only its id is another. Sources in the folder go
to their paths in the workspace: those that are there and the same are left alone, others are
replaced only with --overwrite. Grants are in the file, and are not given.

Every change is in the journal: `tarn undo last` takes it back.]],
  args = {
    { "dir", "path", "The folder.", positional = true },
    { "name", "string", "Another name for the pipeline.", optional = true },
    { "continuous", "flag", "Keep a continuous pipeline so: it starts at once.", default = true },
    { "run_as", "flag", "Keep whom it runs as.", default = true },
    { "sources", "flag", "Sources too, if the folder has them.", default = true },
    { "overwrite", "flag", "Replace sources that are there and differ." },
    { "dry_run", "flag", "Say what would be done, and do nothing." },
  },
  examples = {
    { "import sales", "what `tarn export ... --dir sales` wrote" },
    { "import sales --name 'Sales copy' --dry-run", "look first" },
    { "import sales --profile dr --no-continuous", "elsewhere, and do not start it" },
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
      -- the server's own opinion: it raises what it would raise
      local effective = not plan.name_taken and import.try(ctx.workspace, plan) or nil
      report = { dry_run = true, name = plan.name, host = ctx.workspace:host(),
        name_taken = plan.name_taken, fields = plan.fields, warnings = plan.warnings,
        spec = secrets.masked(plan.body), effective_settings = effective
          and secrets.masked(effective) }
      if plan.name_taken then
        ctx.finish "conflict" -- as the import itself would end
      end
    else
      report = import.apply(ctx.workspace, plan, { arg = arg, progress = ctx.progress })
    end
    report.source_counts = plan.sources and counts(plan.sources) or nil
    return report
  end,
}
