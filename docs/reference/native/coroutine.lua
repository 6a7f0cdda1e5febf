---@meta native.coroutine
--- `resume` and `wrap` for coroutines that call primitives.
--
--     local names = coroutine.wrap(function()
--       for row in ws:pipelines() do coroutine.yield(row.name) end
--     end)
--     print(names(), names())
--
-- They pass the wait of a primitive on to the scheduler, and replace the functions of `coroutine`.
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
