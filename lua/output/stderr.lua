--- Standard error: notes and errors for a person.
--
-- What stands on the screen already comes first: the bar of the progress is erased, and the text
-- that was written to standard output before is shown before the note.

local progress = require "output.progress"

local M = {}

--- Write a text.
---@param text string
function M.write(text)
  progress.clear()
  io.stdout:flush() -- a failure is noticed by the next write to standard output
  io.stderr:write(text)
end

return M
