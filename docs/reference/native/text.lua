---@meta native.text
--- Upper and lower case of texts in UTF-8, by Unicode's rules.
--
--     local text = require "native.text"
--     print(text.lower "ÜBERSICHT", text.upper "straße")
--
-- Bytes that are no UTF-8 stay as they are. Where the system has no locale for UTF-8, only letters
-- of ASCII change.
--
-- Source: src/api/l_text.c. A wrong argument is an error; no function raises a fault.
local text = {}

--- The text in lower case, as Java and Spark write it whatever the language: a capital I with a dot
-- becomes i and a combining dot, and a sigma at the end of a word is a final one.
---@param value string
---@return string
function text.lower(value) end

--- The text in upper case: a sharp s becomes SS.
---@param value string
---@return string
function text.upper(value) end

--- The text in Unicode's composed form (NFC), with every blank as a space: texts that look the same
-- have one form, whether an accent is a sign of its own or not.
---@param value string
---@return string
function text.composed(value) end

return text
