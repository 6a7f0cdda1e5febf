---@meta native.yaml
--- YAML for files that people and other tools read.
--
--     local yaml = require "native.yaml"
--     print(yaml.encode({ name = "orders", tags = { "a", "b" } }, { first = { "name" } }))
--     print(yaml.decode("retries: 3\nnode: no\n").node)
--
-- The values are those of native.json: arrays are marked, null is `json.null`, numbers are exact.
local yaml = {}

--- Write a value as one document of YAML that every reader takes for the same value, those
-- of YAML 1.1 too. A string that could be anything else ("yes", "012", "1e3", "a: b") is
-- quoted. Keys are sorted by their bytes behind those of `first`. Under the keys in `quoted`
-- all strings and keys are quoted. Raises a string error, with the path of the value, for
-- functions, mixed keys and cycles; a fault of kind `parse` for a string that is no UTF-8,
-- which YAML cannot hold.
---@param value any
---@param opts? { first?: string[], quoted?: string[] }
---@return string
function yaml.encode(value, opts) end

--- Read one document by the core schema of YAML 1.2 (`no` is a string; an empty text is
-- null). Safe for files of strangers: tags other than those of the core schema, keys that are
-- no texts or occur twice, merge keys, a second document, a depth over 512, and more than
-- 1,000,000 values, with aliases counted as what they stand for, are faults of kind `parse`
-- with the position. What an alias stands for is one and the same table.
---@param text string
---@return any
function yaml.decode(text) end

return yaml
