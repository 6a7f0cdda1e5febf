---@meta native.bundle
--- The files inside the program: `lua/`, `scripts/`, the page under `web/`, and `docs/`, which help
-- shows. engine.find searches the user's directories first;
-- this library reads the built-in files only.
--
--     local bundle = require "native.bundle"
--     for _, name in ipairs(bundle.list "scripts/") do print(name, #bundle.read(name)) end
--     print(bundle.version)
--
-- Source: src/api/l_bundle.c. No function raises a fault.
local bundle = {}

--- The content of a built-in file.
---@param name string "scripts/list.lua"
---@return string? bytes nil if there is no such file
function bundle.read(name) end

--- The names of the built-in files that begin with a prefix, sorted.
---@param prefix? string "lua/tarn/"; default: all files
---@return string[]
function bundle.list(prefix) end

--- The version of the program: "0.1.0".
---@type string
bundle.version = nil

return bundle
