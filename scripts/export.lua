local folder = require "tarn.export.folder"

local DONE <const> = { new = "written", same = "unchanged", changed = "replaced" }
local TO_DO <const> = { new = "would be written", same = "would stay unchanged",
  changed = "exists, would be replaced with --force" }

local function show(report, screen)
  for _, file in ipairs(report.files) do
    screen:line(("%s/%s"):format(screen:clean(report.dir), screen:clean(file.path)), "  ",
      screen:style("dim", (report.dry_run and TO_DO or DONE)[file.state]))
  end
  if report.sources then
    screen:line(("%d sources"):format(report.sources.objects))
    for _, one in ipairs(report.sources.left_out) do
      screen:line("  ", screen:style("yellow", "left out"), " ", screen:clean(one.path), ": ",
        screen:clean(one.reason))
    end
  end
  if #report.dropped > 0 then
    screen:line(("not in the files (%s cannot express it, or must not):"):format(report.format))
    for _, one in ipairs(report.dropped) do
      screen:line("  ", screen:clean(one.path), ": ", screen:clean(one.reason))
    end
  end
end

return {
  summary = "Export a pipeline to files: for Tarn, as a bundle, or for Terraform.",
  effect = "write",
  details = [[
json       pipeline.json, the exact spec, for `tarn import` and `tarn diff`
bundle     databricks.yml and resources/NAME.pipeline.yml, for the Databricks CLI
terraform  pipeline.tf and versions.tf, for the Databricks provider

--with-sources exports notebooks, files and folders too; a bundle refers to them by relative
paths. Settings that a format cannot express are listed with the reason. Existing files are
replaced only with --force. A plain-text value that looks like a secret is written with a
warning, and the files are then readable by you alone.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "format", "choice", "Format of the files.", default = "json",
      choices = { "json", "bundle", "terraform" } },
    { "dir", "path", "Folder to write to; it is created if needed.", positional = false },
    { "with_sources", "flag", "Export notebooks, files and folders, too." },
    { "force", "flag", "Replace existing files." },
    { "dry_run", "flag", "Show what would be written, and write nothing." },
  },
  examples = {
    { "export 'Sales daily' --dir sales", "to sales/pipeline.json" },
    { "export sales --format bundle --dir sales --with-sources", "a bundle ready to deploy" },
    { "export sales --format terraform --dir tf --dry-run", "show first what would be written" },
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
