---@meta native.guard
--- Limits for scripts: whether they may change something, and how much CPU time and memory they may
-- use. The options --read-only, --cpu-limit and --memory-limit set them. A script can make limits
-- stricter; read-only cannot be switched off.
--
--     local guard = require "native.guard"
--     guard.limit { cpu = 10, memory = 256 * 1024 * 1024 }
--     guard.set_read_only()
--     print(guard.is_read_only(), guard.memory().used)
--
-- Source: src/api/l_guard.c. A wrong argument is an error; no function raises a fault.
local guard = {}

--- Make the whole process read-only, for good: a request that changes something is refused with a
-- fault `usage` whose code is READ_ONLY, and no program can be run.
function guard.set_read_only() end

--- True if the process is read-only.
---@return boolean
function guard.is_read_only() end

--- How much scripts may use; 0 is no bound. `cpu`: seconds that a task may compute without a
-- wait before a fault `timeout` ends it (60 at first). `memory`: bytes that Lua's values
-- and the buffers of C that hold what scripts ask for may take in sum before "not enough memory" is
-- raised, or a fault `io` with the code OUT_OF_MEMORY (1 GiB at first).
---@param limits { cpu?: number, memory?: integer }
function guard.limit(limits) end

---@class tarn.Memory
---@field used integer bytes of Lua's values and of what C holds for them
---@field limit integer
---@field refused_at? string "file:line" that was refused memory last

--- How much memory Lua's values take, and what C holds for them.
---@return tarn.Memory
function guard.memory() end

return guard
