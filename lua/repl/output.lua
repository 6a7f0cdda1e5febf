--- Prints the output of tasks above the line that the user is editing.

local term = require "native.term"

local M = {}

-- The standard streams that are the terminal.
local function find_streams()
  local streams = {}
  for name, stream in pairs { out = io.stdout, err = io.stderr } do
    streams[stream] = term.is_tty(name) or nil
  end
  return streams
end

--- Make `io.write` and the like print above the edited line, until the returned value is closed.
---@param editor tarn.Editor
---@return table closing
function M.install(editor)
  local methods = getmetatable(io.stdout).__index
  local write, streams = methods.write, find_streams()
  function methods.write(file, ...)
    if not streams[file] or not editor:edits() then
      return write(file, ...)
    end
    editor:print(table.concat { ... })
    return file
  end
  local function restore()
    methods.write = write
  end
  return setmetatable({}, { __close = restore })
end

return M
