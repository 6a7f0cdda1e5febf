--- The identity of this process, and whether a process with a recorded identity still runs.

local fs = require "native.fs"
local process = require "native.process"
local task = require "native.task"

local M = {}

-- A process on another machine counts as alive for this long after its last write: nothing else
-- is known about it.
local QUIET_MS <const> = 15 * 60 * 1000

local function read_line(path)
  local text = fs.find_read(path)
  return text and text:match "^[^\n]*" or ""
end

-- The start time of a process, in clock ticks since boot. A process id alone does not identify a
-- process, since the kernel reuses ids. Nil if the process does not run.
local function start_time(pid)
  local ok, text = pcall(fs.find_read, ("/proc/%s/stat"):format(pid))
  local rest = ok and text and text:match "^.*%) (.*)$"
  if not rest or rest:find "^[ZX]" then
    return nil -- a zombie
  end
  local i = 0
  for word in rest:gmatch "%S+" do
    i = i + 1
    if i == 20 then
      return word
    end
  end
end

local me -- { machine, process, user }, made at the first use

--- The identity of this process, as the journal's operations record it.
---@return { machine: string, process: string, user?: string }
function M.me()
  if not me then
    local pid = process.pid()
    me = {
      machine = ("%s/%s"):format(read_line "/proc/sys/kernel/hostname",
        read_line "/proc/sys/kernel/random/boot_id"),
      process = ("%d/%s"):format(pid, start_time(pid) or ""),
      user = os.getenv "USER" or os.getenv "LOGNAME",
    }
  end
  return me
end

--- True if the process that wrote this row may still run.
---@param row { machine: string, process: string, seen: integer } `seen`: ms of its last write
---@return boolean
function M.is_alive(row)
  local mine = M.me()
  if row.machine == mine.machine then
    local pid, started = row.process:match "^(%d+)/(.*)$"
    return pid ~= nil and start_time(pid) == started
  elseif row.machine:match "^[^/]*" == mine.machine:match "^[^/]*" then
    return false -- the same machine before its last reboot
  end
  return task.time() - row.seen < QUIET_MS
end

return M
