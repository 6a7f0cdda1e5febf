---@meta native.json
--- JSON; a value that is decoded and encoded again is the same value.
--
--     local json = require "native.json"
--     local value = json.decode '{"a": [], "n": 12345678901234567890, "x": null}'
--     print(value.x == json.null, #value.a, tostring(value.n))
--     print(json.encode({ list = json.array {}, object = {} }, { indent = 2 }))
local json = {}

--- The value of JSON's `null`, which a Lua table cannot hold as nil.
---@type lightuserdata
json.null = nil

--- Decode one JSON text (UTF-8 bytes, at most `max_bytes`, nested at most `max_depth`).
-- Objects become tables with string keys; arrays become sequences marked as arrays, so that
-- an empty one stays `[]`; null becomes `json.null`; integers that fit 64 bits are Lua
-- integers; numbers with a point or an exponent are floats if the shortest text of the float
-- is the same number; all others are a `json.Number` that keeps its text. Of a key that
-- occurs twice the last wins. Bytes in strings that are no UTF-8 stay as they are; the escape
-- of half a surrogate pair becomes its three bytes, and is an escape again when encoded.
-- Raises a fault of kind `parse` with the position.
---@param text string
---@param opts? { max_depth?: integer, max_bytes?: integer } defaults: 512 levels (at most 10,000), 1 GiB
---@return any
function json.decode(text, opts) end

--- Encode a value. Keys are sorted by their bytes, so the same value is always the same
-- text. A table is an array if marked, or if it has keys 1..n and no other (n > 0).
-- Strings may hold any bytes. Floats keep a point or an exponent (`1.0`), so that they come
-- back as floats. Raises a string error, with the path of the value, for what JSON cannot
-- say: functions, mixed keys, arrays with holes, NaN and infinities, depth over 512 (cycles).
---@param value any
---@param opts? { indent?: integer } spaces per level; nil writes one line without blanks
---@return string
function json.encode(value, opts) end

--- Mark a table (by default a new one) as an array, so that it stays one when empty.
---@param list? table
---@return table
function json.array(list) end

--- True if the table is marked as an array or is a non-empty sequence.
---@param value any
---@return boolean
function json.is_array(value) end

--- A number kept as its text, for those that neither 64-bit integers nor doubles hold.
-- `tostring` gives the text; two are equal if their texts are.
---@class json.Number

--- Make one from a text that is a number in JSON; it is encoded as it is.
---@param text string
---@return json.Number
function json.number(text) end

return json
