---@meta native.json
--- Exact JSON: a value that is decoded and encoded again is the same value. Empty arrays and
-- objects, null, 64-bit integers and long numbers all survive. Scripts use it as `tarn.json`.
--
--     local json = require "native.json"
--     local value = json.decode '{"a": [], "n": 12345678901234567890, "x": null}'
--     print(value.x == json.null, #value.a, tostring(value.n))
--     print(json.encode({ list = json.array {}, object = {} }, { indent = 2 }))
--
-- Source: src/api/l_json.c.
local json = {}

--- The value of JSON's null, because nil cannot be a field of a table.
---@type lightuserdata
json.null = nil

--- Decode a JSON text. Raises a fault `parse` that names the position.
--
-- Objects become tables with string keys; of a repeated key the last value counts. Arrays become
-- sequences that are marked as arrays, so that an empty one stays []. Integers of up to 64 bits are
-- Lua integers. Other numbers are floats, if the shortest text of the float is the same number,
-- else a json.Number, which keeps the text. Strings may have bytes that are not UTF-8. The escape
-- of an unpaired surrogate becomes three bytes, which are encoded as the escape again.
---@param text string
---@param opts? { max_depth?: integer, max_bytes?: integer, nulls?: boolean } levels, default 512,
--- at most 10,000; bytes of the text, default 1 GiB; false: fields and elements that are null are
--- left out
---@return any
function json.decode(text, opts) end

--- Encode a value. Keys are sorted by their bytes, so that equal values have equal texts. A table
-- is an array if it is marked as one or has the keys 1 to n only (n > 0). Floats have a point or
-- an exponent (1.0), so that they stay floats. Raises an error that names the path of the value
-- for functions, mixed keys, arrays with holes, NaN, infinities, and more than 512 levels
-- (cycles).
---@param value any
---@param opts? { indent?: integer } blanks for each level; default: one line without blanks
---@return string
function json.encode(value, opts) end

--- Mark a table as an array, so that it is one even if it is empty.
---@param list? table default: a new table
---@return table list
function json.array(list) end

--- True for a table that is marked as an array, and for a non-empty sequence.
---@param value any
---@return boolean
function json.is_array(value) end

--- A number that keeps its text, because neither a 64-bit integer nor a float can hold it. tostring
-- gives the text; two numbers are equal if their texts are.
---@class json.Number

--- Make a number that keeps its text. An error if the text is not a number in JSON.
---@param text string
---@return json.Number
function json.number(text) end

return json
