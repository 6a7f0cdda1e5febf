---@meta native.bundle
--- The files that were built into the program: `lua/`, `scripts/`, and the stubs of
-- `docs/reference/native/`, which help reads.
local bundle = {}

--- The bytes of a bundled file ("scripts/list.lua"), or nil.
---@param name string
---@return string?
function bundle.read(name) end

--- Names of bundled files that begin with `prefix`, sorted.
---@param prefix? string
---@return string[]
function bundle.list(prefix) end

--- The program's version ("0.1.0").
---@type string
bundle.version = nil

return bundle
