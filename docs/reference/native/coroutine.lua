---@meta native.coroutine
--- `resume` and `wrap` that pass a primitive's wait up to the scheduler, so that coroutines
-- made by scripts may wait, and a `close` that knows of such waits. They replace those of
-- `coroutine` when the engine opens. The coroutine in which a task began is the scheduler's: only
-- `native.task` ends it.
--
--     local names = coroutine.wrap(function()
--       for row in ws:pipelines() do coroutine.yield(row.name) end
--     end)
--     print(names(), names())
--
-- Source: src/api/l_coroutine.c.
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

--- As coroutine.close. A coroutine that waits cannot be closed: end the task that waits. One that
-- could not wait where it was resumed, inside of sort, has been closed already.
---@param thread thread
---@return boolean ok, any error what a <close> variable raised, or what the coroutine failed with
function co.close(thread) end

return co
