--- Check everything that Tarn depends on, and say what to do.
--
--     local doctor = require "tarn.doctor"
--     local ctx = { workspace = ws, finish = function() end }
--     for check in doctor.rows(ctx, {}) do
--       print(check.status, check.check, check.message, check.todo or "")
--     end

local fault = require "base.fault"
local fs = require "native.fs"
local statements = require "tarn.statements"
local task = require "native.task"

local M = {}

local SKEW_WARN <const> = 60 * 1000  -- ms between the clocks of the server and this machine
local SKEW_FAIL <const> = 300 * 1000 -- the server refuses tokens beyond this
local OTHERS <const> = 63            -- the permission bits of group and others

---@class tarn.Check
---@field check string
---@field status "ok"|"warn"|"fail"|"skip"
---@field message string
---@field todo? string

-- The result of a check that has raised a fault.
local function failure(e)
  return "fail", e.message, e.hint or ("`tarn help error %s`"):format(e.kind)
end

-- Each check returns status, message and todo. `seen` carries the results of earlier checks.
local checks = {}

checks[#checks + 1] = { "version", function()
  local bundle = require "native.bundle"
  return "ok", ("tarn %s, %s"):format(bundle.version, _VERSION)
end }

-- The user's files, grouped by their problems.
local function sort_overrides(list)
  local found = { broken = {}, moved = {}, private = {}, outdated = {}, scripts = {},
    shadowing = 0 }
  local function add(to, text, ...)
    to[#to + 1] = text:format(...)
  end
  for _, entry in ipairs(list) do
    found.shadowing = found.shadowing + (entry.bundled and 1 or 0)
    if entry.problem then
      add(found.broken, "%s", entry.problem)
    elseif entry.moved_to then
      add(found.moved, "%s (to %s)", entry.path, entry.moved_to)
    elseif entry.bundled and entry.file:find "^lua/" and not entry.file:find "^lua/tarn/" then
      add(found.private, "%s", entry.path)
    elseif entry.bundled and (entry.for_scripts or entry.file:find "^lua/tarn/") then
      add(found.scripts, "%s", entry.path)
    end
    if entry.outdated then
      add(found.outdated, "%s (%s)", entry.path, entry.ejected_from)
    end
  end
  return found
end

checks[#checks + 1] = { "overrides", function()
  local list = require("engine.override").all()
  local found = sort_overrides(list)
  if #found.broken > 0 then
    return "fail", "broken: " .. table.concat(found.broken, "; "),
      "fix or remove the file; --bundled ignores all files of your own"
  elseif #found.moved > 0 then
    return "warn",
      "without effect, since the module has moved: " .. table.concat(found.moved, ", "),
      "move the file, or require the module from `tarn`"
  elseif #found.private > 0 then
    return "warn", "replaces a private module of tarn: " .. table.concat(found.private, ", "),
      "rename the file if it is a module of your own; `tarn help library` lists public modules"
  elseif #found.outdated > 0 then
    return "warn", "the bundled file has changed since this copy was ejected: "
      .. table.concat(found.outdated, ", "),
      "compare it with the bundled file: `tarn eject NAME --to DIR`"
  elseif #found.scripts > 0 then
    return "warn", "changes what scripts get too: " .. table.concat(found.scripts, ", "),
      "`tarn which --all` lists all changes; --bundled ignores them"
  elseif #list == 0 then
    return "ok", "none"
  end
  return "ok", ("%d file%s of your own, %d in place of bundled ones"):format(#list,
    #list == 1 and "" or "s", found.shadowing)
end }

checks[#checks + 1] = { "hooks", function()
  local broken, names = {}, {}
  for _, hook in ipairs(require("engine.hooks").all()) do
    if hook.problem then
      broken[#broken + 1] = hook.problem
    elseif not hook.shadowed then
      names[#names + 1] = ("%s (%s)"):format(hook.path, table.concat(hook.points, ", "))
    end
  end
  if #broken > 0 then
    return "fail", "broken: " .. table.concat(broken, "; "),
      "fix or remove the file; until then no command that changes something runs"
  end
  return "ok", #names == 0 and "none" or table.concat(names, "; ")
end }

checks[#checks + 1] = { "profiles", function()
  local databricks = require "native.databricks"
  local list, path = databricks.profiles()
  local problems = {}
  for _, profile in ipairs(list) do
    if profile.problem then
      problems[#problems + 1] = ("[%s] %s"):format(profile.name, profile.problem)
    end
  end
  if #problems > 0 then
    return "warn", ("%s: %s"):format(path, table.concat(problems, "; ")),
      "`tarn auth profiles` shows all of them"
  end
  local stat = path and fs.find_stat(path)
  if stat and stat.mode & OTHERS ~= 0 then
    return "warn", path .. " can be read by others", "chmod 600 " .. path
  end
  return "ok", #list == 0 and "no profiles" or ("%d in %s"):format(#list, path)
end }

checks[#checks + 1] = { "credentials", function(ctx, seen)
  local ws = ctx.workspace
  local info = ws.native:info()
  ws.native:authenticate()
  seen.ws = ws
  return "ok", ("%s for %s%s"):format(info.auth_type, info.host,
    info.profile and " (profile " .. info.profile .. ")" or "")
end }

checks[#checks + 1] = { "network", function(_, seen)
  local started = task.now()
  local ok, me, response = fault.call(seen.ws.request, seen.ws, "GET",
    "/api/2.0/preview/scim/v2/Me")
  local ms = (task.now() - started) * 1000
  seen.time = task.time()
  if not ok and me.status and me.kind == "auth" then
    return "fail", "the workspace refuses the credentials: " .. me.message,
      me.hint or "`tarn help error auth`"
  elseif not ok then
    error(me, 0)
  end
  seen.me, seen.response = me, response
  return "ok", ("answers in %d ms, as %s"):format(ms // 1, tostring(me.userName))
end, needs = "ws" }

checks[#checks + 1] = { "clock", function(_, seen)
  local theirs = require("base.time").find_http_date(seen.response.headers.date)
  if not theirs then
    return "warn", "the workspace's answer has no date"
  end
  -- the header has whole seconds
  local skew = math.max(0, math.abs(seen.time - theirs) - 1000)
  local text = ("%d s apart from the workspace's clock"):format(skew // 1000)
  local todo = "set the clock of this machine: the workspace refuses tokens if it is wrong"
  if skew >= SKEW_WARN then
    return skew >= SKEW_FAIL and "fail" or "warn", text, todo
  end
  return "ok", skew < 1000 and "the same as the workspace's" or text
end, needs = "response" }

checks[#checks + 1] = { "permissions", function(_, seen)
  local page = seen.ws.native:pipeline_list { max_results = 1 }
  if not page.statuses or #page.statuses == 0 then
    return "warn", "no pipeline is visible",
      "if the workspace has pipelines, ask for CAN_VIEW on them"
  end
  local row = require("tarn.pipelines").row(page.statuses[1])
  return "ok", ("pipelines are visible (%s)"):format(row.name)
end, needs = "response" }

checks[#checks + 1] = { "warehouse", function(_, seen, arg)
  local id = arg.warehouse or seen.ws.native:info().warehouse_id
    or require("tarn.sql").warehouses.default(seen.ws)
  local warehouse = seen.ws:request("GET", "/api/2.0/sql/warehouses/" .. id)
  seen.warehouse = warehouse
  local text = ("%s (%s) is %s"):format(warehouse.name or id, id, warehouse.state or "unknown")
  local health = warehouse.health and warehouse.health.status
  if health and health ~= "HEALTHY" then
    return "warn", text .. ", " .. health .. ": " .. (warehouse.health.summary or ""),
      "open the warehouse in the workspace"
  end
  return "ok", text
end, needs = "response" }

checks[#checks + 1] = { "system tables", function(_, seen, arg)
  local id = seen.warehouse.id
  if seen.warehouse.state ~= "RUNNING" and not arg.start then
    return "skip", "the warehouse is not running", "`tarn doctor --start` starts it"
  end
  local query, params = statements.check.pipelines(seen.ws:org_id())
  local rows <close> = seen.ws:sql(query, params, { text = true, warehouse_id = id })
  local row = rows()
  return "ok", ("system.lakeflow.pipelines is readable (%s rows)"):format(row and row.n or "no")
end, needs = "warehouse" }

local function run(check, ctx, seen, arg)
  if check.needs and not seen[check.needs] then
    return { check = check[1], status = "skip", message = "an earlier check did not pass" }
  end
  local ok, status, message, todo = fault.call(check[2], ctx, seen, arg)
  if not ok then
    if status.kind == "cancelled" or status.kind == "bug" then
      error(status, 0)
    end
    status, message, todo = failure(status)
  end
  return { check = check[1], status = status, message = message, todo = todo }
end

--- An iterator over the checks. Each check runs when the iterator reaches it.
---@param ctx tarn.Context
---@param arg { start?: boolean, warehouse?: string }
---@return fun(): tarn.Check?
function M.rows(ctx, arg)
  local i, seen = 0, {}
  return function()
    i = i + 1
    if not checks[i] then
      return nil
    end
    local row = run(checks[i], ctx, seen, arg)
    if row.status == "fail" then
      ctx.finish "failed"
    end
    return row
  end
end

return M
