local fault = require "base.fault"
local folder = require "tarn.export.folder"
local many = require "tarn.many"
local tree = require "tarn.export.many"

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

-- ---- many ----

local COUNTED <const> = { "written", "replaced", "would be written", "would be replaced",
  "unchanged", "left out", "failed", "gone", "removed" }

local function note_of(_, row)
  local note = row.error and row.error.message or row.reason
  if row.stale then
    note = ("%s%s"):format(note and note .. ": " or "no longer its file: ",
      table.concat(row.stale, ", "))
  end
  return note or "-"
end

-- The rows that say something: those of pipelines with changes, and with files that are left over.
local function shown(rows)
  local list = {}
  for _, row in ipairs(rows) do
    list[#list + 1] = (row.status ~= "unchanged" or row.stale or row.removed) and row or nil
  end
  return list
end

local function count_dropped(rows)
  local settings, of = 0, 0
  for _, row in ipairs(rows) do
    local n = #(row.dropped or {})
    settings, of = settings + n, of + (n > 0 and 1 or 0)
  end
  return settings, of
end

local function has_stale(rows)
  for _, row in ipairs(rows) do
    if row.stale then
      return true
    end
  end
  return false
end

local function show_many(rows, screen, dir, format)
  local list, counts, words = shown(rows), {}, {}
  if #list > 0 then
    screen:table(list, { { "name" }, { "status" }, { "note", long = true, text = note_of } })
  end
  for _, row in ipairs(rows) do
    counts[row.status] = (counts[row.status] or 0) + 1
  end
  for _, status in ipairs(COUNTED) do
    words[#words + 1] = counts[status] and ("%d %s"):format(counts[status], status) or nil
  end
  screen:line(("%s: %s"):format(screen:clean(dir), #words > 0 and table.concat(words, ", ")
    or "no pipelines"))
  local settings, of = count_dropped(rows)
  if settings > 0 then
    screen:line(("%s cannot express %d setting%s of %s: -o json lists them"):format(format,
      settings, settings == 1 and "" or "s", many.count(of)))
  end
  if has_stale(rows) then
    screen:line "--prune removes files of pipelines that are gone or have another name"
  end
end

local function export_many(ctx, arg, choice)
  local rows = tree.run(ctx, choice, { format = arg.format, dir = arg.dir, force = arg.force,
    sources = arg.with_sources, prune = arg.prune, dry_run = arg.dry_run,
    asked = arg.all and { "--all" } or arg.pipeline })
  for _, row in ipairs(rows) do
    row.format, row.dir, row.dry_run = arg.format, arg.dir, arg.dry_run or nil
  end
  ctx.render = { text = function(data, screen)
    show_many(data, screen, arg.dir, arg.format)
  end }
  return rows
end

return {
  summary = "Export pipelines to files: for Tarn, as a bundle, or for Terraform.",
  effect = "write",
  details = [[
json       pipeline.json, the exact spec, for `tarn import` and `tarn diff`
bundle     databricks.yml and resources/NAME.pipeline.yml, for the Databricks CLI
terraform  pipeline.tf and versions.tf, for the Databricks provider

--with-sources exports notebooks, files and folders too; a bundle refers to them by relative
paths. Settings that a format cannot express are listed with the reason. Existing files are
replaced only with --force. A plain-text value that looks like a secret is written with a
warning, and the files are then readable by you alone.

Several names, a glob such as 'dev_*' and --all export many into one folder: as json a folder for
each, as bundle one bundle, as terraform one module. Files that would not change are not touched.
The folder remembers whose files they are (.tarn-export.json): files of pipelines that are gone, or
have another name, are told, and --prune removes those that were not changed by hand. A pipeline
that cannot be read does not stop the others.]],
  args = {
    { "pipeline", "list", "Id, name, unique beginning of the name, or a glob; several are allowed.",
      optional = true, positional = true, of = "pipeline" },
    { "all", "flag", "Export all pipelines." },
    { "format", "choice", "Format of the files.", default = "json",
      choices = { "json", "bundle", "terraform" } },
    { "dir", "path", "Folder to write to; it is created if needed.", positional = false },
    { "with_sources", "flag", "Export notebooks, files and folders, too." },
    { "force", "flag", "Replace existing files." },
    { "prune", "flag", "Of many: remove the files of pipelines that are gone." },
    { "dry_run", "flag", "Show what would be written, and write nothing." },
  },
  examples = {
    { "export 'Sales daily' --dir sales", "to sales/pipeline.json" },
    { "export sales --format bundle --dir sales --with-sources", "a bundle ready to deploy" },
    { "export sales --format terraform --dir tf --dry-run", "show first what would be written" },
    { "export --all --dir pipelines --with-sources --force", "a folder for each, for Git" },
    { "export 'prod_*' --format bundle --dir prod", "one bundle of many" },
  },
  see = { "import", "diff", "clone" },
  render = { text = show },

  run = function(ctx, arg)
    local choice = many.choose(ctx, arg, { list = true })
    if choice.many then
      return export_many(ctx, arg, choice)
    elseif arg.prune then
      fault.usage(ctx.op, "--prune goes with many pipelines: a glob, several names, or --all")
    end
    local report = folder.write(ctx.workspace, choice.word, { format = arg.format, dir = arg.dir,
      sources = arg.with_sources, force = arg.force, dry_run = arg.dry_run,
      progress = ctx.progress })
    report.dry_run = arg.dry_run or nil
    for _, text in ipairs(report.warnings) do
      ctx.warn(text)
    end
    return report
  end,
}
