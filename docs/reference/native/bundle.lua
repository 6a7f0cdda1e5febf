---@meta native.bundle
--- The files that are built into the program.
--
--     local bundle = require "native.bundle"
--     for _, name in ipairs(bundle.list "scripts/") do print(name, #bundle.read(name)) end
--     print(bundle.version)
--
-- They are those of `lua/` and `scripts/`, and the stubs of `docs/reference/native/`, which help
-- reads.
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
