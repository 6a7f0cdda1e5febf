---@meta native.coroutine
--- `resume` and `wrap` that pass a primitive's wait up to the scheduler, so that coroutines
-- made by scripts may wait. They replace those of `coroutine` when the engine opens.
local co = {}

--- As coroutine.resume.
---@param thread thread
---@return boolean ok, any ...
function co.resume(thread, ...) end

--- As coroutine.wrap.
---@param f function
---@return function
function co.wrap(f) end

return co
