--- Why an update failed: the first cause of each flow, each said once.
--
-- A failed flow is told several times: by the flow, by the update, and again for each attempt,
-- every time with a hundred lines of stack. What a person needs is the innermost exception of
-- the first of them, its class and its message.

local events = require "tarn.events"
local json = require "native.json"

local M = {}

-- Errors of one update that are looked at, oldest first; what comes later are consequences.
local MOST <const> = 1000

---@class tarn.Cause
---@field flow string|json.null the first flow that failed so; null: the update as a whole
---@field flows string[]  all flows that failed so
---@field class string|json.null
---@field message string  without lines of stack
---@field timestamp string
---@field stack? string   all exceptions with all their lines, where it was asked for

-- A message that carries its own stack loses it.
local function without_stack(message)
  local at = message:find "\n%s*at [%w_$.]+[%w_$<>]*%("
  return ((at and message:sub(1, at - 1) or message):gsub("%s+$", ""))
end

-- The innermost exception that says something.
local function innermost(exceptions)
  for i = #exceptions, 1, -1 do
    local one = exceptions[i]
    if (one.message or "") ~= "" or (one.class_name or "") ~= "" then
      return one
    end
  end
end

local function exceptions_of(event)
  local error_ = type(event.error) == "table" and event.error or {}
  return type(error_.exceptions) == "table" and error_.exceptions or {}
end

--- The text of all exceptions of an event as Java writes it, the outermost first.
---@param event table
---@return string?
function M.stack(event)
  local lines = {}
  for i, one in ipairs(exceptions_of(event)) do
    lines[#lines + 1] = ("%s%s: %s"):format(i > 1 and "Caused by: " or "",
      one.class_name or "error", one.message or "")
    for _, frame in ipairs(type(one.stack) == "table" and one.stack or {}) do
      lines[#lines + 1] = ("    at %s.%s(%s:%s)"):format(frame.declaring_class or "?",
        frame.method_name or "?", frame.file_name or "?", tostring(frame.line_number or "?"))
    end
  end
  return #lines > 0 and table.concat(lines, "\n") or nil
end

--- The cause that an event tells: class, if there is one, and message.
---@param event table
---@return string? class
---@return string message
function M.cause(event)
  local one = innermost(exceptions_of(event))
  local message = one and one.message or ""
  if message == "" then
    message = event.message or ""
  end
  return one and one.class_name, without_stack(message)
end

--- The cause that an event tells, in a line.
---@param event table
---@return string
function M.line(event)
  local _, message = M.cause(event)
  return (message:match "^[^\n]*")
end

--- True if an event says more of a failure than the state does, as "Update 6fc8a8 is FAILED."
-- alone does not.
---@param event table
---@return boolean
function M.says_something(event)
  return #exceptions_of(event) > 0 or event.event_type ~= "update_progress"
end

local function name_of(event)
  local origin = event.origin or {}
  local name = origin.flow_name or origin.dataset_name
  return type(name) == "string" and name or nil
end

local function new_cause(event, class, message, opts)
  local flow = name_of(event)
  return { flow = flow or json.null, flows = json.array { flow }, class = class or json.null,
    message = message, timestamp = event.timestamp, stack = opts.full and M.stack(event) or nil }
end

--- The causes among events that come oldest first.
---@param next_event fun(): table?
---@param opts? { full?: boolean }
---@return tarn.Cause[]
function M.causes(next_event, opts)
  local list, by_text, flows = json.array {}, {}, {}
  for event in next_event do
    local flow = name_of(event)
    if M.says_something(event) and not (flow and flows[flow]) then
      local class, message = M.cause(event)
      local text = (class or "") .. "\0" .. message
      local known = by_text[text]
      if known and flow then
        known.flows[#known.flows + 1] = flow
      elseif not known then
        known = new_cause(event, class, message, opts or {})
        by_text[text] = known
        list[#list + 1] = known
      end
      flows[flow or ""] = true
    end
  end
  return list
end

--- Why this update failed.
---@param ws tarn.WorkspaceClient
---@param id string
---@param update_id string
---@param opts? { full?: boolean } full: with stacks
---@return tarn.Cause[]
function M.read(ws, id, update_id, opts)
  local criteria = events.criteria("failure.read", { level = "ERROR", update = update_id })
  return M.causes(events.list(ws, id,
    { criteria = criteria, order_by = "timestamp asc", max = MOST }), opts)
end

--- The causes as lines of text, for a person.
---@param causes tarn.Cause[]
---@param screen tarn.Screen
function M.show(causes, screen)
  for _, cause in ipairs(causes) do
    local where = #cause.flows > 0 and "flow " .. table.concat(cause.flows, ", ") or "the update"
    local class = cause.class ~= json.null and ": " .. cause.class or ""
    screen:line(screen:style("red", screen:clean(where .. class)))
    local text = cause.stack or cause.message
    for line in (screen:clean(text, true) .. "\n"):gmatch "(.-)\n" do
      screen:line("  ", line)
    end
  end
end

return M
