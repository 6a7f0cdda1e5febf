--- The dashboard of one workspace, from REST or from the SQL warehouse.
--
-- `auto` is REST, whose answer is of now. Its list has no count: where it goes on after so many
-- pipelines that it would take dozens of calls at each look, SQL is asked first (tarn.either), and
-- at the next look at once.

local either = require "tarn.either"
local fault = require "tarn.fault"
local rest = require "tarn.dashboard.rest"
local sql = require "tarn.dashboard.sql"

local M = {}

--- `auto` lists so many pipelines over REST: twenty calls.
M.MANY = 2000

local TOO_MANY <const> = "TOO_MANY_PIPELINES"

local function from_rest(ws, opts, most)
  local count, all = 0, setmetatable({}, { __index = opts })
  function all.seen(row)
    count = count + 1
    if most and count > most then
      fault.raise { kind = "http", op = "tarn dashboard", code = TOO_MANY, retryable = false,
        message = ("there are more than %d pipelines"):format(most) }
    elseif opts.seen then
      opts.seen(row)
    end
  end
  local data = rest.read(ws, all)
  data.source = "rest"
  return data
end

-- A watch says the same thing once.
local function once(memory, warn)
  if not memory or not warn then
    return warn or function() end
  end
  memory.said = memory.said or {}
  return function(text)
    if not memory.said[text] then
      memory.said[text] = true
      warn(text)
    end
  end
end

---@class tarn.SourcedOptions: tarn.DashboardOptions
---@field source? "rest"|"sql"|"auto" default "rest"
---@field warehouse? string
---@field warn? fun(text: string)
---@field many? integer for tests: in place of MANY

--- Look at every pipeline. The answer names its `source`; `sources` has the reasons.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.SourcedOptions
---@return table { summary, pipelines, recent_events, as_of, problems, source, sources? }
function M.read(ws, opts)
  opts = opts or {}
  local which, memory = opts.source or "rest", opts.memory or {}
  if opts.observe and which == "sql" then
    fault.usage("tarn dashboard", "events of SQL are an hour old: nothing can be told by them",
      "leave out --source sql")
  elseif which == "rest" or which == "auto" and (opts.observe or opts.seen) then
    return from_rest(ws, opts)
  end
  local warn = once(opts.memory, opts.warn)
  local function ask(many)
    local data, _, tried = either.ask(ws, { which = which, warehouse = opts.warehouse,
      warn = warn, many = many, rest = function()
        return from_rest(ws, opts, which == "auto" and not many and (opts.many or M.MANY) or nil)
      end, sql = function() return sql.read(ws, opts) end })
    data.sources = tried
    return data
  end
  if memory.many or which == "sql" then
    return ask(memory.many)
  end
  local data, e = fault.try(ask)
  if e and e.code ~= TOO_MANY then
    fault.raise(e)
  elseif e or data.sources[1].code == TOO_MANY then
    memory.many = ("the API takes a call for each hundred of more than %d pipelines"):format(
      opts.many or M.MANY)
  end
  return data or from_rest(ws, opts)
end

return M
