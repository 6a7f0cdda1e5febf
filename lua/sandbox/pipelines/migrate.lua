--- `POST /api/2.0/pipelines/{id}/clone`: from the Hive metastore into Unity Catalog (A.12).
--
-- This is the only clone that the API has; it does not copy a pipeline within Unity Catalog.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local form = require "sandbox.pipelines.form"
local pipelines = require "sandbox.pipelines"
local specs = require "sandbox.pipelines.spec"
local state = require "sandbox.pipelines.state"
local updates = require "sandbox.pipelines.updates"

local M = {}

-- The settings of the migrated pipeline: those of the one in the Hive metastore without the fields
-- that only that pipeline can have, overridden by the request. The configuration of the request is
-- added to the old one.
local function migrated(row, body)
  local spec = json.decode(row.spec)
  spec.id, spec.storage, spec.event_log = nil, nil, nil
  for key, value in pairs(body) do
    if key == "configuration" then
      spec.configuration = spec.configuration or {}
      for name, text in pairs(value) do
        spec.configuration[name] = text
      end
    elseif key ~= "clone_mode" then
      spec[key] = value
    end
  end
  return spec
end

local function clone(w, req)
  pipelines.check_row(w, req, "CAN_MANAGE")
  local body = req.body
  if body.clone_mode ~= nil and body.clone_mode ~= "MIGRATE_TO_UC" then
    errors.invalid("clone_mode must be MIGRATE_TO_UC, but is '%s'.", body.clone_mode)
  elseif not body.catalog or body.catalog == "" then
    errors.invalid "'catalog' must be set: the clone publishes to Unity Catalog."
  elseif body.run_as or body.parameters then
    errors.invalid "'run_as' and 'parameters' cannot be set by a clone."
  end
  return w:write(function()
    local row = pipelines.check_row(w, req, "CAN_MANAGE")
    if not json.decode(row.spec).storage then
      errors.invalid("The pipeline %s publishes to Unity Catalog already; only a pipeline of the "
        .. "Hive metastore can be cloned with MIGRATE_TO_UC.", row.id)
    end
    local active = state.find_active(w, row.id)
    if active then
      errors.conflict(("The update '%s' of pipeline '%s' must end before the pipeline is cloned.")
        :format(active.id, row.id))
    end
    local settings = migrated(row, body)
    specs.check(settings, "CreatePipeline", w, req.principal)
    if not body.allow_duplicate_names then
      pipelines.check_name_is_free(w, settings.name, "")
    end
    pipelines.check_expected(row, body.expected_last_modified)
    local made = pipelines.add(w, settings, req.principal)
    updates.begin(w, made, { cause = "API_CALL" }, req.principal)
    return { pipeline_id = made.id }
  end)
end

M.routes = {
  { "POST", "/api/2.0/pipelines/{id}/clone", clone, { body = form.settings } },
}

return M
