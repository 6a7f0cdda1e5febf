--- Who writes the journal: this process; and whether another one is still there.

local fs = require "native.fs"
local process = require "native.process"
local task = require "native.task"

local M = {}

-- Of a process on another machine nothing is known but when it last wrote.
local QUIET_MS <const> = 15 * 60 * 1000

local function read_line(path)
  local text = fs.find_read(path)
  return text and text:match "^[^\n]*" or ""
end

-- The time a process began, in the kernel's ticks: a number of a process is given out again.
local function birth(pid)
  local ok, text = pcall(fs.find_read, ("/proc/%s/stat"):format(pid))
  local rest = ok and text and text:match "^.*%) (.*)$"
  if not rest or rest:find "^[ZX]" then
    return nil -- of one that was killed, and whose parent has not asked how it ended
  end
  local i = 0
  for word in rest:gmatch "%S+" do
    i = i + 1
    if i == 20 then
      return word
    end
  end
end

local me -- { machine, process, user }, the same for a whole run

--- This process, as operations name it.
---@return { machine: string, process: string, user?: string }
function M.me()
  if not me then
    local pid = process.pid()
    me = {
      machine = ("%s/%s"):format(read_line "/proc/sys/kernel/hostname",
        read_line "/proc/sys/kernel/random/boot_id"),
      process = ("%d/%s"):format(pid, birth(pid) or ""),
      user = os.getenv "USER" or os.getenv "LOGNAME",
    }
  end
  return me
end

--- True if the process that wrote this operation may still be at it.
---@param row { machine: string, process: string, seen: integer }
---@return boolean
function M.is_alive(row)
  local mine = M.me()
  if row.machine == mine.machine then
    local pid, born = row.process:match "^(%d+)/(.*)$"
    return pid ~= nil and birth(pid) == born
  elseif row.machine:match "^[^/]*" == mine.machine:match "^[^/]*" then
    return false -- this machine, before it was started again
  end
  return task.time() - row.seen < QUIET_MS
end

return M
