--- Check the values of a clone against the target: does the target have what each one names?

local mapping = require "tarn.mapping"
local runas = require "tarn.clone.runas"

local M = {}

local NOUNS <const> = { node_type = "node type", instance_profile = "instance profile",
  budget_policy = "budget policy", event_log = "event log", service_account = "service account",
  connection_id = "connection", serverless_compute = "serverless compute", secret = "secret",
  reservation = "capacity reservation group",
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
    principal = kind == "principal" and runas.kind_of(item.keys, item.value) or nil })
  if answer == "yes" then
    row.reason = "the target has it"
  elseif answer == "no" and kind == "schema" then
    row.reason = "does not exist yet: the first update creates it, if it has the permission"
  elseif answer == "no" then
    local absent = kind == "secret" and detail or ("%s '%s'"):format(
      item.keys[#item.keys] == "group_name" and "group" or noun(kind), item.value)
    needs_attention(row, ABSENT .. absent, kind, item.value)
  elseif not item.mapped and UNKNOWABLE[kind] ~= false and kind ~= "schema" then
    needs_attention(row, UNKNOWABLE[kind]
      or ("Tarn could not check whether the target has this %s"):format(noun(kind)), kind,
      item.value)
  end
end

--- True if the target does not have what the value of a row names.
---@param row tarn.FieldRow
---@return boolean
function M.is_absent(row)
  return row.verdict == "attention" and row.reason:sub(1, #ABSENT) == ABSENT
end

return M
