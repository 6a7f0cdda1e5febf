local folder = require "tarn.export.folder"

local DONE <const> = { new = "written", same = "as it was", changed = "replaced" }
local TO_DO <const> = { new = "would be written", same = "would stay as it is",
  changed = "is there, and would be replaced with --force" }

local function show(report, out)
  for _, file in ipairs(report.files) do
    out:line(("%s/%s"):format(out:clean(report.dir), out:clean(file.path)), "  ",
      out:style("dim", (report.dry_run and TO_DO or DONE)[file.state]))
  end
  if report.sources then
    out:line(("%d sources"):format(report.sources.objects))
    for _, one in ipairs(report.sources.left_out) do
      out:line("  ", out:style("yellow", "left out"), " ", out:clean(one.path), ": ",
        out:clean(one.reason))
    end
  end
  if #report.dropped > 0 then
    out:line(("not in the files (%s cannot say it, or must not):"):format(report.format))
    for _, one in ipairs(report.dropped) do
      out:line("  ", out:clean(one.path), ": ", out:clean(one.reason))
    end
  end
end

return {
  summary = "Write a pipeline into files: for Tarn, a bundle, or Terraform.",
  effect = "write",
  details = [[
json    pipeline.json, the whole spec exactly, for `tarn import` and `tarn diff`
bundle  databricks.yml and resources/NAME.pipeline.yml, for the Databricks CLI
terraform  pipeline.tf and versions.tf, for the Databricks provider

With --with-sources notebooks, files and folders come too, and a bundle names them by relative
paths. What a format cannot say is listed with the reason. Nothing that is there is replaced
without --force. What looks like a secret in plain text is written as it is, and said; the
files can then be read by you alone.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "format", "choice", "What the files are for.", default = "json",
      choices = { "json", "bundle", "terraform" } },
    { "dir", "path", "Folder to write into; it is made.", positional = false },
    { "with_sources", "flag", "Notebooks, files and folders too." },
    { "force", "flag", "Replace files that are there." },
    { "dry_run", "flag", "Say what would be written, and write nothing." },
  },
  examples = {
    { "export 'Sales daily' --dir sales", "to sales/pipeline.json" },
    { "export sales --format bundle --dir sales --with-sources", "a bundle ready to deploy" },
    { "export sales --format terraform --dir tf --dry-run", "look first" },
  },
  see = { "import", "diff", "clone" },
  render = { text = show },

  run = function(ctx, arg)
    local report = folder.write(ctx.workspace, arg.pipeline, { format = arg.format, dir = arg.dir,
      sources = arg.with_sources, force = arg.force, dry_run = arg.dry_run,
      progress = ctx.progress })
    report.dry_run = arg.dry_run or nil
    for _, text in ipairs(report.warnings) do
      ctx.warn(text)
    end
    return report
  end,
}
