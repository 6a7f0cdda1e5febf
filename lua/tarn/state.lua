--- Where what outlives one run is kept: $XDG_STATE_HOME/tarn, else ~/.local/state/tarn.

local fault = require "tarn.fault"
local fs = require "native.fs"

local M = {}

--- The folder of state, or nil where there is neither a home nor a setting. It need not exist.
-- A relative XDG_STATE_HOME counts as none, as its specification says.
---@return string?
function M.find_dir()
  local base = os.getenv "XDG_STATE_HOME"
  if not base or base:sub(1, 1) ~= "/" then
    local home = os.getenv "HOME"
    base = home and home:sub(1, 1) == "/" and home .. "/.local/state" or nil
  end
  return base and base .. "/tarn"
end

--- The folder of state, made if it is missing: only its owner may look into it.
---@param op string who asks, for the fault
---@param what string what would be kept there, for the fault
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
