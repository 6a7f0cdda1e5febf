--- Shows a long text of a command through the pager, if there is a person to turn the pages.

local term = require "native.term"

local M = {}

--- Show what `f` writes on a screen: a screenful at a time on a terminal, else all at once.
---@param screen tarn.Screen
---@param f fun(screen: tarn.Screen)
function M.show(screen, f)
  if not (screen.terminal and term.is_tty "in") then
    return f(screen)
  end
  local pager = require "repl.pager"
  local keys = require("native.editor").open()
  local one = pager.new {
    key = function() return keys:key() end, size = term.size, measure = term.width,
    write = function(text)
      screen.raw(text)
      require("output.stdout").flush()
    end,
    style = function(text) return screen:finish(screen:style("dim", text)) end,
  }
  local ok, e = pcall(function()
    f(screen:inside(function(text) one:write(screen:finish(text)) end))
    one:finish()
  end)
  keys:close()
  if not ok and e ~= pager.QUIT then
    screen.raw "\r\27[K" -- Ctrl-C leaves the pager's line
    error(e, 0)
  end
end

return M
