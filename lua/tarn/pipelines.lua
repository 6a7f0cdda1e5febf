--- Pipelines: found by id or name, listed over all pages, created and started once.

local fault = require "base.fault"
local json = require "native.json"
local pages = require "base.pages"
local task = require "native.task"
local time = require "base.time"

local M = {}

-- The most the server gives for one page (reference A.2, B.1, A.11).
local LIST_PAGE <const> = 100
local EVENTS_PAGE <const> = 250
local UPDATES_PAGE <const> = 100

-- The server's clock and ours differ; what it made "since we asked" is seen with this slack.
local CLOCK_SLACK_MS <const> = 5000

---@class tarn.PipelineRow
---@field pipeline_id string
---@field name string
---@field state string           the API's word
---@field health string|json.null HEALTHY, UNHEALTHY, or null: not known
---@field creator string
---@field run_as string
---@field cluster_id string|json.null
---@field latest_update table|json.null { update_id, state, creation_time }

--- The answers of the list endpoint, item by item, as the API gives them.
---@param ws tarn.WorkspaceClient
---@param opts? { filter?: string, order_by?: string }
---@return fun(): table?
function M.states(ws, opts)
  local query = { max_results = LIST_PAGE }
  for key, value in pairs(opts or {}) do
    query[key] = value
  end
  return pages.items(function(q) return ws.native:pipeline_list(q) end, "statuses",
    { op = "pipelines.list", query = query, id = "pipeline_id" })
end

--- A row as commands and the HTTP API give it.
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

--- All pipelines as rows.
---@param ws tarn.WorkspaceClient
---@param opts? { filter?: string, order_by?: string }
---@return fun(): tarn.PipelineRow?
function M.rows(ws, opts)
  local next_state = M.states(ws, opts)
  return function()
    local item = next_state()
    return item and M.row(item)
  end
end

--- Events of one pipeline, newest first unless `order_by` says otherwise; at most `max`, in
-- as few calls as that takes.
---@param ws tarn.WorkspaceClient
---@param id string
---@param opts? { filter?: string, order_by?: string, max?: integer }
---@return fun(): table?
function M.events(ws, id, opts)
  opts = opts or {}
  local query = {
    max_results = math.min(opts.max or EVENTS_PAGE, EVENTS_PAGE),
    filter = opts.filter, order_by = opts.order_by,
  }
  return pages.items(function(q) return ws.native:events(id, q) end, "events",
    { op = "pipelines.events", query = query, max = opts.max })
end

--- Updates of one pipeline, newest first.
---@param ws tarn.WorkspaceClient
---@param id string
---@param opts? { max?: integer, until_update_id?: string }
---@return fun(): table?
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

local function starting_with(ws, prefix)
  local found = {}
  local filter = ("name LIKE '%s%%'"):format((prefix:gsub("'", "''")))
  for item in M.states(ws, { filter = filter }) do
    -- '%' and '_' in a name are wildcards to the server: compare again
    if (item.name or ""):sub(1, #prefix) == prefix then
      found[#found + 1] = item
    end
  end
  return found
end

--- The ids of the pipelines that have exactly this name: more than one are possible.
---@param ws tarn.WorkspaceClient
---@param name string
---@return string[]
function M.ids_of(ws, name)
  local ids = {}
  for _, item in ipairs(starting_with(ws, name)) do
    if item.name == name then
      ids[#ids + 1] = item.pipeline_id
    end
  end
  return ids
end

local function candidates(items)
  local lines = {}
  for i, item in ipairs(items) do
    if i > 5 then
      lines[i] = ("and %d more"):format(#items - 5)
      break
    end
    lines[i] = ("%s (%s)"):format(item.name, item.pipeline_id)
  end
  return table.concat(lines, ", ")
end

-- Names that differ only in case or contain what was asked for: for the hint only.
local function similar(ws, name)
  local wanted, found = name:lower(), {}
  for item in M.states(ws) do
    if (item.name or ""):lower():find(wanted, 1, true) then
      found[#found + 1] = item
    end
  end
  return found
end

local function not_found(ws, name)
  local near = similar(ws, name)
  fault.raise {
    kind = "http", op = "pipelines.find", status = 404, code = "RESOURCE_DOES_NOT_EXIST",
    retryable = false,
    message = ("no pipeline is named '%s' in %s"):format(name, ws:host()),
    hint = #near > 0 and "did you mean " .. candidates(near) or "tarn list shows all of them",
  }
end

--- The id that an id, an exact name or the unique prefix of a name stands for. Raises a
-- fault when there is none (status 404) or more than one (usage, with the candidates).
---@param ws tarn.WorkspaceClient
---@param id_or_name string
---@return string
function M.find_id(ws, id_or_name)
  if M.is_id(id_or_name) then
    return id_or_name:lower()
  end
  if id_or_name == "" then
    fault.raise { kind = "usage", op = "pipelines.find", message = "a pipeline's name is empty" }
  end
  local found = starting_with(ws, id_or_name)
  local exact = {}
  for _, item in ipairs(found) do
    if item.name == id_or_name then
      exact[#exact + 1] = item
    end
  end
  local choice = #exact > 0 and exact or found
  if #choice == 0 then
    not_found(ws, id_or_name)
  elseif #choice > 1 then
    fault.raise {
      kind = "usage", op = "pipelines.find", retryable = false,
      message = ("'%s' may be any of %s"):format(id_or_name, candidates(choice)),
      hint = "say more of the name, or the id",
    }
  end
  return choice[1].pipeline_id
end

--- One pipeline with its whole spec, by id, exact name, or unique prefix of the name.
---@param ws tarn.WorkspaceClient
---@param id_or_name string
---@return table GetPipelineResponse
function M.find(ws, id_or_name)
  return ws.native:pipeline_get(M.find_id(ws, id_or_name))
end

-- The server's time now, in ms since 1970: any answer tells it, also a refusal. Nobody has to be
-- asked, unless nothing was answered yet.
local function server_now(ws)
  local info = ws.native:info()
  if not info.date then
    fault.try(ws.me, ws)
    info = ws.native:info()
  end
  local date = info.date and time.find_http_date(info.date)
  return date and date + (info.date_age_ms or 0) or task.time()
end

-- Run `look` a few times, since what the lost request did may show late. Returns what it found; or
-- nil and the fault if it could not look the last time.
local function look_for(look)
  local found, e
  for _, pause in ipairs { 0, 1, 3 } do
    task.sleep(pause)
    found, e = fault.try(look)
    if found then
      return found
    elseif fault.is(e, "cancelled") then
      fault.raise(e)
    end
  end
  return nil, e
end

-- An answer that cannot be read says as little of what was done as one that never came.
local function is_lost(e)
  return e.ambiguous or e.kind == "parse"
end

-- Call `send`; if its answer is lost on the way, `look(since)` says what it did. There are three
-- outcomes: it was done, it was not done, or nobody knows, since looking fails too. The fault of
-- the last is ambiguous.
local function once(op, send, look, ws, words)
  local asked = task.time()
  local answer, lost = fault.try(send)
  if answer then
    return answer
  elseif not is_lost(lost) then
    fault.raise(lost)
  end
  local since = server_now(ws) - (task.time() - asked) - CLOCK_SLACK_MS
  local found, e = look_for(function() return look(since) end)
  if found then
    return found
  elseif e then
    fault.raise { kind = lost.kind, op = op, cause = e, status = lost.status, retryable = false,
      ambiguous = true, message = ("%s; whether it was done is not known, for looking failed too: "
        .. "%s"):format(lost.message, e.message), hint = words.unknown }
  end
  fault.raise {
    kind = lost.kind, op = op, cause = lost, status = lost.status, retryable = true,
    message = lost.message, hint = words.not_done,
  }
end

--- Create a pipeline, exactly once. When the answer is lost, the workspace is searched for
-- what the request would have made: by that name, by us, since we asked.
---@param ws tarn.WorkspaceClient
---@param spec table the body of POST /api/2.0/pipelines
---@return { pipeline_id: string }
function M.create(ws, spec)
  local function look(since)
    local me = fault.try(ws.me, ws) -- who may not ask that finds it by name and time
    for _, item in ipairs(starting_with(ws, spec.name or "")) do
      if item.name == spec.name and (not me or item.creator_user_name == me.userName) then
        local made = ws.native:pipeline_get(item.pipeline_id)
        if (made.last_modified or 0) >= since then
          return { pipeline_id = item.pipeline_id, resolved = true }
        end
      end
    end
  end
  return once("pipelines.create", function() return ws.native:pipeline_create(spec) end, look,
    ws, { not_done = "the workspace has no such pipeline: nothing was created, and it is safe to "
      .. "try again", unknown = "it may have been created: look with `tarn list` before you try "
      .. "again" })
end

local SELECTIONS <const> = { "refresh_selection", "full_refresh_selection",
  "reset_checkpoint_selection" }

-- True if this update is what the request asked for, as far as its fields tell.
local function is_asked(update, body)
  if (update.full_refresh or false) ~= (body.full_refresh or false)
    or (update.validate_only or false) ~= (body.validate_only or false) then
    return false
  end
  for _, name in ipairs(SELECTIONS) do
    -- the server may write a name out that was sent short
    if #(update[name] or {}) ~= #(body[name] or {}) then
      return false
    end
  end
  return true
end

--- Start an update, exactly once. When the answer is lost, the pipeline's newest update says
-- whether it started: one that the API started since then, for what was asked.
---@param ws tarn.WorkspaceClient
---@param id string
---@param body? table
---@return { update_id: string }
function M.start(ws, id, body)
  body = body or {}
  local function look(since)
    local newest = (ws.native:update_list(id, { max_results = 1 }).updates or {})[1]
    if newest and (newest.creation_time or 0) >= since and newest.cause == "API_CALL"
      and is_asked(newest, body) then
      return { update_id = newest.update_id, resolved = true }
    end
  end
  return once("pipelines.start", function() return ws.native:update_start(id, body) end,
    look, ws, { not_done = "the pipeline has no new update: none was started, and it is safe to "
      .. "try again", unknown = "an update may have started: look with `tarn updates` before you "
      .. "try again" })
end

return M
