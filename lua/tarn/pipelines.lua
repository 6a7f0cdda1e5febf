--- Find, list, create and start pipelines.
--
--     local pipelines = require "tarn.pipelines"
--     for row in pipelines.rows(ws) do print(row.pipeline_id, row.name, row.state) end
--     local found = pipelines.find(ws, "sales_orders_etl")
--     for update in pipelines.updates(ws, found.pipeline_id, { max = 5 }) do
--       print(update.update_id, update.state)
--     end
--
-- `create` and `start` send their request once: if the answer is lost, the workspace is searched
-- for its effect.

local choice = require "tarn.pipelines.choice"
local events = require "tarn.events"
local fault = require "base.fault"
local http = require "native.http"
local json = require "native.json"
local pages = require "base.pages"
local find = require "tarn.pipelines.find"
local listing = require "tarn.pipelines.listing"
local strings = require "base.strings"
local send_once = require "tarn.pipelines.once"

local M = {}

-- The most items of a page.
local UPDATES_PAGE <const> = 100

---@class tarn.PipelineRow
---@field pipeline_id string
---@field name string
---@field state string           as in the API
---@field health string|json.null HEALTHY, UNHEALTHY, or null if it is not known
---@field creator string
---@field run_as string
---@field cluster_id string|json.null
---@field latest_update table|json.null { update_id, state, creation_time }

--- An iterator over all pipelines, as the API returns them.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.ListOptions
---@return fun(): table? PipelineStateInfo
function M.states(ws, opts)
  return listing.states(ws, opts)
end

--- A pipeline as commands and the HTTP API return it.
---@param item table PipelineStateInfo
---@return tarn.PipelineRow
function M.row(item)
  return {
    pipeline_id = item.pipeline_id,
    name = item.name or "",
    state = item.state or "UNKNOWN",
    health = item.health or json.null,
    creator = item.creator_user_name or json.null,
    run_as = item.run_as_user_name or json.null,
    cluster_id = item.cluster_id or json.null,
    latest_update = item.latest_updates and item.latest_updates[1] or json.null,
  }
end

--- An iterator over all pipelines, as rows.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.ListOptions
---@return fun(): tarn.PipelineRow?
function M.rows(ws, opts)
  local next_state = M.states(ws, opts)
  return function()
    local item = next_state()
    return item and M.row(item)
  end
end

--- An iterator over events of a pipeline, newest first by default, with as few calls as possible.
---@param ws tarn.WorkspaceClient
---@param id string
---@param opts? { filter?: string, order_by?: string, max?: integer }
---@return fun(): table?
function M.events(ws, id, opts)
  opts = opts or {}
  local query = {
    max_results = math.min(opts.max or events.PAGE, events.PAGE),
    filter = opts.filter, order_by = opts.order_by,
  }
  return pages.items(function(q) return events.page(ws, id, q) end, "events",
    { op = "pipelines.events", query = query, max = opts.max, id = "id" })
end

--- An iterator over updates of a pipeline, newest first.
---@param ws tarn.WorkspaceClient
---@param id string
---@param opts? { max?: integer, until_update_id?: string }
---@return fun(): table? UpdateInfo
function M.updates(ws, id, opts)
  opts = opts or {}
  local query = {
    max_results = math.min(opts.max or UPDATES_PAGE, UPDATES_PAGE),
    until_update_id = opts.until_update_id,
  }
  return pages.items(function(q) return ws.native:update_list(id, q) end, "updates",
    { op = "pipelines.updates", query = query, max = opts.max, id = "update_id" })
end

--- True if `text` has the form of a pipeline id.
---@param text string
---@return boolean
function M.is_id(text)
  local form = ("%x"):rep(8) .. "%-" .. (("%x"):rep(4) .. "%-"):rep(3) .. ("%x"):rep(12)
  return text:match("^" .. form .. "$") ~= nil
end

--- The ids of the pipelines that have exactly this name. There may be several.
---@param ws tarn.WorkspaceClient
---@param name string
---@return string[]
function M.ids_of(ws, name)
  return find.ids_of(ws, name)
end

--- What tells pipelines of one name apart: who made it, and its newest run.
---@param item table PipelineStateInfo
---@return string
function M.about(item)
  return find.about(item)
end

--- The id of the pipeline that an id, an exact name or the unique prefix of a name stands for.
-- Raises a fault if there is none (status 404) or more than one (kind `usage`, with the
-- candidates).
---@param ws tarn.WorkspaceClient
---@param id_or_name string
---@return string
function M.find_id(ws, id_or_name)
  if M.is_id(id_or_name) then
    return id_or_name:lower()
  end
  if id_or_name == "" then
    fault.raise { kind = "usage", op = "pipelines.find",
      message = "the name of the pipeline is empty" }
  end
  return find.id(ws, id_or_name)
end

--- True if a command's arguments may ask for many pipelines: several words, a glob, or `all`.
---@param asked tarn.Asked
---@return boolean
function M.may_be_many(asked)
  return choice.may_be_many(asked)
end

--- The pipelines that a command's arguments `pipeline` and `all` ask for. What was asked decides
-- whether these are one or many, not how many are found. Many are listed once. Raises a fault for
-- wrong arguments, and for a word that fits no pipeline or, being no glob, several.
---@param ws tarn.WorkspaceClient
---@param op string for faults
---@param asked tarn.Asked
---@param opts? { whole?: boolean, list?: boolean, bare?: boolean } whole: the beginning of a name
--- is not enough; list: of many, list all pipelines even if only ids were given; bare: of a
--- pipeline that is given by its id, nothing else is needed
---@return tarn.Choice
function M.choose(ws, op, asked, opts)
  opts = opts or {}
  return choice.choose(ws, op, asked, { is_id = M.is_id, whole = opts.whole, list = opts.list,
    bare = opts.bare })
end

--- A pipeline with its spec, by id, exact name, or unique prefix of the name.
---@param ws tarn.WorkspaceClient
---@param id_or_name string
---@return table GetPipelineResponse
function M.find(ws, id_or_name)
  local found = ws.native:pipeline_get(M.find_id(ws, id_or_name))
  found.spec = found.spec or {}
  found.name = found.name or strings.non_empty(found.spec.name) or ""
  return found
end

--- The answer of the workspace for a pipeline, to the letter: with its nulls.
---@param ws tarn.WorkspaceClient
---@param id_or_name string
---@return table GetPipelineResponse
function M.answer(ws, id_or_name)
  return ws:request("GET", "/api/2.0/pipelines/" .. http.escape(M.find_id(ws, id_or_name)),
    { nulls = true })
end

--- The settings that a create would have. Raises the fault that the create would raise. If the
-- workspace creates the pipeline in spite of the dry run, it is deleted again, and a fault with
-- code DRY_RUN_IGNORED is raised.
---@param ws tarn.WorkspaceClient
---@param body table of POST /api/2.0/pipelines
---@param op string for faults
---@return table effective_settings
function M.dry_run(ws, body, op)
  return require("tarn.pipelines.dryrun")(ws, body, op)
end

--- Send a request that must take effect once, even if its answer is lost: then `search(since)` is
-- called to find its effect.
---@param op string for faults
---@param send fun(): any
---@param search fun(since: integer): any `since`: the server's time of the request, ms
---@param ws tarn.WorkspaceClient
---@param hints { not_done: string, unknown: string } of the two faults
---@return any
function M.send_once(op, send, search, ws, hints)
  return send_once(op, send, search, ws, hints)
end

-- The pipeline of a name that the current user has made since a time; nil if there is none.
local function find_made(ws, name, since)
  local me = fault.try(ws.me, ws) -- if this fails, name and time must do
  for _, item in ipairs(find.starting_with(ws, name)) do
    if item.name == name and (not me or item.creator_user_name == me.userName) then
      local made = ws.native:pipeline_get(item.pipeline_id)
      if (made.last_modified or 0) >= since then
        return { pipeline_id = item.pipeline_id, resolved = true }
      end
    end
  end
end

local CREATE_HINTS <const> = {
  not_done = "the workspace has no such pipeline: nothing was created, try again",
  unknown = "it may have been created: check with `tarn list` before you try again" }

--- Create a pipeline exactly once. If the answer is lost, the workspace is searched for a pipeline
-- of that name that the current user has created since the request.
---@param ws tarn.WorkspaceClient
---@param spec table the body of POST /api/2.0/pipelines
---@return { pipeline_id: string, resolved?: boolean } `resolved`: found by the search
function M.create(ws, spec)
  return send_once("pipelines.create", function() return ws.native:pipeline_create(spec) end,
    function(since) return find_made(ws, spec.name or "", since) end, ws, CREATE_HINTS)
end

--- Make a pipeline of Unity Catalog from one of the Hive metastore, and start its first update,
-- exactly once: as `create`.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline that publishes to the Hive metastore
---@param body table of POST /api/2.0/pipelines/{id}/clone
---@return { pipeline_id: string, resolved?: boolean }
function M.migrate(ws, id, body)
  return send_once("pipelines.migrate", function()
    return (ws:request("POST", ("/api/2.0/pipelines/%s/clone"):format(http.escape(id)),
      { body = body, shape = "{pipeline_id!:s}" }))
  end, function(since) return find_made(ws, body.name, since) end, ws, CREATE_HINTS)
end

--- The fields of an update that select tables, flows or files.
M.SELECTIONS = { "refresh_selection", "refresh_selection_by_path", "full_refresh_selection",
  "full_refresh_selection_by_path", "reset_checkpoint_selection" }

-- True if the fields of an update are those of the request.
local function is_asked(update, body)
  if (update.full_refresh or false) ~= (body.full_refresh or false)
    or (update.validate_only or false) ~= (body.validate_only or false) then
    return false
  end
  for _, name in ipairs(M.SELECTIONS) do
    -- the server may return full names for short ones
    if #(update[name] or {}) ~= #(body[name] or {}) then
      return false
    end
  end
  return true
end

--- Start an update exactly once. If the answer is lost, the pipeline's newest update is the started
-- one if the API has created it since the request, with the same fields.
---@param ws tarn.WorkspaceClient
---@param id string
---@param body? table of POST /api/2.0/pipelines/{id}/updates
---@return { update_id: string, resolved?: boolean } `resolved`: found by the search
function M.start(ws, id, body)
  body = body or {}
  local function search(since)
    local newest = (ws.native:update_list(id, { max_results = 1 }).updates or {})[1]
    if newest and (newest.creation_time or 0) >= since
      and newest.cause == (body.cause or "API_CALL") and is_asked(newest, body) then
      return { update_id = newest.update_id, resolved = true }
    end
  end
  return send_once("pipelines.start", function() return ws.native:update_start(id, body) end,
    search, ws, {
      not_done = "the pipeline has no new update: none was started, try again",
      unknown = "an update may have started: check with `tarn updates` before you try again" })
end

return M
