--- The dashboard of one workspace, from REST or from the SQL warehouse.
--
-- `auto` is REST, whose answer is of now. Its list has no count: where it goes on after so many
-- pipelines that it would take dozens of calls, SQL is asked. Looks that are repeated stay with
-- REST: every few seconds an answer that is an hour old would cost a warehouse and tell nothing.

local backend = require "tarn.backend"
local fault = require "base.fault"
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
  local which = opts.source or "rest"
  if opts.observe and which == "sql" then
    fault.usage("tarn dashboard", "events of SQL are an hour old: nothing can be told by them",
      "leave out --source sql")
  elseif which == "rest" or which == "auto" and (opts.observe or opts.seen) then
    return from_rest(ws, opts)
  end
  local most = which == "auto" and not opts.memory and (opts.many or M.MANY) or nil
  local data, e, tried = fault.try(backend.ask, ws, { which = which, warehouse = opts.warehouse,
    warn = once(opts.memory, opts.warn), rest = function() return from_rest(ws, opts, most) end,
    sql = function() return sql.read(ws, opts) end })
  if data then
    data.sources = tried -- and `e` is the name of the source
    return data
  elseif e.code ~= TOO_MANY then
    fault.raise(e)
  end
  return from_rest(ws, opts) -- however many there are
end

return M
