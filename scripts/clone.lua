local clones = require "tarn.clone.command"

return {
  summary = "Clone a pipeline, here or into another workspace.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/clone" },
  returns = clones.returns,
  details = [[
Both workspaces are asked first, and every field of the source gets a verdict: kept, set,
mapped (by which rule), dropped (why), or in need of attention (why, and which rule would settle
it). --dry-run shows that plan, with the workspace's own dry run of the create, and changes
nothing.

A copy is in development mode unless --production, and is not continuous unless --continuous: a
continuous one would start at once. Without code a pipeline cannot be created: such a copy gets
a placeholder notebook, unless --placeholder never.

What is called differently there is said by --map FILE (Lua or JSON; --suggest-map writes one to
fill in), and by the short forms. --with-sources copies notebooks, files and folders; a newer
target is left alone unless --overwrite. --permissions carries the access list.

Run again, it finds the copy it made and updates it, or says that nothing changed. A pipeline of
that name that it did not make is taken for the copy only with --update.

Many at once: --match GLOB, or --from-file FILE (a name or id in each line); '*' in --name stands
for the source's name. One that fails does not stop the rest, and --resume goes on where a run
was cut off.]],
  args = clones.args {
    { "to", "workspace", "The workspace that gets the copy; without it, the source's own.",
      optional = true, value = "PROFILE" },
    { "match", "string", "Clone all pipelines whose name matches this glob.", optional = true,
      value = "GLOB", served = false },
    { "from_file", "path", "Clone the pipelines named in this file; - is standard input.",
      optional = true, value = "FILE" },
    { "exclude", "list", "With --match: not those that match this glob (repeatable).",
      optional = true, value = "GLOB", served = false },
    { "resume", "flag", "Go on with the bulk clone that was cut off.", served = false },
  },
  examples = {
    { "clone sales_orders_etl --name sales_orders_copy --schema orders_copy --dry-run",
      "look first" },
    { "clone sales_orders_etl --name '*_dr' --to demo-dr --catalog sales_dr --with-sources",
      "into another workspace, with its code" },
    { "clone finance_gl_close --to demo-dr --suggest-map", "print a map to fill in" },
    { "clone --match 'finance_*' --to demo-dr --map dr.lua --with-sources --permissions",
      "many at once" },
  },
  see = { "clone-to-workspace", "diff", "journal", "undo", "export" },
  render = clones.render,

  run = function(ctx, arg)
    return clones.run(ctx, arg, arg.to)
  end,
}
