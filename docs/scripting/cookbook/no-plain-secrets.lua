-- no-plain-secrets.lua: a gate for builds. Exit status 9 if settings hold secrets as plain text.
--
-- A value counts as a secret if `tarn diff` and the journal would mask it. Values are not shown.
-- Settings should refer to secrets instead: {{secrets/scope/key}}.

local spec = require "tarn.spec"
local tarn = require "tarn"

local secrets = tarn.secrets

-- The settings of a pipeline that hold a secret.
local function find_plain(found)
  local list = {}
  spec.each(found.spec, function(keys, value)
    if secrets.is_secret(keys[#keys], value) then
      list[#list + 1] = { pipeline = found.name, creator = found.creator_user_name,
        setting = spec.path(keys) }
    end
  end)
  return list
end

return {
  summary = "List settings of pipelines that hold secrets as plain text.",
  effect = "read",
  args = { { "filter", "string", "Only pipelines whose name matches this glob.", optional = true,
    positional = true } },
  examples = { { "no-plain-secrets 'prod_*'", "exit status 9 if there is one" } },
  render = { columns = { "pipeline", "setting", "creator" } },

  run = function(ctx, arg)
    local ids = {}
    for row in tarn.list { filter = arg.filter } do
      ids[#ids + 1] = row.pipeline_id
    end
    local rows = tarn.json.array {}
    for _, plain in ipairs(tarn.map(ids, function(id)
      return find_plain(ctx.workspace:pipeline(id))
    end)) do
      table.move(plain, 1, #plain, #rows + 1, rows)
    end
    ctx.finish(#rows > 0 and "gate" or "done")
    return rows
  end,
}
