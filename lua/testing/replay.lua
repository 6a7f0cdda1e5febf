--- A workspace that gives the answers which `tarn --record FILE` has recorded from another one.
--
--     local ws <close> = testing.replay "stale.jsonl"
--     local rows = testing.command("list", {}, ws)
--
-- Answers to the same request come in their recorded order; the last one is repeated. A request
-- that was not recorded is refused, and fails the test at the end of the block even if the refusal
-- does not. A secret that was hidden in a request, "***", stands for any text.

local fake = require "testing.fake"
local fs = require "native.fs"
local json = require "native.json"

local M = {}

-- ---- is it the same request? ----

local function same_text(recorded, now)
  if not recorded:find("***", 1, true) then
    return recorded == now
  end
  local pattern = recorded:gsub("%W", "%%%0"):gsub("%%%*%%%*%%%*", ".*")
  return now:find("^" .. pattern .. "$") ~= nil
end

local function same(recorded, now)
  if type(recorded) == "string" and type(now) == "string" then
    return same_text(recorded, now)
  elseif type(recorded) ~= "table" or type(now) ~= "table" then
    return recorded == now
  end
  for key, value in pairs(recorded) do
    if not same(value, now[key]) then
      return false
    end
  end
  for key in pairs(now) do
    if recorded[key] == nil then
      return false
    end
  end
  return true
end

local function same_body(recorded, now)
  local ok, a = pcall(json.decode, recorded)
  local decoded, b = pcall(json.decode, now)
  if ok and decoded then
    return same(a, b)
  end
  return same_text(recorded, now)
end

-- ---- the tape ----

local function read(path)
  local tape = {}
  for line in fs.read(path):gmatch "[^\n]+" do
    local entry = json.decode(line)
    if type(entry) ~= "table" or not entry.method or not entry.path or not entry.status then
      error(path .. " is not a record of requests", 0)
    end
    tape[#tape + 1] = entry
  end
  return tape
end

-- The next answer to a request: the first that was not given yet, otherwise the last one.
local function find(tape, request)
  local query = (request.query or "") ~= "" and "?" .. request.query or ""
  local given
  for _, entry in ipairs(tape) do
    if entry.method == request.method and same_text(entry.path, request.path .. query)
      and same_body(entry.request, request.body or "") then
      if not entry.given then
        return entry
      end
      given = entry
    end
  end
  return given
end

--- A client of the recorded workspace.
---@param path string
---@return tarn.WorkspaceClient ws `ws.missing` lists requests that were not recorded
function M.workspace(path)
  local tape, missing = read(path), {}
  local ws = fake.workspace(function(request)
    local entry = find(tape, request)
    if not entry then
      missing[#missing + 1] = request.method .. " " .. request.path
      return fake.refusal(404, "NOT_RECORDED", ("not recorded: %s %s"):format(request.method,
        request.path))
    end
    entry.given = true
    return fake.reply { status = entry.status, body = entry.body,
      headers = { ["Content-Type"] = entry.type ~= "" and entry.type or nil } }
  end)
  ws.missing = missing
  local mt = getmetatable(ws)
  local close = mt.__close
  function mt.__close(self, e)
    close(self)
    if e == nil and missing[1] then
      error({ assertion = "not recorded: " .. table.concat(missing, ", ") }, 0)
    end
  end
  return ws
end

return M
