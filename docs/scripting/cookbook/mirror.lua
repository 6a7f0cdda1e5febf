-- mirror.lua: keep a copy of all pipelines of a workspace in another one, as a standby.
--
-- Run it every night, from cron or a systemd timer. Copies of unchanged pipelines are not touched.
-- Copies whose pipeline was deleted are listed; --prune deletes them, but not their tables.

local tarn = require "tarn"

-- Copies whose pipeline does not exist. The name of a copy is the prefix and its pipeline's name.
local function find_orphans(ctx, arg)
  local sources, orphans = {}, tarn.json.array {}
  for row in ctx.workspace:pipelines() do
    sources[arg.prefix .. row.name] = true
  end
  for row in arg.to:pipelines() do
    if row.name:sub(1, #arg.prefix) == arg.prefix and not sources[row.name] then
      orphans[#orphans + 1] = { name = row.name, pipeline_id = row.pipeline_id }
    end
  end
  return orphans
end

return {
  summary = "Update the mirror of a workspace.",
  effect = "destroy",
  args = {
    { "to", "workspace", "The workspace that holds the mirror.", positional = false },
    { "map", "path", "Map of names that differ there, as of `tarn clone`.", optional = true },
    { "prefix", "string", "Beginning of the copies' names.", default = "mirror_" },
    { "match", "string", "Only pipelines whose name matches this glob.", default = "*" },
    { "exclude", "list", "Leave out pipelines whose name matches this glob.", optional = true },
    { "prune", "flag", "Delete copies whose pipeline does not exist." },
    { "dry_run", "flag", "Only show what would be done." },
  },
  examples = { { "-p prod mirror --to dr --map dr.lua --yes", "every night" } },
  question = function(_, arg)
    return arg.prune and "copies are overwritten, and copies without a pipeline are deleted."
      or "copies are overwritten."
  end,

  run = function(ctx, arg)
    local report = tarn.clone { match = arg.match, exclude = arg.exclude, to = arg.to,
      name = arg.prefix .. "*", map = arg.map, with_sources = true, permissions = true,
      dry_run = arg.dry_run }
    local orphans = find_orphans(ctx, arg)
    if arg.prune and not arg.dry_run then
      for _, orphan in ipairs(orphans) do
        tarn.delete { orphan.pipeline_id, profile = arg.to }
        orphan.deleted = true
      end
    end
    if (report.counts.failed or 0) > 0 then
      ctx.finish "failed"
    end
    return { counts = report.counts, orphans = orphans }
  end,
}
