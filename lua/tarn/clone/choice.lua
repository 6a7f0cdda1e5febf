--- Choose the pipelines of a bulk clone: by a pattern or from a file.

local clone = require "tarn.clone"
local fault = require "base.fault"
local fs = require "native.fs"
local glob = require "base.glob"
local pipelines = require "tarn.pipelines"

local M = {}

local function read_file(op, path)
  local text = path == "-" and io.read "a" or path ~= "-" and fs.find_read(path)
  if not text then
    fault.usage(op, ("there is no file '%s'"):format(path))
  end
  local list = {}
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    local name = line:match "^%s*(.-)%s*$"
    if name ~= "" and name:sub(1, 1) ~= "#" then
      list[#list + 1] = { pipeline = name, name = name }
    end
  end
  return list
end

--- A list without the pipelines that are copies of others on it: within one workspace, --match may
-- match copies of an earlier run besides their sources.
---@param list { pipeline: string, name: string }[]
---@param arg table
---@return { pipeline: string, name: string }[]
function M.without_copies(list, arg)
  local made = {}
  for _, item in ipairs(list) do
    if arg.name then
      made[clone.name(arg.name, item.name, false)] = item.name
    end
  end
  local kept = {}
  for _, item in ipairs(list) do
    local source = made[item.name]
    if not source or source == item.name then
      kept[#kept + 1] = item
    end
  end
  return kept
end

--- The pipelines that --match and --from-file choose.
---@param ctx tarn.Context
---@param arg table
---@return { pipeline: string, name: string }[]
function M.choose(ctx, arg)
  if arg.items then
    return arg.items -- the list that the interrupted run has read from standard input
  end
  local is_excluded, list, seen = glob.any(arg.exclude), {}, {}
  local function add(item)
    if not is_excluded(item.name) and not seen[item.pipeline] then
      seen[item.pipeline] = true
      list[#list + 1] = item
    end
  end
  for _, item in ipairs(arg.from_file and read_file(ctx.op, arg.from_file) or {}) do
    add(item)
  end
  if arg.match then
    local matches = glob.matcher(arg.match)
    for item in pipelines.states(ctx.workspace) do
      if matches(item.name or "") then
        add { pipeline = item.pipeline_id, name = item.name }
      end
    end
  end
  return list
end

--- Raise a fault of kind `usage` if several copies would get the same name.
---@param ctx tarn.Context
---@param arg table
---@param list { pipeline: string, name: string }[]
---@param target tarn.WorkspaceClient
function M.check_name(ctx, arg, list, target)
  if not arg.name and target == ctx.workspace then
    fault.usage(ctx.op, "--name is missing: source and target are the same workspace",
      "'*' in it stands for the source's name: --name '*_copy'")
  elseif arg.name and not arg.name:find("*", 1, true) and #list > 1 then
    fault.usage(ctx.op, ("%d pipelines cannot all be named '%s'"):format(#list, arg.name),
      "'*' in --name stands for the source's name")
  end
end

return M
