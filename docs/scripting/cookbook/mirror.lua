-- mirror.lua: a copy of a workspace for the day it is lost, brought up to date every night.
--
-- Run it from cron or a systemd timer. What has not changed is left alone; what is in the mirror
-- and no longer in the workspace is named, and deleted only with --prune (tables stay).

local tarn = require "tarn"

-- Copies that have lost their pipeline, by name: a copy has the prefix, and its source the rest.
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
  summary = "Bring the mirror of a workspace up to date.",
  effect = "destroy",
  args = {
    { "to", "workspace", "The workspace that holds the mirror.", positional = false },
    { "map", "path", "What is called differently there.", optional = true },
    { "prefix", "string", "Names of copies begin with this.", default = "mirror_" },
    { "match", "string", "Only pipelines whose name matches this glob.", default = "*" },
    { "exclude", "list", "Not those that match this glob.", optional = true },
    { "prune", "flag", "Delete copies whose pipeline is gone." },
    { "dry_run", "flag", "Say what would be done." },
  },
  examples = { { "-p prod mirror --to dr --map dr.lua --yes", "every night" } },
  question = function(_, arg)
    return arg.prune and "copies are overwritten, and those without a pipeline deleted."
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
