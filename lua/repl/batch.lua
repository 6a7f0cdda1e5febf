--- The prompt without a terminal: `-e CODE`, and lines from a pipe. Only answers are printed, and
-- the first error ends the run.

local chunk = require "repl.chunk"
local dotcommands = require "repl.dotcommands"
local term = require "native.term"

local M = {}

-- Run one entry. True if it succeeded, false if it failed, nil if more lines could complete it;
-- and true if the session is over.
local function run(session, text, is_complete)
  if chunk.is_empty(text) then
    return true
  elseif dotcommands.is_dotcommand(text) then
    return session:run(function() return dotcommands.run(session, text) end), session.over
  end
  local f = session:compile(text, is_complete)
  if f then
    return session:run(f)
  end
end

--- Run texts, one after the other, until one fails.
---@param session tarn.Session
---@param texts string[]
function M.texts(session, texts)
  for _, text in ipairs(texts) do
    local ok, over = run(session, text, true)
    if not ok or over then
      return
    end
  end
end

--- Compile texts without running them.
---@param session tarn.Session
---@param texts string[]
function M.check(session, texts)
  for _, text in ipairs(texts) do
    local f, why = chunk.compile(text, "-e", session.env)
    if not f then
      require("base.fault").usage("tarn repl", why)
    end
  end
end

--- Run the lines of standard input as they come.
---@param session tarn.Session
function M.input(session)
  local text
  for line in function() return term.read_line() end do
    text = text and text .. "\n" .. line or line
    local ok, over = run(session, text, false)
    if ok == false or over then
      return
    elseif ok then
      text = nil
    end
  end
  if text then
    run(session, text, true)
  end
end

return M
