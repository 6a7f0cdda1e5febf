--- What tasks print while somebody types goes above the line that is being typed.

local term = require "native.term"

local M = {}

-- Streams that end up on the screen that the line is on.
local function find_streams()
  local streams = {}
  for name, stream in pairs { out = io.stdout, err = io.stderr } do
    streams[stream] = term.is_tty(name) or nil
  end
  return streams
end

--- Until the returned value is closed, `write` of the standard streams does so.
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
