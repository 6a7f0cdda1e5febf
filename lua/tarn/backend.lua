--- Choose the source that answers a question: the REST API or SQL.
--
--     local backend = require "tarn.backend"
--     local answer, source = backend.ask(ws, { which = "auto", warn = print,
--       rest = function() return require("tarn.pipelines").rows(ws) end,
--       sql = function() return ws:sql "SELECT name FROM system.lakeflow.pipelines" end })
--     for row in answer do print(source, row.name) end
--
-- The sources `rest` and `sql` are used alone. With `auto`, REST is asked first since its answer is
-- current, and SQL if REST refuses; where REST would need too many calls (the caller says why), SQL
-- is asked first. `auto` never starts a stopped warehouse, because that costs money.

local fault = require "base.fault"
local json = require "native.json"
local strings = require "base.strings"
local time = require "base.time"

local M = {}

--- The argument --source of every command that has one.
M.SOURCE_ARG = { "source", "choice", "Ask the API, the SQL warehouse, or what is best.",
  default = "auto", choices = { "auto", "rest", "sql" } }

--- The argument --warehouse of every command that has one.
M.WAREHOUSE_ARG = { "warehouse", "string", "Id of the warehouse for SQL.", optional = true,
  value = "ID" }

--- Raise a fault of kind `usage` for options that would have no effect.
---@param op string
---@param arg { source?: string, warehouse?: string }
function M.check(op, arg)
  if arg.source == "rest" and arg.warehouse then
    fault.usage(op, "--source rest asks no warehouse: leave out --warehouse")
  end
end

---@class tarn.BackendRequest
---@field which "auto"|"rest"|"sql" the chosen source
---@field rest fun(): any asks the API
---@field sql fun(): any asks the warehouse
---@field many? string why REST would need too many calls
---@field warehouse? string id; default: the one that tarn.sql chooses
---@field warn fun(text: string) is told which source did not answer

local function check_running(ws, warehouse)
  local warehouses = require("tarn.sql").warehouses
  local id = warehouse or warehouses.chosen(ws)
  local state = (ws:request("GET", "/api/2.0/sql/warehouses/" .. id) or {}).state
  if state ~= "RUNNING" then
    fault.raise { kind = "sql", op = "sql", code = "WAREHOUSE_NOT_RUNNING", retryable = false,
      message = ("the warehouse %s is %s, and auto does not start one"):format(id,
        tostring(state)), hint = "--source sql starts it" }
  end
end

-- Faults after which the other source is not asked: it would not help against a pipeline that does
-- not exist, or wrong credentials.
local function is_final(e)
  return e.kind == "cancelled" or e.kind == "usage" or e.status == 404 or e.status == 401
end

local function order_of(ws, ask)
  local rest = { "rest", ask.rest }
  local sql = { "sql", ask.sql }
  if ask.which == "rest" then
    return { rest }
  elseif ask.which == "sql" then
    return { sql }
  end
  sql[2] = function()
    check_running(ws, ask.warehouse)
    return ask.sql()
  end
  return ask.many and { sql, rest } or { rest, sql }
end

-- Raise the fault of the first source; its hint says why the second one did not answer.
local function refuse(tried, first)
  if #tried > 1 then
    local fields = { hint = ("%s did not answer either: %s"):format(tried[2].source,
      tried[2].reason) }
    for _, name in ipairs { "kind", "op", "message", "status", "code", "request_id",
      "retryable" } do
      fields[name] = first[name]
    end
    fields.cause = first
    fault.raise(fields)
  end
  fault.raise(first)
end

--- Ask the source that was chosen, or both in order. Raises the fault of the first one if none
-- answers.
---@param ws tarn.WorkspaceClient
---@param ask tarn.BackendRequest
---@return any answer
---@return "rest"|"sql" source the one that answered
---@return table[] tried each { source, answered, reason?, kind?, code?, status? }
function M.ask(ws, ask)
  local tried, first = json.array {}, nil
  if ask.which == "auto" and ask.many then
    ask.warn("SQL first: " .. ask.many)
  end
  local order = order_of(ws, ask)
  for i, source in ipairs(order) do
    local answer, e = fault.try(source[2])
    if answer ~= nil then
      tried[#tried + 1] = { source = source[1], answered = true,
        reason = source[1] == "sql" and ask.many or nil }
      return answer, source[1], tried
    elseif is_final(e) and (source[1] == "rest" or e.kind == "cancelled" or #order == 1) then
      fault.raise(e)
    end
    local reason = strings.first_line(e.message)
    tried[#tried + 1] = { source = source[1], answered = false, reason = reason, kind = e.kind,
      code = e.code, status = e.status }
    first = first or e
    if order[i + 1] then
      ask.warn(("%s did not answer (%s); asking %s"):format(source[1], reason, order[i + 1][1]))
    end
  end
  refuse(tried, first)
end

--- A sentence that says how old the data of system tables are.
---@param known integer ms, the newest time in the data
---@param now? integer ms
---@return string
function M.age_text(known, now)
  return ("system tables have data until %s, %s ago"):format(time.iso(known),
    time.age(math.max(0, (now or time.now()) - known)))
end

return M
