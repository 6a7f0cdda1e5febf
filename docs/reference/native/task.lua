---@meta native.task
--- Tasks: coroutines that the scheduler resumes.
--
--     local task = require "native.task"
--     local beat = task.spawn(function()
--       while true do print(task.now()); task.sleep(0.1) end
--     end)
--     task.sleep(0.35)
--     task.cancel(beat)
--
-- `tarn.map`, `tarn.first` and `tarn.timeout` are made of these functions.
local task = {}

--- What a waiting primitive yields; private to the scheduler and to `tarn.coroutine`.
---@type lightuserdata
task.parked = nil

---@class tarn.Task

--- Start `f(...)` as a task of its own, from the next turn on. An error that it does not
-- catch is printed on stderr as `task failed: ...`.
---@param f function
---@return tarn.Task
function task.spawn(f, ...) end

--- Let other tasks run for at least that long. 0 gives them one turn.
---@param seconds number
function task.sleep(seconds) end

--- Wait for `task.wake`, at most `seconds` (nil: no limit). True if woken, false if not.
-- A wake that comes before the wait is not lost: the next `park` returns at once.
---@param seconds? number
---@return boolean
function task.park(seconds) end

--- End the wait of `t` in `task.park`. Harmless for a task that has ended.
---@param t tarn.Task
function task.wake(t) end

--- Ask `t` to stop: its present wait, or its next, raises a fault of kind `cancelled`.
---@param t tarn.Task
function task.cancel(t) end

--- True while `t` has not ended.
---@param t tarn.Task
---@return boolean
function task.alive(t) end

--- The task that runs.
---@return tarn.Task
function task.current() end

--- Say what Ctrl-C stops from now on: `t`, and what computes at that moment, in place of all
-- tasks; the program goes on, whatever comes. The task that says so first is never stopped by it.
-- nil: no task; false: Ctrl-C ends the program again.
---@param t? tarn.Task|false
function task.foreground(t) end

--- Wait until somebody asks the program to end (Ctrl-C, SIGTERM), at most `seconds` (nil: no
-- limit); true if so. From its first call on the first such request cancels no task: who waits
-- here has the others end in order. A second request ends the program at once.
---@param seconds? number
---@return boolean
function task.wait_for_stop(seconds) end

--- Seconds on a clock that never goes back.
---@return number
function task.now() end

--- Milliseconds since 1970-01-01T00:00:00Z.
---@return integer
function task.time() end

return task
