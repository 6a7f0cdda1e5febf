--- `.edit`: opens an entry in the user's editor and runs the result.

local editor = require "engine.editor"
local fault = require "base.fault"
local fs = require "native.fs"
local task = require "native.task"

local M = {}

local OWNER_ONLY <const> = 384 -- 0600

-- A temporary folder that only its owner can read; it is removed when the variable is closed.
local function temporary_folder()
  local path = fs.mktemp()
  return setmetatable({ path = path }, { __close = function()
    fs.remove(path, { recursive = true })
  end })
end

-- The text that the user wrote, which begins as `before`.
local function edited(session, before)
  local dir <close> = temporary_folder()
  local path = dir.path .. "/entry.lua"
  fs.write(path, before .. "\n", { mode = OWNER_ONLY })
  local failure = editor.open(path, session.editor and task.current() or nil)
  if failure then
    fault.raise { kind = "cancelled", op = ".edit", message = failure .. ", so nothing is run" }
  end
  return (fs.read(path):gsub("%s+$", ""))
end

--- Edit an entry, by default the last one, and run the result.
---@param session tarn.Session
---@param rest string the number of the entry, or ""
---@return any ... what the edited entry returns
function M.run(session, rest)
  local number = rest ~= "" and (math.tointeger(tonumber(rest)) or 0) or #session.entered
  local before = session.entered[number]
  if rest ~= "" and not before then
    fault.usage(".edit", ("there is no entry %s; the last one is %d"):format(rest,
      #session.entered))
  end
  local text = edited(session, before or "")
  if text == "" then
    return
  end
  session:say(text)
  if session.history then
    session.history:add(text)
  end
  return session:compile(text, true)()
end

return M
