--- Grants on pipelines and workspace objects, and what they allow.
--
-- Only direct grants are stored. The owner of an object is its creator until a grant says
-- otherwise; admins may do everything.

local errors = require "sandbox.http.errors"
local people = require "sandbox.identity.people"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS grants(
  kind TEXT NOT NULL, object_id TEXT NOT NULL,
  principal_kind TEXT NOT NULL, principal TEXT NOT NULL, level TEXT NOT NULL,
  PRIMARY KEY (kind, object_id, principal_kind, principal)) WITHOUT ROWID;
]]

local PIPELINE_LEVELS <const> = {
  { "CAN_VIEW", "Can view the pipeline's details and its event log" },
  { "CAN_RUN", "Can view, start and stop the pipeline" },
  { "CAN_MANAGE", "Can run the pipeline, edit its settings and change its permissions" },
  { "IS_OWNER", "Is the owner: the pipeline runs as this principal unless run_as is set" },
}

local OBJECT_LEVELS <const> = {
  { "CAN_READ", "Can view and comment on the object" },
  { "CAN_RUN", "Can view, comment on, attach and run the object" },
  { "CAN_EDIT", "Can view, run and edit the object" },
  { "CAN_MANAGE", "Can edit the object and change its permissions" },
}

local JOB_LEVELS <const> = {
  { "CAN_VIEW", "Can view the job" },
  { "CAN_MANAGE_RUN", "Can view the job, run it and cancel its runs" },
  { "CAN_MANAGE", "Can run the job, edit it and change its permissions" },
  { "IS_OWNER", "Is the owner of the job" },
}

local WAREHOUSE_LEVELS <const> = {
  { "CAN_VIEW", "Can view the SQL warehouse" },
  { "CAN_MONITOR", "Can view the SQL warehouse and its queries" },
  { "CAN_USE", "Can run queries on the SQL warehouse" },
  { "CAN_MANAGE", "Can use and edit the SQL warehouse and change its permissions" },
  { "IS_OWNER", "Is the owner of the SQL warehouse" },
}

-- Each kind has `find_owner(w, id)`: the creator's name; nil if there is no such object. `folder`
-- is where its objects stand, `noun` what messages call one.
local kinds = {
  pipelines = { type = "pipelines", levels = PIPELINE_LEVELS, owner_level = "IS_OWNER",
    folder = "/pipelines/", noun = "pipeline",
    missing = "The specified pipeline %s was not found." },
  jobs = { type = "job", levels = JOB_LEVELS, owner_level = "IS_OWNER", folder = "/jobs/",
    noun = "job", missing = "Job %s does not exist." },
  warehouses = { type = "warehouses", levels = WAREHOUSE_LEVELS, owner_level = "IS_OWNER",
    folder = "/sql/warehouses/", noun = "SQL warehouse",
    missing = "SQL warehouse %s does not exist." },
}

-- A kind whose objects are rows of a table with the columns `id` and `creator`.
local function owner_by_id(name)
  return function(w, id)
    local row = w.db:find_row("SELECT creator FROM " .. name .. " WHERE CAST(id AS TEXT) = ?",
      { id })
    return row and row.creator
  end
end

kinds.jobs.find_owner = owner_by_id "jobs"
kinds.warehouses.find_owner = owner_by_id "warehouses"

-- What only admins create has levels for everybody else, and no owner of its own.
for kind, rule in pairs {
  ["cluster-policies"] = { "cluster-policy", "policies", { { "CAN_USE", "Can use the policy" } } },
  ["instance-pools"] = { "instance-pool", "pools", {
    { "CAN_ATTACH_TO", "Can attach clusters to the pool" },
    { "CAN_MANAGE", "Can edit the pool and change its permissions" } } },
} do
  kinds[kind] = { type = rule[1], levels = rule[3], folder = "/" .. kind .. "/",
    noun = rule[1]:gsub("%-", " "), missing = "Can't find a " .. rule[1] .. " with id: %s.",
    find_owner = owner_by_id(rule[2]) }
end

function kinds.pipelines.find_owner(w, id)
  local row = w.db:find_row("SELECT creator FROM pipelines "
    .. "WHERE id = ? AND ifnull(deleted > ?, 1)", { id, w.clock:now() })
  return row and row.creator
end

-- An object of the workspace tree belongs to the user whose home holds it, otherwise to the admin.
for kind, name in pairs {
  notebooks = "notebook", files = "file", directories = "directory", repos = "repo",
} do
  kinds[kind] = {
    type = name, levels = OBJECT_LEVELS, owner_level = "CAN_MANAGE", folder = "/directories/",
    noun = name,
    missing = "The specified " .. name .. " %s was not found.",
    find_owner = function(w, id)
      local row = w.db:find_row("SELECT path FROM tree WHERE id = ? AND type = ?",
        { math.tointeger(tonumber(id)) or -1, name:upper() })
      return row and (row.path:match "^/%u%l+/([^/]+@[^/]+)" or w.principal.user_name)
    end,
  }
end

--- The kinds of objects, by their name in the path of a request.
M.kinds = kinds

--- The rank of a level: a higher one allows more. Nil if the kind has no such level.
---@return integer?
function M.rank(kind, level)
  for i, known in ipairs(kinds[kind].levels) do
    if known[1] == level then
      return i
    end
  end
end

local function principal_kind(w, name)
  local person = people.find(w.people, name)
  return person and person.application_id and "service_principal_name" or "user_name"
end

local function stored(w, kind, id)
  return w.db:query("SELECT principal_kind, principal, level FROM grants "
    .. "WHERE kind = ? AND object_id = ? ORDER BY principal_kind, principal", { kind, id })
end

--- The direct grants on an object. Where none of them names an owner, the creator is the owner; a
-- kind without owners has only what was granted.
---@return table[]
function M.direct(w, kind, id, creator)
  local grants, top = stored(w, kind, id), kinds[kind].owner_level
  if not top then
    return grants
  end
  for _, grant in ipairs(grants) do
    if grant.level == top then
      return grants
    end
  end
  table.insert(grants, 1, {
    principal_kind = principal_kind(w, creator), principal = creator, level = top,
  })
  return grants
end

--- The creator of an object; 404 if there is no such object.
---@return string
function M.owner_of(w, kind, id)
  local rules = kinds[kind]
  local creator = rules and rules.find_owner(w, id)
  if not creator then
    errors.missing((rules and rules.missing or "Object %s does not exist."), id)
  end
  return creator
end

--- True if `principal` has at least that level on the object that `creator` created.
---@return boolean
function M.allows(w, principal, kind, id, creator, level)
  if principal.admin or principal.user_name == creator then
    return true
  end
  local need, groups = M.rank(kind, level), {}
  for _, group in ipairs(principal.groups) do
    groups[group] = true
  end
  for _, grant in ipairs(stored(w, kind, id)) do
    local mine = grant.principal_kind == "group_name" and groups[grant.principal]
      or grant.principal_kind ~= "group_name" and grant.principal == principal.user_name
    if mine and M.rank(kind, grant.level) >= need then
      return true
    end
  end
  return false
end

--- Refuse a principal that does not have that level on a pipeline: 403.
---@param row table of table `pipelines`
---@param level string
function M.check_pipeline(w, principal, row, level)
  if not M.allows(w, principal, "pipelines", row.id, row.creator, level) then
    errors.denied(("User %s does not have %s permission on pipeline %s."):format(
      principal.user_name, level, row.id))
  end
end

--- Grants after changes: one for each principal, and one owner at most.
---@param before table[]
---@param changes table[]
---@return table[]
function M.merged(before, changes)
  local result, at = {}, {}
  local function put(grant)
    local key = grant.principal_kind .. "/" .. grant.principal
    at[key] = at[key] or #result + 1
    result[at[key]] = grant
  end
  for _, grant in ipairs(before) do
    put(grant)
  end
  for _, grant in ipairs(changes) do
    if grant.level == "IS_OWNER" then -- the previous owner keeps CAN_MANAGE
      for i, other in ipairs(result) do
        if other.level == "IS_OWNER" then
          result[i] = { principal_kind = other.principal_kind, principal = other.principal,
            level = "CAN_MANAGE" }
        end
      end
    end
    put(grant)
  end
  return result
end

--- Store these grants; all others on the object are removed.
function M.save(w, kind, id, grants)
  w.db:exec("DELETE FROM grants WHERE kind = ? AND object_id = ?", { kind, id })
  for _, grant in ipairs(grants) do
    w.db:exec("INSERT INTO grants VALUES (?, ?, ?, ?, ?)",
      { kind, id, grant.principal_kind, grant.principal, grant.level })
  end
end

--- Grant levels on an object, as PATCH does: for scenarios.
---@param grants table[] { principal_kind, principal, level }
function M.grant(w, kind, id, grants)
  M.save(w, kind, id, M.merged(M.direct(w, kind, id, M.owner_of(w, kind, id)), grants))
end

--- What is shown of the rows that a principal may use.
---@param rows table[]
---@param may_use fun(row: table): boolean
---@param info fun(row: table): table
---@return table[]
function M.visible(rows, may_use, info)
  local found = {}
  for _, row in ipairs(rows) do
    if may_use(row) then
      found[#found + 1] = info(row)
    end
  end
  return found
end

return M
