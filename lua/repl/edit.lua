--- `.edit`: a text is written in the person's own editor, and run.

local args = require "engine.args"
local fault = require "base.fault"
local fs = require "native.fs"
local process = require "native.process"
local task = require "native.task"

local M = {}

local A_DAY <const> = 86400 -- seconds that one may take to write

local function find_editor()
  for _, name in ipairs { "VISUAL", "EDITOR" } do
    local value = os.getenv(name)
    if value and value:find "%S" then
      return args.split(value)
    end
  end
  return { "vi" }
end

-- A folder that only its owner may look into, gone at the end.
local function folder()
  local path = fs.mktemp()
  return setmetatable({ path = path }, { __close = function()
    fs.remove(path, { recursive = true })
  end })
end

-- Ctrl-C belongs to the editor while it runs.
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
  return process.run(words, { inherit = true, timeout = A_DAY })
end

-- What the person wrote.
local function write(session, before)
  local dir <close> = folder()
  local path = dir.path .. "/entry.lua"
  fs.write(path, before .. "\n", { mode = 384 })
  local words = find_editor()
  words[#words + 1] = path
  local result = in_editor(session, words)
  if result.status ~= 0 then
    fault.raise { kind = "cancelled", op = ".edit",
      message = ("%s ended with status %d: nothing is run"):format(words[1], result.status) }
  end
  return (fs.read(path):gsub("%s+$", ""))
end

--- Edit the entry of that number, by default the last one, and run what came of it.
---@param session tarn.Session
---@param rest string
---@return any ... what it returns
function M.run(session, rest)
  local number = rest ~= "" and (math.tointeger(tonumber(rest)) or 0) or #session.entered
  local before = session.entered[number]
  if rest ~= "" and not before then
    fault.usage(".edit", ("there is no entry %s: there are %d"):format(rest, #session.entered))
  end
  local text = write(session, before or "")
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
