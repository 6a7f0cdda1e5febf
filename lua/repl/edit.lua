--- `.edit`: opens an entry in the user's editor and runs the result.

local commandline = require "engine.args.commandline"
local fault = require "base.fault"
local fs = require "native.fs"
local process = require "native.process"
local task = require "native.task"

local M = {}

local TIMEOUT <const> = 86400   -- seconds that the editor may stay open
local OWNER_ONLY <const> = 384 -- 0600

local function find_editor()
  for _, name in ipairs { "VISUAL", "EDITOR" } do
    local value = os.getenv(name)
    if value and value:find "%S" then
      return commandline.split(value)
    end
  end
  return { "vi" }
end

-- A temporary folder that only its owner can read; it is removed when the variable is closed.
local function temporary_folder()
  local path = fs.mktemp()
  return setmetatable({ path = path }, { __close = function()
    fs.remove(path, { recursive = true })
  end })
end

-- Run the editor. Ctrl-C is for the editor while it runs.
local function in_editor(session, words)
  local me = task.current()
  local _ <close> = setmetatable({}, { __close = function()
    if session.editor then
      task.foreground(me)
    end
  end })
  if session.editor then
    task.foreground(nil)
  end
  return process.run(words, { inherit = true, timeout = TIMEOUT })
end

-- The text that the user wrote, which begins as `before`.
local function edited(session, before)
  local dir <close> = temporary_folder()
  local path = dir.path .. "/entry.lua"
  fs.write(path, before .. "\n", { mode = OWNER_ONLY })
  local words = find_editor()
  words[#words + 1] = path
  local result = in_editor(session, words)
  if result.status ~= 0 then
    fault.raise { kind = "cancelled", op = ".edit",
      message = ("%s ended with status %d, so nothing is run"):format(words[1], result.status) }
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
