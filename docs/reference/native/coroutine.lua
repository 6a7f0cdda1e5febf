---@meta native.coroutine
--- `resume`, `wrap` and `close` for coroutines that call functions which wait. They pass the wait
-- on to the scheduler instead of returning it to the caller. When the program starts, they replace
-- those of `coroutine`, so scripts use them without knowing. The first coroutine of a task belongs
-- to the scheduler: only `native.task` ends it.
--
--     local names = coroutine.wrap(function()
--       for row in ws:pipelines() do coroutine.yield(row.name) end
--     end)
--     print(names(), names())
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

--- Like coroutine.close. A coroutine that waits cannot be closed: end its task instead. A coroutine
-- that called a waiting function where none is possible, as in `table.sort`, is closed already.
---@param thread thread
---@return boolean ok
---@return any error what a <close> variable raised, or the error of the coroutine
function co.close(thread) end

return co
