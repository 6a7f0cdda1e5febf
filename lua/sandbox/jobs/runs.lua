--- Runs of jobs: their tables, and how they go on.
--
-- A task that runs a pipeline starts an update and ends with it; any other task takes as long as
-- an update and succeeds. `advance` brings all runs to the present: the server calls it before
-- each request, and a task that became due since then starts at the time at which it was due.

local json = require "native.json"
local people = require "sandbox.identity.people"
local state = require "sandbox.pipelines.state"
local tree = require "sandbox.files.tree"
local updates = require "sandbox.pipelines.updates"

local M = {}

-- `ask` is the request as JSON, `settings` are those of the job at the start. A task has an `id`
-- of its own as a run; `result` is SUCCESS, FAILED, CANCELED, UPSTREAM_FAILED or EXCLUDED.
M.schema = [[
CREATE TABLE IF NOT EXISTS job_runs(
  id INTEGER PRIMARY KEY, job_id INTEGER, name TEXT NOT NULL, creator TEXT NOT NULL,
  created INTEGER NOT NULL, ask TEXT NOT NULL, settings TEXT NOT NULL, kind TEXT NOT NULL,
  token TEXT, ended INTEGER, result TEXT, message TEXT);
CREATE INDEX IF NOT EXISTS open_runs ON job_runs(id) WHERE ended IS NULL;
CREATE TABLE IF NOT EXISTS run_tasks(
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, task_key TEXT NOT NULL, spec TEXT NOT NULL,
  started INTEGER, ended INTEGER, result TEXT, message TEXT, update_id TEXT);
CREATE INDEX IF NOT EXISTS tasks_of_run ON run_tasks(run_id, id);
CREATE INDEX IF NOT EXISTS tasks_by_update ON run_tasks(update_id);
]]

local FIRST_ID <const>, STEP <const> = 730914226581903, 7817

-- A new id for a run, or for a task's run.
local function new_id(w)
  return w.store:new_id("run", FIRST_ID, STEP)
end

--- The tasks of a run.
---@return table[] rows of table `run_tasks`
function M.tasks(w, run_id)
  return w.db:query("SELECT * FROM run_tasks WHERE run_id = ? ORDER BY id", { run_id })
end

local SAVE <const> = "UPDATE run_tasks SET started = ?, ended = ?, result = ?, message = ?, "
  .. "update_id = ? WHERE id = ?"

local function save(w, task)
  w.db:exec(SAVE, { task.started, task.ended, task.result, task.message, task.update_id, task.id })
end

local function finish(w, task, at, result, message)
  task.ended, task.result, task.message = at, result, message
  task.started = task.started or at
  save(w, task)
end

-- The last attempt of the update that a task started.
local function last_attempt(w, task)
  return w.db:find_row("SELECT * FROM updates WHERE request_id = (SELECT request_id FROM updates "
    .. "WHERE id = ?) ORDER BY created DESC, seq DESC LIMIT 1", { task.update_id })
end

local RESULTS <const> = { COMPLETED = "SUCCESS", FAILED = "FAILED", CANCELED = "CANCELED" }

local function settle_pipeline(w, task, now)
  local update = last_attempt(w, task)
  if not update then
    finish(w, task, now, "FAILED", "The update of the pipeline was not found.")
  elseif update.ended and update.ended <= now then
    local result = RESULTS[update.result] or "FAILED"
    finish(w, task, update.ended, result, result == "FAILED"
      and ("Update %s of the pipeline failed. See the event log of the pipeline.")
        :format(update.id) or nil)
  end
end

local function start_pipeline(w, run, task, spec, at)
  local id = spec.pipeline_task.pipeline_id
  local row = state.find_row(w, id)
  local active = row and state.find_active(w, id, at)
  if not row then
    return finish(w, task, at, "FAILED", ("The specified pipeline %s was not found."):format(id))
  elseif active then
    return finish(w, task, at, "FAILED",
      ("An active update '%s' already exists for pipeline '%s'."):format(active.id, id))
  end
  local params = json.decode(run.ask).pipeline_params or {}
  local full = params.full_refresh
  if full == nil then
    full = spec.pipeline_task.full_refresh
  end
  task.update_id = updates.begin(w, row, { cause = "JOB_TASK", start = at,
    full_refresh = full or false })
  save(w, task)
end

local function start_task(w, run, task, at)
  local spec = json.decode(task.spec)
  local notebook = spec.notebook_task and spec.notebook_task.notebook_path
  task.started = at
  if spec.pipeline_task then
    start_pipeline(w, run, task, spec, at)
  elseif notebook and spec.notebook_task.source ~= "GIT"
    and not (notebook:find "^/" and pcall(tree.path, notebook)
      and tree.find(w, tree.path(notebook))) then
    finish(w, task, at, "FAILED", ("Unable to access the notebook \"%s\" in the workspace.")
      :format(notebook))
  else
    save(w, task)
  end
end

local HOLDS <const> = {
  ALL_SUCCESS = function(good, all) return good == all end,
  AT_LEAST_ONE_SUCCESS = function(good) return good > 0 end,
  NONE_FAILED = function(_, _, bad) return bad == 0 end,
  ALL_DONE = function() return true end,
  AT_LEAST_ONE_FAILED = function(_, _, bad) return bad > 0 end,
  ALL_FAILED = function(_, all, bad) return bad == all end,
}

-- Start a task whose dependencies have ended, or end it without a start; true if it did either.
local function try_start(w, run, task, by_key)
  local spec, at, good, bad = json.decode(task.spec), run.created, 0, 0
  local on = spec.depends_on or {}
  for _, dependency in ipairs(on) do
    local other = by_key[dependency.task_key]
    if not (other and other.ended) then
      return false
    end
    at = math.max(at, other.ended)
    good = good + (other.result == "SUCCESS" and 1 or 0)
    bad = bad + ((other.result == "FAILED" or other.result == "UPSTREAM_FAILED"
      or other.result == "CANCELED") and 1 or 0)
  end
  local holds = HOLDS[spec.run_if or "ALL_SUCCESS"] or HOLDS.ALL_SUCCESS
  if #on == 0 or holds(good, #on, bad) then
    start_task(w, run, task, at)
  elseif bad > 0 then
    finish(w, task, at, "UPSTREAM_FAILED", "An upstream task failed.")
  else
    finish(w, task, at, "EXCLUDED", "The condition of run_if does not hold.")
  end
  return true
end

local function settle_task(w, task, now)
  if task.update_id then
    settle_pipeline(w, task, now)
  elseif now >= task.started + w.run_ms then
    finish(w, task, task.started + w.run_ms, "SUCCESS")
  end
end

-- The result of a run from the results of its tasks, and the message of one that failed.
local function result_of(tasks)
  local result, message = "SUCCESS", nil
  for _, task in ipairs(tasks) do
    if task.result == "FAILED" then
      return "FAILED", ("Task %s failed with message: %s"):format(task.task_key,
        task.message or "Workload failed, see run output for details.")
    elseif task.result == "CANCELED" then
      result, message = "CANCELED", "Run cancelled."
    end
  end
  return result, message
end

local function advance_run(w, run, now)
  local tasks, by_key = M.tasks(w, run.id), {}
  for _, task in ipairs(tasks) do
    by_key[task.task_key] = task
  end
  local changed
  repeat
    changed = false
    for _, task in ipairs(tasks) do
      if not task.ended and task.started then
        settle_task(w, task, now)
        changed = changed or task.ended ~= nil
      elseif not task.ended then
        changed = try_start(w, run, task, by_key) or changed
      end
    end
  until not changed
  local ended = run.created
  for _, task in ipairs(tasks) do
    if not task.ended then
      return
    end
    ended = math.max(ended, task.ended)
  end
  local result, message = result_of(tasks)
  w.db:exec("UPDATE job_runs SET ended = ?, result = ?, message = ? WHERE id = ?",
    { ended, result, message, run.id })
end

--- Bring all runs to the present.
---@param w table
function M.advance(w)
  if not w.db:find_row "SELECT 1 AS yes FROM job_runs WHERE ended IS NULL" then
    return
  end
  w:write(function()
    for _, run in ipairs(w.db:query "SELECT * FROM job_runs WHERE ended IS NULL ORDER BY id") do
      advance_run(w, run, w.clock:now())
    end
  end)
end

--- Insert a run and its tasks as they are; inside of a transaction.
---@param run table row of table `job_runs` without its id
---@param tasks table[] rows of table `run_tasks` without ids; `spec` is a table
---@return integer run_id
function M.insert(w, run, tasks)
  local id = new_id(w)
  w.db:exec("INSERT INTO job_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", {
    id, run.job_id, run.name, run.creator, run.created, json.encode(run.ask or {}),
    json.encode(run.settings), run.kind, run.token, run.ended, run.result, run.message })
  for _, task in ipairs(tasks) do
    w.db:exec("INSERT INTO run_tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", {
      new_id(w), id, task.spec.task_key, json.encode(task.spec), task.started, task.ended,
      task.result, task.message, task.update_id })
  end
  return id
end

--- Cancel a run: its tasks end now, and updates that they started are stopped.
---@param w table
---@param run table row of table `job_runs`
function M.cancel(w, run)
  local now = w.clock:now()
  for _, task in ipairs(M.tasks(w, run.id)) do
    if not task.ended then
      local update = task.update_id and last_attempt(w, task)
      local row = update and state.find_row(w, update.pipeline_id)
      if row then
        updates.cancel(w, row, people.find(w.people, run.creator) or w.principal)
      end
      finish(w, task, now, "CANCELED", "Run cancelled.")
    end
  end
  w.db:exec("UPDATE job_runs SET ended = ?, result = 'CANCELED', message = 'Run cancelled.' "
    .. "WHERE id = ?", { now, run.id })
end

return M
