--- The prompt without a person: `-e CODE`, and what comes through a pipe. Nothing is shown but
-- answers, and the first mistake ends it.

local chunk = require "repl.chunk"
local term = require "native.term"

local M = {}

-- Run one entry that is whole, or must be.
local function run(session, text, must_be_whole)
  local dots = require "repl.dotcommands"
  if chunk.is_empty(text) then
    return true
  elseif dots.is_one(text) then
    return session:run(function() return dots.run(session, text) end), session.over
  end
  local f = session:compile(text, must_be_whole)
  if f then
    return session:run(f)
  end
end

--- Run each of these texts.
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

--- Only compile them.
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

--- Run what standard input gives, as it comes.
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
