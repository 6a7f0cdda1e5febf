--- A page of the documentation from its first command to its last, in one shell, in a home of its
-- own: how the commands end and what they print is held against the page.
--
-- A line `...` in what a command prints stands for any lines. Numbers, ids and durations match
-- any others. UPDATE_GOLDEN=1 writes what is printed into the page.

local program = require "testing.program"
local fs = require "native.fs"
local pages = require "support.pages"
local workspace = require "testing.workspace"

local M = {}

-- ---- the page as a text for the shell ----

-- Commands of which the pages speak and which change the machine itself.
local NOT_RUN <const> = { "^%./dev ", "^cmake ", "^systemctl " }

local function is_run(command)
  for _, pattern in ipairs(NOT_RUN) do
    if command:find(pattern) then
      return false
    end
  end
  return true
end

-- What would go on until Ctrl-C ends when it has caught up.
local function bound(command)
  local function add(options)
    local line, comment = command:match "^(.-)(%s+#.*)$"
    return (line or command) .. options .. (comment or "")
  end
  if command:find "%-%-follow" and not command:find "%-%-once" then
    return add " --once"
  elseif command:find "%-%-watch" and not command:find "%-%-refreshes" then
    return add " --refreshes 2 --interval 1"
  end
  return command
end

local PRELUDE <const> = [[
set -u
mkdir -p "$HOME" bin build
ln -s "$TARN" bin/tarn; ln -s "$TARN" build/tarn
PATH=$PWD/bin:$PATH; pids=
# Waits until the log of the server that was started last says where it listens, and has stopped
# growing. Status 1: the server has ended.
wait_for() {
  old=
  while new=$(sed -n '/^listening on /,$p' "$1" 2>/dev/null); [ -z "$new" ] || [ "$new" != "$old" ]
  do
    old=$new; kill -0 $! 2>/dev/null || return 1
    sleep 0.2
  done
}
]]

local CODA <const> = [[
for pid in $pids; do kill "$pid"; done
for pid in $pids; do
  wait "$pid"; status=$?
  case $status in 0 | 130) ;; *) echo "$status" >>.ended ;; esac
done
:
]]

local STEP <const> = [[
echo %d >.at
{
%s
} >.out.%d %s </dev/null
echo $? >.status.%d
]]

local function add_step(lines, n, part, opts)
  local command = bound(part.command)
  command = opts.change and opts.change(command) or command
  lines[#lines + 1] = STEP:format(n, command, n, part.shown and "2>&1" or "2>.err." .. n, n)
  local log = command:match "2>(%S+) &$"
  if log then
    lines[#lines + 1] = ('pids="$pids $!"; wait_for %s || echo 99 >.status.%d'):format(log, n)
  end
end

local function add_file(lines, part)
  local path = part.file:gsub("^~/", "$HOME/")
  lines[#lines + 1] = ('mkdir -p "$(dirname "%s")"; cat >"%s" <<\'END_OF_FILE\'\n%sEND_OF_FILE')
    :format(path, path, part.text)
end

-- The page as a text for the shell, and the commands in it.
local function script_of(page, opts)
  local lines, commands = { PRELUDE, opts.before or "" }, {}
  for _, part in ipairs(pages.parts(page)) do
    if part.file then
      add_file(lines, part)
    elseif is_run(part.command) then
      commands[#commands + 1] = part
      add_step(lines, #commands, part, opts)
    end
  end
  lines[#lines + 1] = opts.after or ""
  lines[#lines + 1] = CODA
  return table.concat(lines, "\n"), commands
end

-- Profiles that pages name beside the embedded ones, and the tokens that choose the workspaces.
local PROFILES <const> = { dev = "demo-token", prod = "demo-token", dr = "demo-dr-token" }


-- ---- what is printed ----

local UUID <const> = ("x-x-x-x-x"):gsub("x", "%%x%%x%%x%%x+")

-- What takes the place of what differs from one run to the next, in this order.
local NORMAL <const> = {
  { "%d%d%d%d%-%d%d%-%d%d[T ][%d:.]+Z?", "TIME" }, { UUID, "ID" },
  { "%f[%w]%d%d%d%d%d%d%-%w%w%w%w%f[%W]", "OPERATION" }, { "%f[%w]%x*%d%x*%f[%W]", "0" },
  { "0%.0", "0" }, { "0 h 0 min", "0 s" }, { "0 min 0 s", "0 s" }, { "0 m?s%f[%W]", "0 s" },
  { "\u{2500}", "" }, { "\xE2\x96[\x81-\x88]", "" }, { "%s+", " " }, { "%s$", "" },
}

local function normal(line)
  for _, pair in ipairs(NORMAL) do
    line = line:gsub(pair[1], pair[2])
  end
  return line
end

-- How many lines from `at` on are the one that is shown: 1, 2, or nil. The home of a run has a
-- longer name than /home/ada, so that a line may be broken that the page has whole.
local function find_span(lines, at, shown)
  local line, rest = lines[at], lines[at + 1]
  if not line then
    return nil
  elseif normal(line) == normal(shown) then
    return 1
  end
  return rest and rest:find "^ " and normal(line .. " " .. rest) == normal(shown) and 2 or nil
end

-- True if lines from `at` on are what is shown from `from` on.
local function fits(lines, at, shown, from)
  while shown[from] do
    if shown[from] == "..." then
      for i = at, #lines + 1 do
        if fits(lines, i, shown, from + 1) then
          return true
        end
      end
      return false
    end
    local span = find_span(lines, at, shown[from])
    if not span then
      return false
    end
    at, from = at + span, from + 1
  end
  return at == #lines + 1
end

local function lines_of(text)
  local lines = {}
  text = (text == "" or text:sub(-1) == "\n") and text or text .. "\n"
  for line in text:gmatch "([^\n]*)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

-- As many lines of what was printed as the page shows before its first "...", or all.
local function shorten(lines, shown)
  for i, line in ipairs(shown) do
    if line == "..." and lines[i] then
      local short = table.move(lines, 1, math.max(i - 1, 1), 1, {})
      short[#short + 1] = "..."
      return short
    end
  end
  return lines
end

-- Write what was printed into the page, from its end on, so that numbers of lines stay true.
local function update(page, commands)
  local text = lines_of(fs.read(page))
  for i = #commands, 1, -1 do
    local part = commands[i]
    if part.shown and not fits(part.printed, 1, part.shown, 1) then
      for _ = 1, #part.shown do
        table.remove(text, part.first)
      end
      local new = shorten(part.printed, part.shown)
      for n = #new, 1, -1 do
        table.insert(text, part.first, new[n])
      end
    end
  end
  fs.write(page, table.concat(text, "\n") .. "\n")
end

-- ---- running ----

---@class tests.WalkOptions
---@field env? table<string, string|false>
---@field files? table<string, string> written before the first command, by their names
---@field before? string  shell before the first command
---@field after? string   shell behind the last one, before servers are ended
---@field change? fun(command: string): string what runs in a command's place
---@field timeout? integer seconds for all commands (default 120)

---@class tests.Walk what a page has left
---@field out table<string, string>   what a command printed on stdout, by its text
---@field err table<string, string>   the same for stderr
---@field all string                  what all of them printed on stdout
---@field count integer               how many there were
---@field left table<string, string>  the files in the folder, by their names

-- The files of a folder. The home has the same name in all runs.
local function read_files(folder, home)
  local files = {}
  for _, name in ipairs(fs.list(folder)) do
    if fs.find_stat(folder .. "/" .. name).type == "file" then
      files[name] = fs.read(folder .. "/" .. name):gsub(home:gsub("%p", "%%%0"), "/home/ada")
    end
  end
  return files
end

-- Runs the text in a new folder; gives the files that it has left there.
local function run_shell(t, text, opts)
  local dir <close> = program.dir()
  local w <close> = workspace.start { scenario = "demo", run_ms = 300 }
  dir.write("home/.databrickscfg", w:config(PROFILES))
  dir.write("work/.at", "0")
  for name, content in pairs(opts.files or {}) do
    dir.write("work/" .. name, content)
  end
  local env = { COLUMNS = "120", XDG_STATE_HOME = false }
  for name, value in pairs(opts.env or {}) do
    env[name] = value
  end
  local r = program.shell(text, { env = env, home = dir.path .. "/home", cwd = dir.path .. "/work",
    timeout = opts.timeout or 120 })
  local left = read_files(dir.path .. "/work", dir.path .. "/home")
  t.equal({ r.status, r.stderr }, { 0, "" }, "the shell, in command " .. left[".at"])
  t.is_nil(left[".ended"], "a server did not end in order")
  return left
end

local function compare(t, page, commands)
  if os.getenv "UPDATE_GOLDEN" then
    return update(page, commands)
  end
  for _, part in ipairs(commands) do
    if part.shown then
      t.is_true(fits(part.printed, 1, part.shown, 1), ("%s: %s prints\n%s\nin place of\n%s")
        :format(page, part.command, table.concat(part.printed, "\n"),
          table.concat(part.shown, "\n")))
    end
  end
end

--- Run a page's commands, in their order.
---@param t table the test
---@param page string path
---@param opts? tests.WalkOptions
---@return tests.Walk
function M.run(t, page, opts)
  opts = opts or {}
  t.timeout((opts.timeout or 120) + 30)
  local text, commands = script_of(page, opts)
  local left = run_shell(t, text, opts)
  local walk, all = { out = {}, err = {}, count = #commands, left = left }, {}
  for i, part in ipairs(commands) do
    local out, err = left[".out." .. i], left[".err." .. i] or ""
    t.equal(tonumber(left[".status." .. i]), part.status, ("%s: %s\n%s%s")
      :format(page, part.command, out, err))
    part.printed = lines_of(out)
    walk.out[part.command], walk.err[part.command], all[i] = out, err, out
  end
  compare(t, page, commands)
  walk.all = table.concat(all, "\0")
  return walk
end

return M
