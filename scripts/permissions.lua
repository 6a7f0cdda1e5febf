local acl = require "tarn.permissions.acl"
local formats = require "output.formats"
local many = require "tarn.many"
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

local FIELDS <const> = { "level", "kind", "principal", "display_name", "inherited",
  "inherited_from" }
local MANY_FIELDS <const> = { "pipeline_id", "name", "level", "kind", "principal", "display_name",
  "inherited", "inherited_from", "error.kind", "error.status", "error.code", "error.message" }

local function show(data, screen)
  screen:heading(("%s (%s), owned by %s"):format(screen:clean(data.name), data.pipeline_id,
    screen:clean(data.owner or "an unknown principal")))
  screen:table(data.permissions, COLUMNS)
end

local function read(ws, item)
  local rows = acl.rows(permissions.read(ws, item.pipeline_id))
  local owner = acl.find_owner(rows)
  return { pipeline_id = item.pipeline_id, name = item.name, owner = owner and owner.principal,
    permissions = rows }
end

-- A row for each grant, with its pipeline; the row of a pipeline that cannot be read has an error.
local function grants(next_row, _, _, closing)
  local found, at = nil, 0
  local function find_grant()
    at = at + 1
    return found.permissions and found.permissions[at]
      or found.error and at == 1 and { error = found.error } or nil
  end
  return function()
    local row = found and find_grant()
    while not row do
      found, at = next_row(), 0
      if not found then
        return nil
      end
      row = find_grant()
    end
    row.pipeline_id, row.name = found.pipeline_id, found.name
    return row
  end, nil, nil, closing
end

local function of_many(ctx, items)
  local function one(item)
    return read(ctx.workspace, item)
  end
  if not formats.of(ctx.options).rows then
    many.show_each(ctx, show)
    return many.read(ctx, items, one)
  end
  return grants(many.read(ctx, items, one))
end

local RETURNS <const> = { pipeline_id = "string", name = "string", ["owner?"] = "string|null",
  ["permissions?"] = { { principal = "string", level = "string", kind = "string",
    inherited = "boolean" } }, ["error?"] = "object" }

return {
  summary = "Show the permissions of a pipeline, or of many.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}/permissions", many = "/api/dlt/permissions" },
  returns = { any = { RETURNS, { RETURNS } } },
  details = [[
Shows the owner first, then the direct and the inherited grants. The levels are CAN_VIEW, CAN_RUN,
CAN_MANAGE and IS_OWNER; each level includes those before it. A service principal is named by its
application id. `tarn grant` changes the permissions.

Several names, a glob such as 'dev_*' and --all show those of many: as JSON a list, as CSV and JSON
lines a row for each grant. A pipeline whose permissions cannot be read has the field `error`.]],
  args = {
    { "pipeline", "list", "Id, name, unique beginning of the name, or a glob; several are allowed.",
      optional = true, positional = true, of = "pipeline" },
    { "all", "flag", "Show the permissions of all pipelines." },
  },
  examples = {
    { "permissions 'Sales daily'", "show owner and grants" },
    { "permissions --all -o csv", "print a row for each grant, for an audit" },
  },
  see = { "grant", "get" },
  render = { text = show, fields = FIELDS },

  run = function(ctx, arg)
    local choice = many.choose(ctx, arg)
    if choice.many then
      ctx.render = { text = show, fields = MANY_FIELDS }
      return of_many(ctx, choice.items)
    end
    local data = read(ctx.workspace, ctx.workspace:pipeline(choice.word))
    return formats.of(ctx.options).rows and data.permissions or data
  end,
}
