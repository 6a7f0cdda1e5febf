--- The commands of docs/guide/cloning.md, from top to bottom, with the maps that the page shows.

local cli = require "testing.program"
local fs = require "native.fs"

-- The page's commands and files in their order: { line, status?, killed? }, { file, text }.
local function parts(page)
  local list, file, text = {}, nil, nil
  for line in page:gmatch "([^\n]*)\n" do
    if line == "```lua" then
      text = {}
    elseif line == "```" and text then
      list[#list + 1] = { file = file, text = table.concat(text, "\n") .. "\n" }
      text = nil
    elseif text then
      file = #text == 0 and line:match "^%-%- (%S+)$" or file
      text[#text + 1] = line
    elseif line:find "^    %$ " then
      local command, word = line:match "^    %$ (.-)%s%s+# (.+)$"
      list[#list + 1] = { line = command or line:sub(7), killed = word == "killed",
        status = math.tointeger(tonumber((word or "status 0"):match "^status (%d+)$")) }
    end
  end
  return list
end

-- Runs a command until three parts of it are done, and kills it.
local KILLED <const> = [[
%s >/dev/null 2>&1 &
child=$!
while kill -0 $child && ! "$TARN" journal last | grep -q '[.]3  *done'; do sleep 0.05; done
kill -KILL $child
wait $child]]

test("the commands on the page do what the page says", function(t)
  local dir <close> = cli.dir()
  local shell = { cwd = dir.path, env = { XDG_STATE_HOME = dir.path .. "/state" } }
  local out, commands = {}, 0
  for _, part in ipairs(parts(fs.read "docs/guide/cloning.md")) do
    if part.file then
      dir.write(part.file, part.text)
    else
      -- variables live from one command to the next, as in a terminal
      local line = ('tarn() { "$TARN" "$@"; }\n[ ! -f .id ] || read -r id <.id\n%s\nstatus=$?\n'
        .. 'echo "${id-}" >.id; exit $status'):format(part.line)
      if part.killed then
        line = KILLED:format((part.line:gsub("^tarn", '"$TARN"')))
      end
      local r = cli.shell(line, shell)
      t.equal(r.status, part.killed and 137 or part.status,
        ("%s\n%s%s"):format(part.line, r.stdout, r.stderr))
      out[#out + 1] = r.stdout
      commands = commands + 1
    end
  end
  t.is_true(commands >= 20, commands)
  local left = cli.shell("$TARN -p demo-dr list -o csv", shell).stdout
  t.match(left, "gl_close")
  t.no_match(left, "_copy")
  local all = table.concat(out, "\0")
  for _, words in ipairs { "the target has no catalog 'finance'", "0 need attention",
    "%z%s*created  gl_close", "%z%s*unchanged  gl_close", "%z%s*updated  gl_close", "undone",
    "interrupted", "%d+ created, %d+ unchanged", "\n%d+ unchanged\n",
    "done +delete pipeline 'quickstart_copy'" } do
    t.match(all, words, true)
  end
end)
