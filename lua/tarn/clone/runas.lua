--- The principal as whom a copy runs: a user, a service principal or a group.

local permissions = require "tarn.permissions"

local M = {}

-- The fields of `run_as` of which a pipeline has one.
local KINDS <const> = { "user_name", "service_principal_name", "group_name" }

local function is_below(path)
  return path == "run_as" or path:find "^run_as[.%[]" ~= nil
end

local function row_of(rows, kind)
  for _, row in ipairs(rows) do
    if row.path == "run_as." .. kind then
      return row
    end
  end
end

local function drop(row, reason)
  if row.verdict ~= "dropped" then
    row.verdict, row.to, row.reason = "dropped", nil, reason
  end
end

-- The kind that a rule of the user has set; nil if there is none, or more than one.
local function find_set(rows, run_as)
  local found
  for _, kind in ipairs(KINDS) do
    local row = run_as[kind] ~= nil and row_of(rows, kind)
    if row and row.verdict == "set" then
      if found then
        return nil
      end
      found = kind
    end
  end
  return found
end

-- A mapped name may be that of the other kind: an application id where a user's name was.
local function rename(rows, run_as, kind)
  local name = run_as[kind]
  local right = permissions.is_application_id(name) and "service_principal_name" or "user_name"
  if kind == "group_name" or right == kind or run_as[right] ~= nil then
    return
  end
  local row = row_of(rows, kind)
  if row and row.verdict ~= "kept" then
    run_as[kind], run_as[right] = nil, name
    row.path = "run_as." .. right
  end
end

--- Leave one principal in `run_as`: that of the user's rule, under the field of its kind. Without a
-- principal, the copy has no `run_as`. The rows are changed with the settings.
---@param rows tarn.FieldRow[]
---@param body table the settings of the copy
function M.settle(rows, body)
  local run_as = body.run_as
  if type(run_as) ~= "table" then
    body.run_as = nil
  else
    local set = find_set(rows, run_as)
    for _, kind in ipairs(KINDS) do
      if set and kind ~= set and run_as[kind] ~= nil then
        run_as[kind] = nil
        drop(row_of(rows, kind), "a pipeline runs as one principal")
      elseif type(run_as[kind]) == "string" then
        rename(rows, run_as, kind)
      end
    end
    if next(run_as) == nil then
      body.run_as = nil
    end
  end
  if body.run_as == nil then
    for _, row in ipairs(rows) do
      if is_below(row.path) then
        drop(row, "it names nobody")
      end
    end
  end
end

--- The principal that the settings name.
---@param body table
---@return string? kind
---@return string? name
function M.find(body)
  local run_as = body.run_as
  for _, kind in ipairs(type(run_as) == "table" and KINDS or {}) do
    if type(run_as[kind]) == "string" then
      return kind, run_as[kind]
    end
  end
end

--- The field of `run_as` for the principal at a path of the settings.
---@param keys (string|integer)[]
---@param name string
---@return "user_name"|"service_principal_name"|"group_name"
function M.kind_of(keys, name)
  if keys[#keys] == "group_name" then
    return "group_name"
  end
  return permissions.is_application_id(name) and "service_principal_name" or "user_name"
end

--- Remove `run_as` from the settings if the target has no such principal, or if the user may not
-- set it: the copy then runs as the user who creates it.
---@param plan tarn.ClonePlan
---@param body table
---@param is_absent fun(row: tarn.FieldRow): boolean
function M.check(plan, body, is_absent)
  local kind, name = M.find(body)
  local row = kind and row_of(plan.fields, kind)
  if not row then
    return
  end
  local me = plan.target.user
  local absent = is_absent(row)
  local denied = kind == "user_name" and name ~= me and not plan.target.is_admin
  if denied and not absent then
    row.verdict, row.reason = "attention",
      ("only an admin may let the copy run as %s: it runs as %s"):format(name, me)
    row.rule = "--map: principals, or an admin runs the same command"
    plan.admin[#plan.admin + 1] = { why = ("let the copy run as %s"):format(name),
      command = plan.command .. " --update" }
  end
  if not (absent or denied) then
    return
  end
  body.run_as, row.to = nil, nil
  for _, other in ipairs(plan.fields) do
    if other ~= row and is_below(other.path) then
      drop(other, "run_as as a whole is left out")
    end
  end
end

--- Add a row for the user as whom the copy runs, if the settings do not name one.
---@param plan tarn.ClonePlan
---@param pipeline table GetPipelineResponse of the source
---@param body table
function M.show(plan, pipeline, body)
  if body.run_as == nil then
    local row = { path = "run_as_user_name", from = pipeline.run_as_user_name,
      to = plan.target.user, verdict = "kept" }
    if row.from ~= row.to then
      row.verdict, row.reason = "set", "a copy runs as its creator unless run_as is set"
      row.rule = "--set run_as.user_name=NAME"
    end
    plan.fields[#plan.fields + 1] = row
  end
end

return M
