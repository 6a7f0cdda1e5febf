--- The dashboard of one workspace, from the REST API or from SQL.
--
-- `auto` asks REST, whose answer is current. The API does not say how many pipelines there are: if
-- the list is longer than MANY, which would need dozens of calls, SQL is asked instead. A watch
-- stays with REST, since polling system tables, which are an hour late, would only cost money.

local backend = require "tarn.backend"
local fault = require "base.fault"
local rest = require "tarn.dashboard.rest"
local sql = require "tarn.dashboard.sql"

local M = {}

--- The most pipelines that `auto` lists over REST: twenty calls.
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

-- A watch prints each warning once.
local function warn_once(memory, warn)
  if not memory or not warn then
    return warn or function() end
  end
  memory.warned = memory.warned or {}
  return function(text)
    if not memory.warned[text] then
      memory.warned[text] = true
      warn(text)
    end
  end
end

---@class tarn.SourcedOptions: tarn.DashboardOptions
---@field source? "rest"|"sql"|"auto" default "rest"
---@field warehouse? string
---@field warn? fun(text: string)
---@field many? integer replaces MANY in tests

--- Read the health of every pipeline. `source` of the answer is the source that answered,
-- `sources` says why.
---@param ws tarn.WorkspaceClient
---@param opts? tarn.SourcedOptions
---@return table { summary, pipelines, recent_events, as_of, problems, source, sources? }
function M.read(ws, opts)
  opts = opts or {}
  local which = opts.source or "rest"
  if opts.observe and which == "sql" then
    fault.usage("tarn dashboard", "--notify does not work with --source sql, whose events are an "
      .. "hour late", "leave out --source sql")
  elseif which == "rest" or which == "auto" and (opts.observe or opts.seen) then
    return from_rest(ws, opts)
  end
  local most = which == "auto" and not opts.memory and (opts.many or M.MANY) or nil
  local data, e, tried = fault.try(backend.ask, ws, { which = which, warehouse = opts.warehouse,
    warn = warn_once(opts.memory, opts.warn),
    rest = function() return from_rest(ws, opts, most) end,
    sql = function() return sql.read(ws, opts) end })
  if data then
    data.sources = tried
    return data
  elseif e.code ~= TOO_MANY then
    fault.raise(e)
  end
  return from_rest(ws, opts) -- SQL did not answer: list all pipelines over REST
end

return M
