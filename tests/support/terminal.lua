--- A real terminal for a test: a window of tmux. A test types into it and reads its screen.
--
--   local term <close> = terminal.start({ "/bin/bash", "--norc" }, { cols = 80, rows = 24 })
--   term:type "tarn li"; term:key "Tab"
--   term:wait "tarn list"

local program = require "testing.program"
local fs = require "native.fs"
local process = require "native.process"
local wait = require "testing.wait"

local M = {}


local Terminal = {}
Terminal.__index = Terminal

local function tmux(self, ...)
  return process.run({ "tmux", "-S", self.dir .. "/socket", "-f", "/dev/null", ... },
    { env = self.env, timeout = 30 })
end

--- Start a program in a window of its own.
---@param argv string[]
---@param opts? { cols?: integer, rows?: integer, env?: table<string, string|false>, cwd?: string }
function M.start(argv, opts)
  opts = opts or {}
  local dir = fs.mktemp()
  local env = { TERM = "xterm-256color", LC_ALL = "C.UTF-8", HOME = dir, TMUX = false,
    XDG_CONFIG_HOME = false, XDG_STATE_HOME = dir .. "/state", XDG_CACHE_HOME = dir .. "/cache",
    XDG_RUNTIME_DIR = dir, -- fish would make its own in the temporary folder
    DATABRICKS_HOST = false, DATABRICKS_TOKEN = false, DATABRICKS_CONFIG_PROFILE = false,
    DATABRICKS_CONFIG_FILE = false, TARN = program.path }
  for name, value in pairs(opts.env or {}) do
    env[name] = value
  end
  local self = setmetatable({ dir = dir, env = env }, Terminal)
  local r = tmux(self, "new-session", "-d", "-x", tostring(opts.cols or 80), "-y",
    tostring(opts.rows or 24), "-c", opts.cwd or dir, table.unpack(argv))
  if r.status ~= 0 then
    error("tmux: " .. r.stderr)
  end
  return self
end

--- Type a text as it is.
function Terminal:type(text)
  tmux(self, "send-keys", "-l", "--", text)
end

--- Press keys by tmux's names: "Enter", "Tab", "C-c", "Up".
function Terminal:key(...)
  tmux(self, "send-keys", ...)
end

--- Paste a text, as a person does with several lines at once.
function Terminal:paste(text)
  fs.write(self.dir .. "/paste", text)
  tmux(self, "load-buffer", self.dir .. "/paste")
  tmux(self, "paste-buffer", "-p")
end

function Terminal:resize(cols, rows)
  tmux(self, "resize-window", "-x", tostring(cols), "-y", tostring(rows))
end

--- The text on the screen, without blanks at the ends of lines and empty lines at its end.
---@return string
function Terminal:screen()
  return (tmux(self, "capture-pane", "-p").stdout:gsub("%s+$", ""))
end

--- Wait until the screen shows a text (with `pattern`, a Lua pattern); returns the screen.
---@return string
function Terminal:wait(text, pattern)
  local screen
  return wait.until_true(function()
    screen = self:screen()
    return screen:find(text, 1, not pattern) and screen
  end, function()
    return ("%q on the screen:\n%s"):format(text, screen)
  end)
end

--- True if the cursor is visible.
---@return boolean
function Terminal:cursor()
  return tmux(self, "display-message", "-p", "#{cursor_flag}").stdout:find "1" ~= nil
end

-- The program in the window may still write to the directory while it ends.
function Terminal:__close()
  tmux(self, "kill-server")
  wait.until_true(function()
    return (pcall(fs.remove, self.dir, { recursive = true }))
  end, "the programs in the window to end")
end

return M
