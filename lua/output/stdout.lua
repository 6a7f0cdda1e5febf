--- Standard output: where data becomes text, and where a closed pipe and a full disk show.

local fault = require "base.fault"

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
  require("output.render." .. form)(M.write, render or {}, opts, data, ...)
  M.flush()
end

return M
