local arguments = require "tarn.clone.arguments"
local command = require "tarn.clone.command"
local text = require "tarn.clone.text"

return {
  summary = "Clone a pipeline, in its workspace or into another one.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/clone" },
  returns = arguments.returns,
  details = [[
The plan has a verdict for every field of the source: kept, set, mapped (with the rule), dropped
(with the reason), or attention (with the rule that would settle it). --dry-run shows the plan and
the workspace's own check of the new pipeline, and changes nothing.

The copy is in development mode unless --production is given, and is not continuous unless
--continuous is given: a continuous pipeline starts at once. A pipeline cannot be created without
code: the copy of a source without code gets a placeholder notebook, unless --placeholder never.

If catalogs, warehouses, policies and so on have other names in the target, --map FILE maps them
(Lua or JSON; --suggest-map writes a file to fill in), and so do short options such as --catalog.
--with-sources copies notebooks, files and folders; a file that is newer in the target is replaced
only with --overwrite. --permissions copies the access list.

With --with-sources the plan lists each line of the code that names a catalog which has another
name in the target. --rewrite-code changes these lines in the copy; --dry-run shows them before.

--with-jobs report lists the jobs that run the source. --with-jobs copy makes such jobs for the
copy: paused, and with those tasks alone that run the source.

A second run updates the copy that the first run made. A pipeline with the name of the copy that
Tarn did not make is updated only with --update.

--match GLOB and --from-file FILE (a name or id on each line) clone many pipelines; '*' in --name
stands for the name of the source. If one clone fails, the others go on. --resume continues an
interrupted run.]],
  args = arguments.all {
    { "to", "workspace", "The workspace of the copy; default: the workspace of the source.",
      optional = true, value = "PROFILE" },
    { "match", "string", "Clone all pipelines whose name matches this glob.", optional = true,
      value = "GLOB", served = false },
    { "from_file", "path", "Clone the pipelines that this file names; - reads standard input.",
      optional = true, value = "FILE" },
    { "exclude", "list", "With --match: skip pipelines whose name matches this glob (repeatable).",
      optional = true, value = "GLOB", served = false },
    { "resume", "flag", "Continue the interrupted run with --match or --from-file.",
      served = false },
  },
  examples = {
    { "clone sales_orders_etl --name sales_orders_copy --schema orders_copy --dry-run",
      "show the plan" },
    { "clone sales_orders_etl --name '*_dr' --to demo-dr --catalog sales_dr --with-sources",
      "clone into another workspace, with the code" },
    { "clone finance_gl_close --to demo-dr --suggest-map", "print a map to fill in" },
    { "clone --match 'finance_*' --to demo-dr --map dr.lua --with-sources --permissions",
      "clone many pipelines" },
  },
  see = { "clone-to-workspace", "diff", "journal", "undo", "export" },
  render = { text = function(data, screen) return text.show(data, screen) end },

  run = function(ctx, arg)
    return command.run(ctx, arg, arg.to)
  end,
}
