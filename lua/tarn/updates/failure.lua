--- The causes of a failed update: the first one of each flow, without repetitions.
--
-- A failed flow appears in several events: in the flow's own, in the update's, and again for each
-- attempt, each time with a hundred lines of stack. A person needs the class and the message of the
-- innermost exception in the first of these events.

local events = require "tarn.events"
local json = require "native.json"
local strings = require "base.strings"

local M = {}

-- Errors of one update that are read, oldest first; later ones are consequences of these.
local MOST <const> = 1000

---@class tarn.Cause
---@field flow string|json.null the first flow with this cause; null: the update as a whole
---@field flows string[]  all flows with this cause
---@field class string|json.null of the exception
---@field message string  without lines of the stack
---@field timestamp string
---@field stack? string   all exceptions with all their lines, if asked for

local function without_stack(message)
  local at = message:find "\n%s*at [%w_$.]+[%w_$<>]*%("
  return ((at and message:sub(1, at - 1) or message):gsub("%s+$", ""))
end

-- The innermost exception that has a class or a message.
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

--- The exceptions of an event as text, outermost first, as Java writes them.
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

--- The cause in an event.
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

--- The first line of the cause in an event.
---@param event table
---@return string
function M.line(event)
  local _, message = M.cause(event)
  return strings.first_line(message)
end

--- True if an event has more about a failure than "Update 6fc8a8 is FAILED.".
---@param event table
---@return boolean
function M.has_cause(event)
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

--- The causes in events.
---@param next_event fun(): table? oldest first
---@param opts? { full?: boolean } full: with stacks
---@return tarn.Cause[]
function M.causes(next_event, opts)
  local list, by_text, flows = json.array {}, {}, {}
  for event in next_event do
    local flow = name_of(event)
    if M.has_cause(event) and not (flow and flows[flow]) then
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

--- The causes of an update's failure.
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

--- Show causes as lines of text.
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
