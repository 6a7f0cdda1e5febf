--- REST or the SQL warehouse: which one answers, and why.
--
-- `rest` and `sql` are themselves and nothing else. `auto` is REST, whose answer is of now; it
-- is SQL first where REST would cost too much (the caller says why), and the other one where the
-- first refuses. `auto` asks a warehouse that runs, and never starts one: that costs money.

local fault = require "base.fault"
local json = require "native.json"
local time = require "base.time"

local M = {}

--- What --source may be, everywhere.
M.SOURCE_ARG = { "source", "choice", "Ask the API, the SQL warehouse, or what is best.",
  default = "auto", choices = { "auto", "rest", "sql" } }
M.WAREHOUSE_ARG = { "warehouse", "string", "Id of the warehouse for SQL.", optional = true,
  value = "ID" }

--- Refuse options that would be without effect.
---@param op string
---@param arg { source?: string, warehouse?: string }
function M.check(op, arg)
  if arg.source == "rest" and arg.warehouse then
    fault.usage(op, "--source rest asks no warehouse: leave out --warehouse")
  end
end

---@class tarn.Either
---@field which "auto"|"rest"|"sql"
---@field rest fun(): any
---@field sql fun(): any
---@field many? string why REST would cost too much
---@field warehouse? string
---@field warn fun(text: string)

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

-- No other source knows a pipeline that is not there, or credentials that are none.
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

local function reason_of(e)
  return (tostring(e.message):match "^[^\n]*")
end

-- The first refusal is the answer to what was asked; the others explain themselves in its hint.
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

--- Ask. What answered, its name, and what was tried: { source, answered, reason? } each.
---@param ws tarn.WorkspaceClient
---@param ask tarn.Either
---@return any answer, string source, table[] tried
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
    tried[#tried + 1] = { source = source[1], answered = false, reason = reason_of(e),
      kind = e.kind, code = e.code, status = e.status }
    first = first or e
    if order[i + 1] then
      ask.warn(("%s did not answer (%s); asking %s"):format(source[1], reason_of(e),
        order[i + 1][1]))
    end
  end
  refuse(tried, first)
end

--- How old what system tables say is, for a person.
---@param known integer ms; the newest moment that they tell of
---@param now? integer
---@return string
function M.age_text(known, now)
  return ("system tables tell of the time until %s, %s ago"):format(time.iso(known),
    time.age(math.max(0, (now or time.now()) - known)))
end

return M
