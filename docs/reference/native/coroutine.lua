---@meta native.coroutine
--- `resume` and `wrap` for coroutines that call functions which wait. They pass the wait on to the
-- scheduler instead of returning it to the caller. When the program starts, they replace
-- coroutine.resume and coroutine.wrap, so scripts use them without knowing.
--
-- Source: src/api/l_coroutine.c. Errors are those of Lua's own functions.
local co = {}

--- Like coroutine.resume, but waits inside the coroutine suspend the whole task.
---@param thread thread
---@return boolean ok
---@return any ... the values that the coroutine yields or returns; or its error
function co.resume(thread, ...) end

--- Like coroutine.wrap, but waits inside the coroutine suspend the whole task.
---@param f function
---@return function next raises what `f` raises
function co.wrap(f) end

return co
