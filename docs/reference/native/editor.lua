---@meta native.editor
--- Edit a line at the terminal: keys, history, output above the line.
--
--     local line <close> = require("native.editor").open()
--     local event, text = line:read "name> "
--     if event == "line" then
--       line:remember(text)
--       line:print("hello " .. text)
--     end
--
-- Other tasks run while a person types.
local editor = {}

---@class tarn.Editor
local line = {}

--- The editor of this terminal. There is one at a time. A fault `io` where standard input and
-- output are not a terminal.
---@return tarn.Editor
function editor.open() end

--- Show the prompt and wait for what the person does:
--
-- - "line": the line, ended by Enter;
-- - "complete" (TAB), "search" (Ctrl-R): the line so far. It stays as it is, `line:set` changes
--   it, and the next `read` goes on with it;
-- - "end": Ctrl-D on an empty line, or the terminal has gone;
-- - "interrupt": Ctrl-C, see `task.foreground`.
--
-- `cursor` is the number of bytes before the cursor. `\1` in the prompt begins and ends what
-- takes no room on the screen, such as a colour.
---@param prompt string
---@return "line"|"complete"|"search"|"end"|"interrupt" event
---@return string? text
---@return integer? cursor
function line:read(prompt) end

--- The bytes of one key, without an edited line; nil if the terminal has gone. The terminal
-- gives keys until `line:stop` or the next `line:read`.
---@return string?
function line:key() end

--- Change the line that is edited.
---@param text string
---@param cursor? integer bytes before the cursor; default: all
function line:set(text, cursor) end

--- Print above the line that is edited.
---@param text string
function line:print(text) end

--- True while a task waits in `read` or `key`.
---@return boolean
function line:edits() end

--- Give the terminal back: it echoes again, and gives lines.
function line:stop() end

--- Forget what has been typed or pasted and was not read yet. True if there was something.
---@return boolean
function line:discard() end

--- A line for the keys that go back through earlier ones.
---@param text string
function line:remember(text) end

--- The sound of a key that has no effect.
function line:beep() end

--- The terminal as it was. Also at the end of a `<close>` variable.
function line:close() end

return editor
