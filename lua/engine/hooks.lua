--- Hooks: what a user wants done, or forbidden, at certain points of every command.
--
-- A file hooks/NAME.lua in one of the user's directories returns a table of functions by the
-- names of points. They are called in the order of the directories, and within one in the order
-- of the files' names; of two files of one name only the first counts, as of scripts. A file
-- that does not load, or has what is no point, is a fault before anything is changed: a rule
-- that is silently left out protects nobody. docs/scripting/overriding.md is the contract.

local fault = require "base.fault"
local find = require "engine.find"
local suggestion = require "base.suggestion"

local M = {}

---@class tarn.HookPoint
---@field name string
---@field gets string  what it gets, in a word
---@field may "change"|"refuse"|"watch" what it may do: `change` may refuse too
---@field help string

--- All points, in the order in which they come.
---@type tarn.HookPoint[]
M.points = {
  { name = "map_spec", gets = "spec", may = "change",
    help = "The settings of a copy, before anybody is asked about them. Also of a dry run." },
  { name = "before_clone", gets = "plan", may = "refuse",
    help = "A whole plan of a clone, before its first change. Also of a dry run." },
  { name = "after_clone", gets = "report", may = "watch", help = "A clone was made." },
  { name = "before_import", gets = "request", may = "refuse",
    help = "A pipeline is about to be made from an exported folder. Also of a dry run." },
  { name = "before_trigger", gets = "request", may = "change",
    help = "An update is about to be started. Also of a dry run." },
  { name = "after_update", gets = "result", may = "watch",
    help = "An update that was waited for has ended, or the time went by." },
  { name = "before_stop", gets = "request", may = "refuse",
    help = "The active update is about to be stopped. Also of a dry run." },
  { name = "before_delete", gets = "request", may = "refuse",
    help = "A pipeline is about to be deleted. Also of a dry run." },
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
---@field from string   which kind of directory it is in
---@field points string[]
---@field functions table<string, function>
---@field shadowed? boolean another one of that name comes first

-- All files, in the order in which they are called; those that are shadowed too.
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
    hint = hint or "--bundled leaves all hooks out" }
end

-- Run a hook's file; what it returns.
local function read(hook)
  local source = find.file(hook.file)
  local ok, functions = fault.call(find.compile(source))
  if not ok and functions.kind == "bug" then
    wrong(hook.path, functions.message)
  elseif not ok then
    error(functions, 0)
  elseif type(functions) ~= "table" then
    wrong(hook.path, "a hook returns a table of functions by the names of points")
  end
  local names = {}
  for _, point in ipairs(M.points) do
    names[#names + 1] = point.name
  end
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

--- What is known of all hooks without risk: each with its points, or with `problem`.
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

local loaded, loaded_mark -- until a file changes: it keeps its state between calls

-- What tells that some file has changed, without reading any.
local function mark_of(list)
  local fs, words = nil, {}
  for i, hook in ipairs(list) do
    fs = fs or require "native.fs"
    local stat = fs.find_stat(hook.path) or {}
    words[i] = ("%s %s %s"):format(hook.path, stat.size, stat.mtime)
  end
  return table.concat(words, "\n")
end

--- Load all hooks, anew if a file has changed. Raises a fault that names the file if one of
-- them is broken.
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

---@class tarn.HookContext what a hook gets second
---@field point string
---@field op string            the command: "tarn clone"
---@field workspace? tarn.WorkspaceClient where it happens; of a clone the target
---@field source? tarn.WorkspaceClient    of a clone
---@field refuse fun(message: string, hint?: string) raise the fault that stops it
---@field warn fun(text: string)          a line on stderr

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
    io.stderr:write("tarn: ", hook.file, ": ", text, "\n")
  end
  return ctx
end

local under_way = setmetatable({}, { __mode = "k" }) -- task -> "file point" -> true

-- A hook that runs a command which comes to the same point would be called for ever.
local function enter(hook, point)
  local me = require("native.task").current()
  local mark, marks = hook.file .. " " .. point, under_way[me] or {}
  if marks[mark] then
    fault.raise { kind = "conflict", op = hook.file,
      message = point .. " is called within itself",
      hint = ("a hook changes nothing itself: look into %s"):format(hook.path) }
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

-- A hook that fails after the fact must not hide the fact.
local function watch(hook, point, value, fields)
  local ctx = context(hook, point, fields)
  local ok, e = fault.call(run, hook, point, value, ctx)
  if not ok and e.kind == "cancelled" then
    error(e, 0)
  elseif not ok then
    ctx.warn(("%s failed: %s"):format(point, e.message))
  end
end

--- Call all hooks of a point, one after the other. What a hook of a point that may change
-- returns takes the place of the value; nil leaves it, changed or not. What is raised stops
-- everything, but for points that only watch.
---@param point string
---@param value table a copy, unless the point may change it
---@param fields? table more for the hook's context: op, workspace, source
---@return table value
---@return string[]? files that were called; nil if none was
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
            wrong(hook.path, ("%s returned no table"):format(point))
          end
          value = new
        end
      end
    end
  end
  return value, called
end

--- True if some hook has that point.
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

local told = setmetatable({}, { __mode = "k" }) -- a fault passes several edges on its way

--- Tell the hooks of a fault that ends a command, once. Hooks that do not load tell nothing.
---@param e tarn.Fault
---@param op string
function M.fault(e, op)
  if told[e] or e.kind == "cancelled" then
    return
  end
  told[e] = true
  if #find.roots > 0 and fault.call(M.load) then
    M.call("on_fault", require("engine.report").fields(e), { op = op })
  end
end

return M
