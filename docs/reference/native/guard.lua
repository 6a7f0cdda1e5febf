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

--- Set the limits. A limit that is not given stays as it is; 0 is no limit.
---@param limits { cpu?: number, memory?: integer } cpu: seconds that a task may compute without a
--- wait before a fault `timeout` ends it, 60 by default; memory: bytes of all Lua values and of the
--- C buffers that hold data of scripts, 1 GiB by default, beyond which "not enough memory" is
--- raised, or a fault `io` with the code OUT_OF_MEMORY
function guard.limit(limits) end

---@class tarn.Memory
---@field used integer  bytes that Lua values and C buffers of scripts take
---@field limit integer bytes that they may take
---@field refused_at? string the line that was last refused memory: "file:line"

--- The memory of scripts: of Lua values, and of the C buffers that hold their data.
---@return tarn.Memory
function guard.memory() end

return guard
