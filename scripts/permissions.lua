local acl = require "tarn.permissions.acl"
local formats = require "output.formats"
local permissions = require "tarn.permissions"

local function from_text(_, row)
  return row.inherited and "inherited" .. (row.inherited_from and " from " .. row.inherited_from
    or "") or "direct"
end

local COLUMNS <const> = {
  { "level" }, { "kind" }, { "principal" },
  { "display_name", title = "NAME" },
  { "inherited", title = "FROM", text = from_text },
}

local function show(data, screen)
  screen:heading(("%s (%s), owned by %s"):format(screen:clean(data.name), data.pipeline_id,
    screen:clean(data.owner or "an unknown principal")))
  screen:table(data.permissions, COLUMNS)
end

return {
  summary = "Show the permissions of a pipeline.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/permissions" },
  returns = { pipeline_id = "string", name = "string", ["owner?"] = "string|null",
    permissions = { { principal = "string", level = "string", kind = "string",
      inherited = "boolean" } } },
  details = [[
Shows the owner first, then the direct and the inherited grants. The levels are CAN_VIEW, CAN_RUN,
CAN_MANAGE and IS_OWNER; each level includes those before it. A service principal is named by its
application id. `tarn grant` changes the permissions.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
  },
  examples = {
    { "permissions 'Sales daily'", "show owner and grants" },
    { "permissions sales -o csv", "print a row for each grant, for an audit" },
  },
  see = { "grant", "get" },
  render = { text = show, fields = { "level", "kind", "principal", "display_name", "inherited",
    "inherited_from" } },

  run = function(ctx, arg)
    local found = ctx.workspace:pipeline(arg.pipeline)
    local rows = acl.rows(permissions.read(ctx.workspace, found.pipeline_id))
    local owner = acl.find_owner(rows)
    if formats.of(ctx.options).rows then
      return rows
    end
    return { pipeline_id = found.pipeline_id, name = found.name,
      owner = owner and owner.principal, permissions = rows }
  end,
}
