---@meta native.term
--- The terminal and the standard streams.
--
--     local term = require "native.term"
--     local columns = term.size() or 80
--     term.write("out", ("-"):rep(columns) .. "\n")
--     if term.is_tty "in" then
--       print(term.read_line "Continue? ")
--     end
--
-- Source: src/api/l_term.c.
local term = {}

---@alias tarn.Stream "in"|"out"|"err"

--- True if a stream is a terminal.
---@param stream tarn.Stream
---@return boolean
function term.is_tty(stream) end

--- The size of the terminal.
---@return integer? columns nil if no stream is a terminal
---@return integer? rows
function term.size() end

--- Write bytes to a stream, all of them. A fault `io` if that fails: its code is "EPIPE" for a
-- closed pipe, "ENOSPC" for a full disk.
---@param stream "out"|"err"
---@param bytes string
function term.write(stream, bytes) end

--- The columns that a text takes on a terminal. The C library decides about wide and combining
-- characters. A control character counts 0, a byte that is not UTF-8 counts 1.
---@param text string UTF-8
---@return integer columns
function term.width(text) end

--- The text without characters that control a terminal, for showing it to a person. Control
-- characters (C0, DEL, C1) and the line separators of Unicode become blanks, a tab four of them.
-- Controls of the writing direction and bytes that are not UTF-8 become U+FFFD.
---@param text string
---@param lines? boolean true: line ends stay
---@return string
function term.clean(text, lines) end

--- Wait for a line of standard input; other tasks run meanwhile. Bytes after the line are not read.
-- With `secret`, the line becomes a credential, and no string. A fault `io` if reading fails,
-- `auth` if a secret is no token.
---@param prompt? string printed on stderr
---@param opts? { hidden?: boolean, secret?: boolean } either: the terminal does not echo the line
---@return string|tarn.Credential|nil line without its line end; nil at the end of the input
function term.read_line(prompt, opts) end

return term
