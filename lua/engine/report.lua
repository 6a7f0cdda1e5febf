--- Reports faults to the user, as text or JSON, and maps them to exit statuses.

local fault = require "base.fault"
local place = require "engine.mistake"

local M = {}

--- The exit statuses by name. engine.errors has their descriptions.
---@type table<string, integer>
M.statuses = {
  done = 0, failed = 1, usage = 2, not_found = 3, auth = 4, conflict = 5, timeout = 6,
  update_failed = 7, update_cancelled = 8, gate = 9, unknown = 10, bug = 70, interrupted = 130,
}

-- Databricks' error codes are more specific than the HTTP statuses that come with them.
local BY_CODE <const> = {
  RESOURCE_DOES_NOT_EXIST = "not_found", NOT_FOUND = "not_found",
  ENDPOINT_NOT_FOUND = "not_found", DIRECTORY_DOES_NOT_EXIST = "not_found",
  RESOURCE_ALREADY_EXISTS = "conflict", ALREADY_EXISTS = "conflict",
  RESOURCE_CONFLICT = "conflict", ABORTED = "conflict",
  DEADLINE_EXCEEDED = "timeout",
  PERMISSION_DENIED = "auth", UNAUTHENTICATED = "auth",
  UPDATE_FAILED = "update_failed", UPDATE_CANCELED = "update_cancelled", GATE = "gate",
}

local BY_KIND <const> = {
  usage = "usage", auth = "auth", conflict = "conflict", timeout = "timeout", bug = "bug",
  cancelled = "interrupted",
}

local BY_STATUS <const> = { [401] = "auth", [403] = "auth", [404] = "not_found",
  [409] = "conflict", [504] = "timeout" }

--- True for a mistake in a script of the user's. A bug of Tarn's own comes from no such script.
---@param f tarn.Fault
---@return boolean
function M.is_mistake(f)
  return f.kind == "bug" and fault.frames(f) ~= nil
end

--- The name of a fault's exit status: "auth", "not_found", ...; see `statuses`.
---@param f tarn.Fault
---@return string
function M.status_name(f)
  if f.ambiguous then
    return "unknown" -- neither done nor not done: the user must look before another try
  elseif M.is_mistake(f) then
    return "failed"
  elseif f.kind == "bug" or f.kind == "cancelled" then
    return BY_KIND[f.kind]
  end
  return BY_CODE[f.code] or BY_KIND[f.kind] or BY_STATUS[f.status] or "failed"
end

--- The exit status for a fault.
---@param f tarn.Fault
---@return integer
function M.status(f)
  return M.statuses[M.status_name(f)]
end

--- The fields of a fault for JSON output and for clients of the server.
---@param f tarn.Fault
---@return table
function M.fields(f)
  local fields = { kind = f.kind, op = f.op, message = f.message, status = f.status, code = f.code,
    request_id = f.request_id, hint = f.hint, retryable = f.retryable or nil,
    ambiguous = f.ambiguous, traceback = f.traceback }
  if M.is_mistake(f) then
    local mistake = place.find(tostring(f.message), fault.frames(f))
    fields.kind, fields.op = "script", "script"
    fields.message, fields.hint, fields.traceback = mistake.message, mistake.hint, nil
    fields.file, fields.line = mistake.frame.source:gsub("^[@=]", ""), mistake.frame.line
  end
  if fault.is(f.cause) then
    fields.cause = M.fields(f.cause)
  end
  return fields
end

local OURS <const> = "hint: this is a bug in tarn; please report it with the lines above. If it is "
  .. "gone with --bundled, an override causes it"

-- The traceback without the frames of the engine, which are the same for every bug.
local function shorten(traceback)
  local first = traceback:find "\n\t[^\n]*\n"
  local machinery = first and traceback:find("\n\tbundle/lua/engine/command.lua", first + 1, true)
  return machinery and traceback:sub(1, machinery - 1) or traceback
end

local function details(lines, f)
  for _, name in ipairs { "op", "status", "code", "request_id" } do
    if f[name] then
      lines[#lines + 1] = ("  %s: %s"):format(name, tostring(f[name]))
    end
  end
  local cause = f.cause
  while fault.is(cause) do
    lines[#lines + 1] = "  caused by: " .. tostring(cause)
    cause = cause.cause
  end
end

-- A mistake in a script of the user's: its file and line, the line itself, and what to write. The
-- frames of Tarn's own are for `verbose`.
local function mistake_text(f, verbose)
  local text = "tarn: " .. place.text(place.find(tostring(f.message), fault.frames(f)))
  return text .. (verbose and f.traceback and "\n" .. f.traceback or "") .. "\n"
end

-- The line of a script of the user's from which a fault comes; nil without such a script.
local function place_of(f)
  local frame = (fault.frames(f) or {})[1]
  local line = frame and place.line(frame)
  return line and ("  %s:%d: %s"):format(frame.name, frame.line, line:match "^%s*(.-)%s*$") or nil
end

--- The text of a fault for a person.
---@param f tarn.Fault
---@param verbose? boolean with operation, status, code, request id and causes
---@return string
function M.text(f, verbose)
  local lines = { "tarn: " .. tostring(f.message) }
  if M.is_mistake(f) or f.kind == "parse" and f.op == "find" and fault.frames(f) then
    return mistake_text(f, verbose)
  elseif f.kind == "bug" then
    lines[1] = "tarn: " .. (f.traceback and shorten(f.traceback) or tostring(f.message))
    lines[2] = OURS
    return table.concat(lines, "\n") .. "\n"
  end
  lines[2] = place_of(f)
  if verbose then
    details(lines, f)
  end
  if f.hint then
    lines[#lines + 1] = "hint: " .. f.hint
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Print a fault on stderr: as text, or as one JSON object if the output is JSON.
---@param f tarn.Fault
---@param opts { output?: string, verbose?: integer }
function M.print(f, opts)
  local text
  if require("output.formats").of(opts).json then
    text = require("native.json").encode(M.fields(f)) .. "\n"
  else
    text = require("output.screen").clean(M.text(f, (opts.verbose or 0) > 0), true)
  end
  require("output.stderr").write(text)
end

return M
