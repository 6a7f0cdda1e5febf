---@meta native.guard
--- Limits on what scripts may do and use.
--
--     local guard = require "native.guard"
--     guard.limit { cpu = 10, memory = 256 * 1024 * 1024 }
--     guard.set_read_only()
--     print(guard.is_read_only(), guard.memory().used)
--
-- The options of the program set them. A script can make them stricter, but not looser.
local guard = {}

--- From now on, for the whole process and every connection it has: a request that changes
-- something is refused with a fault `usage` whose code is READ_ONLY, and no program is started.
-- There is no way back.
function guard.set_read_only() end

--- True if only requests that read are made.
---@return boolean
function guard.is_read_only() end

--- How much scripts may use; 0 is no bound. `cpu`: seconds that a task may compute without a
-- wait before a fault `timeout` ends it (60 at first). `memory`: bytes that Lua's values may
-- take before "not enough memory" is raised (1 GiB at first).
---@param limits { cpu?: number, memory?: integer }
function guard.limit(limits) end

---@class tarn.Memory
---@field used integer bytes of Lua's values
---@field limit integer
---@field refused_at? string "file:line" that was refused memory last

--- How much memory Lua's values take.
---@return tarn.Memory
function guard.memory() end

return guard
