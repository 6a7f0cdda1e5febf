--- The user's editor, which $VISUAL or $EDITOR names.

local commandline = require "engine.args.commandline"
local process = require "native.process"
local task = require "native.task"

local M = {}

local TIMEOUT <const> = 86400 -- seconds that the editor may stay open

local function find_editor()
  for _, name in ipairs { "VISUAL", "EDITOR" } do
    local value = os.getenv(name)
    if value and value:find "%S" then
      return commandline.split(value)
    end
  end
  return { "vi" }
end

--- Open a file in the editor and wait for its end. Ctrl-C is for the editor.
---@param path string
---@param after? tarn.Task the value for `task.foreground` afterwards
---@return string? failure "vi ended with status 1"; nil if the editor has succeeded
function M.open(path, after)
  local words = find_editor()
  words[#words + 1] = path
  local _ <close> = setmetatable({}, { __close = function() task.foreground(after or false) end })
  task.foreground(nil)
  local result = process.run(words, { inherit = true, timeout = TIMEOUT })
  if result.status ~= 0 then
    return ("%s ended with status %d"):format(words[1], result.status)
  end
end

return M
