---@meta native.yaml
--- YAML files that other tools read, such as bundles. The values are those of native.json: arrays
-- are marked, null is json.null, numbers are exact.
--
--     local yaml = require "native.yaml"
--     print(yaml.encode({ name = "orders", tags = { "a", "b" } }, { first = { "name" } }))
--     print(yaml.decode("retries: 3\nnode: no\n").node)
--
-- Source: src/api/l_yaml.c.
local yaml = {}

--- Encode a value as one YAML document that every reader understands in the same way, readers of
-- YAML 1.1 too. A string that could be another value ("yes", "012", "1e3", "a: b") is quoted.
-- Raises an error that names the path of the value for functions, mixed keys and cycles; a fault
-- `parse` for a string that is not UTF-8.
---@param value any
---@param opts? { first?: string[], quoted?: string[] } first: keys that come first, in this order,
--- before all others by their bytes; quoted: keys below which all strings and keys are quoted
---@return string
function yaml.encode(value, opts) end

--- Decode one YAML document, by the core schema of YAML 1.2: `no` is a string, an empty text is
-- null. Files of strangers are safe to decode. A fault `parse` names the position of an error, and
-- of what is not supported: other tags, keys that are not strings or are repeated, merge keys, a
-- second document, more than 512 levels, more than 1,000,000 values (each alias counts as its
-- values). All aliases of an anchor are the same table.
---@param text string
---@return any
function yaml.decode(text) end

return yaml
