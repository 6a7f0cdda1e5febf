--- Hooks: functions of the user that every command calls at certain points, to do or to forbid
-- something.
--
-- A file hooks/NAME.lua in one of the user's directories returns a table of functions by the names
-- of points. The functions are called in the order of the directories, and in one directory in the
-- order of the files' names. Of two files of the same name only the first counts, as with scripts.
-- A file that does not load, or that names an unknown point, is a fault before anything is changed,
-- because a rule that is silently left out protects nobody. docs/scripting/hooks.md describes hooks
-- for users.

local collections = require "base.collections"
local fault = require "base.fault"
local find = require "engine.find"
local suggestion = require "base.suggestion"

local M = {}

---@class tarn.HookPoint
---@field name string
---@field gets string  the name of the value that a function gets
---@field may "change"|"refuse"|"watch" what a function may do; one that may change may also refuse
---@field help string

--- All points, in the order in which a command reaches them.
---@type tarn.HookPoint[]
M.points = {
  { name = "map_spec", gets = "spec", may = "change",
    help = "The settings of a copy, before the workspaces are asked; called in a dry run, too." },
  { name = "before_clone", gets = "plan", may = "refuse",
    help = "The whole plan of a clone, before its first change; called in a dry run, too." },
  { name = "after_clone", gets = "report", may = "watch", help = "A clone was made." },
  { name = "before_create", gets = "request", may = "refuse",
    help = "`create` is about to make a pipeline, or in a dry run would." },
  { name = "before_edit", gets = "request", may = "refuse",
    help = "The settings of a pipeline are about to be changed, or in a dry run would be." },
  { name = "before_import", gets = "request", may = "refuse",
    help = "A pipeline is about to be created from an exported folder, or in a dry run would be." },
  { name = "before_trigger", gets = "request", may = "change",
    help = "An update is about to be started, or in a dry run would be." },
  { name = "after_update", gets = "result", may = "watch",
    help = "An update that a command waited for has ended, or the wait has timed out." },
  { name = "before_stop", gets = "request", may = "refuse",
    help = "The active update is about to be stopped, or in a dry run would be." },
  { name = "before_delete", gets = "request", may = "refuse",
    help = "A pipeline is about to be deleted, or in a dry run would be." },
  { name = "on_fault", gets = "fault", may = "watch", help = "A command has failed." },
}

local by_name = {}
for _, point in ipairs(M.points) do
  by_name[point.name] = point
end

-- ---- files ----

---@class tarn.Hook
---@field file string   "hooks/approve.lua"
---@field path string
---@field from string   what names the directory: "--path", "TARN_PATH" or "config"
---@field points string[]
---@field functions table<string, function>
---@field shadowed? boolean true: an earlier directory has a file of that name
---@field problem? string  why the file does not load, in the answer of `all`

-- All files in the order in which they are called, with those that are shadowed.
local function sources()
  local fs, list, seen = nil, {}, {}
  for _, root in ipairs(find.roots) do
    fs = fs or require "native.fs"
    local dir = root.dir .. "/hooks"
    local stat = fs.find_stat(dir)
    local names = stat and stat.type == "directory" and fs.list(dir) or {}
    table.sort(names)
    for _, name in ipairs(names) do
      if name:find "^[^.].*%.lua$" then
        list[#list + 1] = { file = "hooks/" .. name, path = dir .. "/" .. name, from = root.from,
          shadowed = seen[name] }
        seen[name] = true
      end
    end
  end
  return list
end

local function wrong(path, message, hint)
  fault.raise { kind = "parse", op = "hooks", message = ("%s: %s"):format(path, message),
    hint = hint or "--bundled ignores all hooks" }
end

-- Load a hook's file: sets its functions and points.
local function read(hook)
  local source = find.file(hook.file)
  local ok, functions = fault.call(find.compile(source))
  if not ok and functions.kind == "bug" then
    wrong(hook.path, functions.message)
  elseif not ok then
    error(functions, 0)
  elseif type(functions) ~= "table" then
    wrong(hook.path, "a hook must return a table of functions, by the names of points")
  end
  local names = collections.column(M.points, "name")
  for name, f in pairs(functions) do
    if not by_name[name] then
      wrong(hook.path, ("there is no point '%s'"):format(tostring(name)),
        suggestion.hint(tostring(name), names) or "points: " .. table.concat(names, ", "))
    elseif type(f) ~= "function" then
      wrong(hook.path, ("'%s' is not a function"):format(name))
    end
  end
  hook.functions, hook.points = functions, {}
  for _, name in ipairs(names) do
    hook.points[#hook.points + 1] = functions[name] and name
  end
  return hook
end

--- All hooks, each with its points, or with the problem why it does not load.
---@return tarn.Hook[]
function M.all()
  local list = sources()
  for _, hook in ipairs(list) do
    if not hook.shadowed then
      local ok, e = fault.call(read, hook)
      hook.problem = not ok and e.message or nil
    end
  end
  return list
end

-- The loaded hooks, kept until a file changes, so that a hook's own variables keep their values.
local loaded, loaded_mark

-- A text that is another one when a file has changed. The files are not read.
local function mark_of(list)
  local fs, words = nil, {}
  for i, hook in ipairs(list) do
    fs = fs or require "native.fs"
    local stat = fs.find_stat(hook.path) or {}
    words[i] = ("%s %s %s"):format(hook.path, stat.size, stat.mtime)
  end
  return table.concat(words, "\n")
end

--- Load all hooks, again if a file has changed. Raises a fault that names the file if one of them
-- does not load.
---@return tarn.Hook[]
function M.load()
  local list = sources()
  local mark = mark_of(list)
  if loaded_mark ~= mark then
    local fresh = {}
    for _, hook in ipairs(list) do
      fresh[#fresh + 1] = not hook.shadowed and read(hook) or nil
    end
    loaded, loaded_mark = fresh, mark
  end
  return loaded
end

-- ---- calls ----

---@class tarn.HookContext the second argument of a hook's function
---@field point string
---@field op string            the command: "tarn clone"
---@field workspace? tarn.WorkspaceClient the workspace; for a clone the target
---@field source? tarn.WorkspaceClient    for a clone, the workspace of the source
---@field refuse fun(message: string, hint?: string) raises the fault that stops the command
---@field warn fun(text: string)          prints a line on stderr

local function context(hook, point, fields)
  local ctx = { point = point }
  for key, value in pairs(fields or {}) do
    ctx[key] = value
  end
  function ctx.refuse(message, hint)
    fault.raise { kind = "conflict", op = hook.file, code = "REFUSED_BY_HOOK",
      message = message, hint = hint or ("refused by %s"):format(hook.path) }
  end
  function ctx.warn(text)
    require("output.stderr").write(("tarn: %s: %s\n"):format(hook.file,
      require("output.screen").clean(text, true)))
  end
  return ctx
end

local under_way = setmetatable({}, { __mode = "k" }) -- task -> "file point" -> true

-- Guards against endless recursion: a hook that runs a command which calls the hook again.
local function enter(hook, point)
  local me = require("native.task").current()
  local mark, marks = hook.file .. " " .. point, under_way[me] or {}
  if marks[mark] then
    fault.raise { kind = "conflict", op = hook.file,
      message = ("%s runs a command that calls %s again"):format(point, point),
      hint = ("a hook must not change anything itself: see %s"):format(hook.path) }
  end
  marks[mark], under_way[me] = true, marks
  return setmetatable({}, { __close = function()
    marks[mark] = nil
  end })
end

local function run(hook, point, value, ctx)
  local _ <close> = enter(hook, point)
  return hook.functions[point](value, ctx)
end

-- Call a hook that only watches. Its failure must not hide the result of the command.
local function watch(hook, point, value, fields)
  local ctx = context(hook, point, fields)
  local ok, e = fault.call(run, hook, point, value, ctx)
  if not ok and e.kind == "cancelled" then
    error(e, 0)
  elseif not ok then
    ctx.warn(("%s failed: %s"):format(point, e.message))
  end
end

--- Call all hooks of a point, one after the other. If the point may change the value, a table that
-- a hook returns replaces it. A fault of a hook stops the command, unless the point only watches.
---@param point string
---@param value table a copy, unless the point may change it
---@param fields? table further fields of the hook's context: op, workspace, source
---@return table value
---@return string[]? files of the hooks that were called; nil if there is none
function M.call(point, value, fields)
  local may, called = by_name[point].may, nil
  for _, hook in ipairs(M.load()) do
    if hook.functions[point] then
      called = called or {}
      called[#called + 1] = hook.file
      if may == "watch" then
        watch(hook, point, value, fields)
      else
        local new = run(hook, point, value, context(hook, point, fields))
        if may == "change" and new ~= nil then
          if type(new) ~= "table" then
            wrong(hook.path, ("%s must return a table or nil"):format(point))
          end
          value = new
        end
      end
    end
  end
  return value, called
end

--- True if a hook has a function for the point.
---@param point string
---@return boolean
function M.has(point)
  for _, hook in ipairs(M.load()) do
    if hook.functions[point] then
      return true
    end
  end
  return false
end

local reported = setmetatable({}, { __mode = "k" }) -- faults for which on_fault was called

--- Call on_fault for a fault that ends a command, once, although nested commands all report it. If
-- hooks do not load, nothing is called.
---@param e tarn.Fault
---@param op string the command
function M.fault(e, op)
  if reported[e] or e.kind == "cancelled" then
    return
  end
  reported[e] = true
  if #find.roots > 0 and fault.call(M.load) then
    M.call("on_fault", require("engine.report").fields(e), { op = op })
  end
end

return M
