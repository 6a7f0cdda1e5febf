--- The body of the request that starts an update, from the arguments of `tarn trigger`.

local fault = require "base.fault"
local json = require "native.json"
local time = require "base.time"

local M = {}

--- What may be said to have started an update.
M.CAUSES = { "API_CALL", "USER_ACTION", "JOB_TASK", "SCHEMA_CHANGE", "SERVICE_UPGRADE",
  "RETRY_ON_FAILURE", "INFRASTRUCTURE_MAINTENANCE" }

local IS_CAUSE <const> = {}
for _, cause in ipairs(M.CAUSES) do
  IS_CAUSE[cause] = true
end

-- Argument -> field of the request.
local SELECTIONS <const> = { refresh = "refresh_selection",
  full_refresh_only = "full_refresh_selection", reset_checkpoints = "reset_checkpoint_selection" }
local PATHS <const> = { refresh_path = "refresh_selection_by_path",
  full_refresh_path = "full_refresh_selection_by_path" }
-- The option for tables -> the one for the files that define them.
local FOR_FILES <const> = { refresh = "refresh_path", full_refresh_only = "full_refresh_path" }

local function option(name)
  return "--" .. name:gsub("_", "-")
end

local function items(list)
  return type(list) == "table" and list or { list }
end

-- The names in a list whose items may be several names: `--refresh a,b --refresh c`.
local function names(list)
  local found = json.array {}
  for _, item in ipairs(items(list)) do
    for name in item:gmatch "[^,]+" do
      name = name:match "^%s*(.-)%s*$"
      if name ~= "" then
        found[#found + 1] = name
      end
    end
  end
  return found
end

local function tables(op, argument, list)
  local found = names(list)
  if #found == 0 then
    fault.usage(op, ("%s has no names"):format(option(argument)))
  end
  for _, name in ipairs(found) do
    if name:sub(1, 1) == "/" and FOR_FILES[argument] then
      fault.usage(op, ("%s takes names of tables, and '%s' is a path"):format(option(argument),
        name), ("%s %s refreshes the tables that the file defines"):format(
        option(FOR_FILES[argument]), name))
    end
  end
  return found
end

local function paths(op, argument, list)
  local found = json.array {}
  for i, path in ipairs(items(list)) do
    if path:sub(1, 1) ~= "/" then
      fault.usage(op, ("%s: '%s' is not the path of a file, which begins with /"):format(
        option(argument), path), "--refresh and --full-refresh-only take names of tables")
    end
    found[i] = path
  end
  return found
end

-- The pairs of a list of KEY=VALUE, in their order.
local function pairs_of(op, argument, list, form)
  local found = {}
  for i, item in ipairs(items(list)) do
    local key, value = item:match "^([^=]+)=(.*)$"
    if not key then
      fault.usage(op, ("%s: '%s' is not %s"):format(option(argument), item, form),
        argument == "param" and "for example --param region=eu" or nil)
    end
    found[i] = { key, value }
  end
  return found
end

local function selects(arg)
  for _, map in ipairs { SELECTIONS, PATHS } do
    for name in pairs(map) do
      if arg[name] then
        return true
      end
    end
  end
  return arg.rewind_to ~= nil
end

local function check(op, arg)
  local selected = selects(arg)
  if arg.full_refresh and selected then
    fault.usage(op, "--full-refresh means all tables and cannot have a selection",
      "--full-refresh-only A,B fully refreshes these tables only")
  elseif arg.validate and (arg.full_refresh or selected) then
    fault.usage(op, "--validate checks the whole graph and refreshes nothing; "
      .. "it cannot have a full refresh or a selection")
  elseif arg.attach and arg.restart then
    fault.usage(op, "--attach waits for the active update, --restart stops it: choose one")
  elseif arg.development and arg.production then
    fault.usage(op, "--development and --production exclude each other")
  elseif arg.cause and not IS_CAUSE[arg.cause:upper()] then
    fault.usage(op, ("--cause: '%s' is not what starts an update"):format(arg.cause),
      "one of " .. table.concat(M.CAUSES, ", "))
  elseif (arg.rewind or arg.rewind_dry_run) and not arg.rewind_to then
    fault.usage(op, "--rewind and --rewind-dry-run go with --rewind-to TIME")
  end
end

local function rewind(op, arg)
  local spec = { rewind_timestamp = time.iso(time.since(op, "--rewind-to", arg.rewind_to)),
    dry_run = arg.rewind_dry_run or nil }
  if arg.rewind then
    spec.datasets = json.array {}
    for i, name in ipairs(names(arg.rewind)) do
      -- as the API does for all datasets if none is named
      spec.datasets[i] = { identifier = name, cascade = true, reset_checkpoints = true }
    end
  end
  return spec
end

--- The body of the request. Raises a fault of kind `usage` for arguments that exclude each other.
---@param op string for faults
---@param arg tarn.TriggerArguments
---@return table
function M.make(op, arg)
  check(op, arg)
  local body = { full_refresh = arg.full_refresh or nil, validate_only = arg.validate or nil,
    cause = arg.cause and arg.cause:upper() }
  if arg.development or arg.production then
    body.development = arg.development or false
  end
  for name, field in pairs(SELECTIONS) do
    body[field] = arg[name] and tables(op, name, arg[name]) or nil
  end
  for name, field in pairs(PATHS) do
    body[field] = arg[name] and paths(op, name, arg[name]) or nil
  end
  if arg.param then
    body.parameters = {}
    for _, pair in ipairs(pairs_of(op, "param", arg.param, "KEY=VALUE")) do
      body.parameters[pair[1]] = pair[2]
    end
  end
  if arg.replace_where then
    body.replace_where_overrides = json.array {}
    for i, pair in ipairs(pairs_of(op, "replace_where", arg.replace_where, "FLOW=PREDICATE")) do
      body.replace_where_overrides[i] = { flow_name = pair[1], predicate_override = pair[2] }
    end
  end
  body.rewind_spec = arg.rewind_to and rewind(op, arg) or nil
  return body
end

return M
