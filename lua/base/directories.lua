--- The folders for files that outlive one run: state and cache, after the XDG specification.

local fault = require "base.fault"
local fs = require "native.fs"

local M = {}

-- The XDG specification says to ignore a relative path in the variable.
local function find_base(variable, below_home)
  local base, home = os.getenv(variable), os.getenv "HOME"
  if base and base:sub(1, 1) == "/" then
    return base .. "/tarn"
  end
  return home and home:sub(1, 1) == "/" and home .. below_home .. "/tarn" or nil
end

--- The folder for state: $XDG_STATE_HOME/tarn, else ~/.local/state/tarn. Nil if neither variable
-- is set. The folder need not exist.
---@return string?
function M.find_dir()
  return find_base("XDG_STATE_HOME", "/.local/state")
end

--- The folder for files that may be deleted at any time: $XDG_CACHE_HOME/tarn, else
-- ~/.cache/tarn. Nil if neither variable is set. The folder need not exist.
---@return string?
function M.find_cache_dir()
  return find_base("XDG_CACHE_HOME", "/.cache")
end

--- The folder for state, created with mode 0700 if it is missing.
---@param op string the operation, for the fault
---@param what string what the caller wants to keep there, for the fault
---@return string
function M.dir(op, what)
  local dir = M.find_dir()
  local todo = "set XDG_STATE_HOME to a folder that you may write to"
  if not dir then
    fault.raise { kind = "io", op = op, hint = todo,
      message = ("there is no place for %s: neither XDG_STATE_HOME nor HOME is set"):format(what) }
  end
  local _, e = fault.try(fs.mkdir, dir, { parents = true, mode = 448 })
  if e then
    fault.raise { kind = "io", op = op, code = e.code, cause = e, hint = todo,
      message = ("there is no place for %s: %s"):format(what, e.message) }
  end
  return dir
end

return M
