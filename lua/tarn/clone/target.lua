--- Check the values of a clone against the target: does the target have what each one names?

local mapping = require "tarn.mapping"
local permissions = require "tarn.permissions"

local M = {}

local NOUNS <const> = { node_type = "node type", instance_profile = "instance profile",
  budget_policy = "budget policy", event_log = "event log", service_account = "service account",
  connection_id = "connection", serverless_compute = "serverless compute", secret = "secret",
  path = "file, notebook or folder" }

local function noun(kind)
  return NOUNS[kind] or kind
end

-- Kinds of values that cannot be checked, with the reason; false: needs no check.
local UNKNOWABLE <const> = {
  address = "the same people will get the copy's notifications",
  zone = "zones differ between regions",
  location = "Tarn cannot check whether the copy may read and write there",
  event_log = false, -- the copy's first update creates the table
}
-- The reasons of values that the target does not have begin like this.
local ABSENT <const> = "the target has no "

local function principal_kind(name)
  return permissions.is_application_id(name) and "service_principal_name" or "user_name"
end

local function needs_attention(row, reason, kind, value)
  row.verdict, row.reason = "attention", reason
  row.rule = row.rule and ("%s; %s"):format(row.rule, mapping.hint(kind, value))
    or mapping.hint(kind, value)
end

--- Check the value of a pending row against the target, and set the verdict of the row.
---@param item table one of `pending` of tarn.clone.verdicts
---@param plan tarn.ClonePlan
---@param session tarn.CloneSession
---@param options tarn.CloneOptions
function M.judge(item, plan, session, options)
  local row, kind = item.row, item.kind
  if plan.same_workspace and not item.mapped then
    return
  elseif kind == "path" and options.with_sources and plan.sources_cover(item.value) then
    row.reason = "--with-sources copies it"
    return
  end
  local answer, detail = session.target:has(kind, item.value, { catalog = item.catalog,
    principal = kind == "principal" and principal_kind(item.value) or nil })
  if answer == "yes" then
    row.reason = "the target has it"
  elseif answer == "no" and kind == "schema" then
    row.reason = "does not exist yet: the first update creates it, if it has the permission"
  elseif answer == "no" then
    local absent = kind == "secret" and detail or ("%s '%s'"):format(noun(kind), item.value)
    needs_attention(row, ABSENT .. absent, kind, item.value)
  elseif not item.mapped and UNKNOWABLE[kind] ~= false and kind ~= "schema" then
    needs_attention(row, UNKNOWABLE[kind]
      or ("Tarn could not check whether the target has this %s"):format(noun(kind)), kind,
      item.value)
  end
end

--- Remove `run_as` from the settings if the target has no such principal, or if the user may not
-- set it: the copy then runs as the user who creates it.
---@param plan tarn.ClonePlan
---@param body table
function M.settle_run_as(plan, body)
  local run_as = body.run_as
  if not run_as then
    return
  end
  local name = run_as.user_name or run_as.service_principal_name
  local me = plan.target.user
  for _, row in ipairs(plan.fields) do
    if row.path:find "^run_as%." then
      local absent = row.verdict == "attention" and row.reason:sub(1, #ABSENT) == ABSENT
      local denied = run_as.user_name and name ~= me and not plan.target.is_admin
      if denied and not absent then
        row.verdict, row.reason = "attention",
          ("only an admin may let the copy run as %s: it runs as %s"):format(name, me)
        row.rule = "--map: principals, or an admin runs the same command"
        plan.admin[#plan.admin + 1] = { why = ("let the copy run as %s"):format(name),
          command = plan.command .. " --update" }
      end
      if absent or denied then
        row.to, body.run_as = nil, nil
      end
    end
  end
end

--- Add a row for the user as whom the copy runs, if the settings do not name one.
---@param plan tarn.ClonePlan
---@param pipeline table GetPipelineResponse of the source
---@param body table
function M.show_run_as(plan, pipeline, body)
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
