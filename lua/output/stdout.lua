--- Standard output: renders data, and raises a fault when a pipe is closed or a disk is full.

local fault = require "base.fault"
local formats = require "output.formats"
local term = require "native.term"

local M = {}

local EPIPE <const> = 32

local function check(ok, why, code)
  if ok then
    return
  elseif code == EPIPE then
    -- The reader has enough, like `| head`: the program ends, but this is no error.
    fault.raise { kind = "io", op = "output", code = "EPIPE",
      message = "the reader of standard output has closed it" }
  end
  fault.raise {
    kind = "io", op = "output", message = "standard output: " .. tostring(why),
    hint = "the output is incomplete",
  }
end

--- Write text. Raises a fault `io` if it cannot be written, with code EPIPE if a pipe is closed.
---@param text string
function M.write(text)
  local progress = package.loaded["output.progress"]
  if progress then
    progress.clear() -- the text begins where the bar stands
  end
  check(io.stdout:write(text))
end

--- Write all buffered text. Raises like `write`.
function M.flush()
  check(io.stdout:flush())
end

--- `print` that raises like `write`.
function M.print(...)
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = tostring(words[i])
  end
  M.write(table.concat(words, "\t") .. "\n")
end

--- True if the fault only says that the reader has closed the pipe.
---@param e any
---@return boolean
function M.is_reader_gone(e)
  return fault.is(e, "io") and e.op == "output" and e.code == "EPIPE"
end

-- Characters that control a terminal or its writing direction, and that JSON does not escape.
local CONTROLS <const> = { "\x7f", "\xc2[\x80-\x9f]", "\xd8\x9c", "\xe2\x80[\x8e\x8f\xa8-\xae]",
  "\xe2\x81[\xa6-\xa9]" }

-- Write JSON to a terminal: the same value, with these characters as escapes.
local function write_escaped(text)
  for _, pattern in ipairs(CONTROLS) do
    if text:find(pattern) then
      text = text:gsub(pattern, function(c) return ("\\u%04x"):format(utf8.codepoint(c)) end)
    end
  end
  M.write(text)
end

--- Print what a script's `run` returned, in the form that --output names. A function, or another
-- value that can be called, is an iterator: its rows are printed as they come.
---@param opts table the options that every command takes
---@param render table? the header's `render`
---@param data any the data, followed by the other values of a generic `for` if it is a function
function M.render(opts, render, data, ...)
  local format = formats.of(opts)
  if data == nil and format.name == "text" then
    return M.flush()
  end
  local write = format.json and term.is_tty "out" and write_escaped or M.write
  local renderer = require("output.render." .. format.name)
  if opts.columns or opts.each then
    local function rendered(changed, ...)
      return renderer(write, changed, opts, ...)
    end
    rendered(require("output.shape").apply(opts, render or {}, data, ...))
  else
    renderer(write, render or {}, opts, data, ...)
  end
  M.flush()
end

return M
