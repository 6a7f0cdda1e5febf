---@meta native.task
--- Tasks: coroutines that the scheduler runs. A function that waits suspends its task, and other
-- tasks run meanwhile. base.pool builds map, first and timeout on this library.
--
--     local task = require "native.task"
--     local beat = task.spawn(function()
--       while true do print(task.now()); task.sleep(0.1) end
--     end)
--     task.sleep(0.35)
--     task.cancel(beat)
--
-- Source: src/api/l_task.c. A wrong argument is an error. A wait raises a fault `cancelled` if its
-- task is cancelled.
local task = {}

--- What a waiting function yields; only the scheduler and native.coroutine use it.
---@type lightuserdata
task.parked = nil

---@class tarn.Task

--- Start `f(...)` as a new task, which begins at the next turn of the scheduler. An error that it
-- does not catch is printed on stderr: "task failed: ...".
---@param f function
---@return tarn.Task
function task.spawn(f, ...) end

--- Wait, and let other tasks run. 0 lets each of them run once.
---@param seconds number
function task.sleep(seconds) end

--- Wait until another task calls `wake`. If `wake` was called before, return at once.
---@param seconds? number the longest wait; nil: no limit
---@return boolean woken false if the time was over
function task.park(seconds) end

--- End the wait of a task in `park`. Has no effect on a task that has ended.
---@param t tarn.Task
function task.wake(t) end

--- Cancel a task: its present or next wait raises a fault `cancelled`.
---@param t tarn.Task
function task.cancel(t) end

--- True if a task has not ended.
---@param t tarn.Task
---@return boolean
function task.alive(t) end

--- The running task.
---@return tarn.Task
function task.current() end

--- Set what Ctrl-C cancels: the task `t` and the computation that runs, instead of all tasks. The
-- program goes on. The first task that calls this function is never cancelled by Ctrl-C.
---@param t? tarn.Task|false nil: no task; false: Ctrl-C ends the program, as at first
function task.foreground(t) end

--- Wait until the program is asked to end (Ctrl-C, SIGTERM). From the first call on, the first such
-- request does not cancel the tasks: the caller ends them. A second request ends the program at
-- once.
---@param seconds? number the longest wait; nil: no limit
---@return boolean asked false if the time was over
function task.wait_for_stop(seconds) end

--- Seconds on a clock that never goes back, for measuring time.
---@return number
function task.now() end

--- The present time in milliseconds since 1970-01-01T00:00:00Z.
---@return integer
function task.time() end

return task
