--- Standard output: where data becomes text, and where a closed pipe and a full disk show.

local fault = require "base.fault"
local term = require "native.term"

local M = {}

local EPIPE <const> = 32

local function check(ok, why, code)
  if ok then
    return
  elseif code == EPIPE then
    -- Whoever read has seen enough, as `head` does: the end, but nobody's mistake.
    fault.raise { kind = "io", op = "output", code = "EPIPE", message = "the reader has gone" }
  end
  fault.raise {
    kind = "io", op = "output", message = "standard output: " .. tostring(why),
    hint = "what was printed is not complete",
  }
end

--- Write text. Raises a fault `io` when it cannot be written; code EPIPE if the reader left.
---@param text string
function M.write(text)
  check(io.stdout:write(text))
end

--- Have all that was written so far arrive.
function M.flush()
  check(io.stdout:flush())
end

--- `print`, with the same care.
function M.print(...)
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = tostring(words[i])
  end
  M.write(table.concat(words, "\t") .. "\n")
end

--- True if the fault only says that nobody reads on.
---@param e any
---@return boolean
function M.is_reader_gone(e)
  return fault.is(e, "io") and e.op == "output" and e.code == "EPIPE"
end

-- Characters that command a terminal, or turn its writing direction, and need no escape in JSON.
local COMMANDS <const> = { "\x7f", "\xc2[\x80-\x9f]", "\xd8\x9c", "\xe2\x80[\x8e\x8f\xa8-\xae]",
  "\xe2\x81[\xa6-\xa9]" }

-- JSON for a terminal: the same value, with these characters as escapes.
local function write_escaped(text)
  for _, pattern in ipairs(COMMANDS) do
    if text:find(pattern) then
      text = text:gsub(pattern, function(c) return ("\\u%04x"):format(utf8.codepoint(c)) end)
    end
  end
  M.write(text)
end

--- Print what a script's `run` returned, in the form that was asked for. A function (with the
-- values that a generic `for` takes after it), or anything else that can be called, is an
-- iterator and is printed as it goes.
---@param opts table the options that every command takes
---@param render table? the header's `render`
---@param data any
function M.render(opts, render, data, ...)
  local form = opts.output or "text"
  if data == nil and form == "text" then
    return M.flush()
  end
  local write = form:find "^json" and term.is_tty "out" and write_escaped or M.write
  require("output.render." .. form)(write, render or {}, opts, data, ...)
  M.flush()
end

return M
