---@meta native.editor
--- The line editor of the prompt: keys, history, and printing above the edited line. Other tasks
-- run while the user types.
--
--     local line <close> = require("native.editor").open()
--     local event, text = line:read "name> "
--     if event == "line" then
--       line:remember(text)
--       line:print("hello " .. text)
--     end
--
-- Source: src/api/l_editor.c.
local editor = {}

---@class tarn.Editor to be closed, as a <close> variable
local line = {}

--- Open the editor of the terminal; only one may be open. A fault `io` if standard input or output
-- is not a terminal.
---@return tarn.Editor
function editor.open() end

--- Show a prompt and wait for one of these events:
--
-- - "line": Enter was pressed;
-- - "complete" (TAB) and "search" (Ctrl-R): the next `read` continues with the same line, which
--   `line:set` can change;
-- - "end": Ctrl-D on an empty line, or the terminal is gone;
-- - "interrupt": Ctrl-C, see `task.foreground`.
--
-- A fault `io` if the terminal cannot be read.
---@param prompt string \1 begins and ends what takes no columns, such as a colour
---@return "line"|"complete"|"search"|"end"|"interrupt" event
---@return string? text the line
---@return integer? cursor the bytes before the cursor
function line:read(prompt) end

--- Wait for a key, without a line to edit. Keys are read until `line:stop` or the next `line:read`.
-- A fault `io` if the terminal cannot be read.
---@return string? key its bytes; nil if the terminal is gone
function line:key() end

--- Replace the edited line.
---@param text string
---@param cursor? integer the bytes before the cursor; default: all
function line:set(text, cursor) end

--- Print a text above the edited line. A fault `io` if that fails.
---@param text string
function line:print(text) end

--- True while a task waits in `read` or `key`.
---@return boolean
function line:edits() end

--- Give the terminal back: it echoes again, and programs read whole lines from it.
function line:stop() end

--- Discard the typed or pasted bytes that have not been read.
---@return boolean discarded true if there were any
function line:discard() end

--- Add a line to the history for the keys Up and Down.
---@param text string
function line:remember(text) end

--- Sound the bell.
function line:beep() end

--- Restore the terminal. Closing twice is not an error.
function line:close() end

return editor
