---@meta native.term
--- The terminal and the standard streams.
--
--     local term = require "native.term"
--     local columns = term.size() or 80
--     term.write("out", ("-"):rep(columns) .. "\n")
--     if term.is_tty "in" then
--       print(term.read_line "Continue? ")
--     end
local term = {}

---@alias tarn.Stream "in"|"out"|"err"

--- True if the stream is a terminal.
---@param stream tarn.Stream
---@return boolean
function term.is_tty(stream) end

--- Columns and rows of the terminal; nil if none of the streams is one.
---@return integer? columns, integer? rows
function term.size() end

--- Write all bytes at once. A closed pipe or a full disk is a fault of kind `io`
-- (code "EPIPE", "ENOSPC", ...).
---@param stream "out"|"err"
---@param bytes string
function term.write(stream, bytes) end

--- Columns that UTF-8 text takes on a terminal (wide and combining characters counted as
-- the C library does; control characters count 0, bytes that are no UTF-8 count 1 each).
---@param text string
---@return integer
function term.width(text) end

--- The text as it may be shown to a person: control characters (C0, DEL, C1) and the line
-- separators of Unicode are blanks, a tab is four; controls of the writing direction and bytes
-- that are no UTF-8 are U+FFFD. With `lines`, line ends stay.
---@param text string
---@param lines? boolean
---@return string
function term.clean(text, lines) end

--- A line from standard input without its end, or nil at end of file; other tasks run
-- meanwhile. With `hidden` the terminal does not echo it; however the wait ends, the echo is
-- on again. Nothing behind the line is read.
---@param prompt? string written to stderr
---@param opts? { hidden?: boolean }
---@return string?
function term.read_line(prompt, opts) end

return term
