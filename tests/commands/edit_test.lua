-- tarn edit: settings in the user's editor, which here is a line of shell.

local fs = require "native.fs"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"
local program = require "testing.program"
local terminal = require "support.terminal"

local PATH <const> = "/api/2.0/pipelines"

local function start(more)
  local spec = { name = "p", catalog = "main", schema = "s",
    configuration = { ["mqtt.password"] = "hunter2hunter2" } }
  for key, value in pairs(more or {}) do
    spec[key] = value
  end
  return journaled.with_pipeline(spec)
end

-- Write an editor: a program whose $1 is the file.
local function editor(j, script)
  local path = j.dir.write("editor.sh", script .. "\n")
  return "sh " .. path
end

local function edit(j, script, ...)
  local opts = j:options()
  opts.env.VISUAL = editor(j, script)
  local r = program.run({ "-p", "there", "-ojson", "edit", "p", "--yes", ... }, opts)
  return r, r.status == 0 and json.decode(r.stdout) or nil
end

-- The file that a message says is kept.
local function kept(t, r)
  t.match(r.stderr, "the text is kept")
  return r.stderr:match "%-%-from ([^` ]+)`"
end

test("what the editor changes is sent, and undo restores it", function(t)
  local j <close>, id = start()
  local before = j:spec(id)
  j:forget()
  local r, data = edit(j, [[sed -i 's/^schema: s$/schema: t/' "$1"; echo 'photon: true' >>"$1"]])
  t.equal(r.status, 0, r.stderr)
  t.equal({ data.status, data.changes[1].path, data.changes[2].path },
    { "changed", "schema", "photon" })
  t.equal(j:changes(), { "PUT " .. PATH .. "/" .. id })
  t.equal({ j:spec(id).schema, j:spec(id).photon }, { "t", true })
  t.equal(journal.find "last".command, "edit")
  j:data { "undo", "last", "--yes" }
  t.equal(j:spec(id), before)
end)

test("the text tells what can be changed, is readable by its owner alone, and has no secrets",
  function(t)
    local j <close> = start()
    local r, data = edit(j, ([[cp "$1" %s/seen; stat -c %%a "$1" >%s/mode]]):format(j.dir.path,
      j.dir.path))
    t.equal(r.status, 0, r.stderr)
    t.equal(data.status, "unchanged")
    local text = j.dir.read "seen"
    t.match(text, "# The settings of 'p'")
    t.match(text, "# catalog: where tables are published")
    t.match(text, "# Not set:\n#")
    t.match(text, "photon")
    t.is_nil(text:find "hunter2")
    t.is_nil(text:find "\nid:")
    t.equal(j.dir.read "mode", "600\n")
    t.equal(j:changes(), {})
  end)

test("a secret that is left stays, and one that is replaced is sent", function(t)
  local j <close>, id = start { configuration = { ["a.password"] = "hunter2hunter2",
    ["b.password"] = "secondsecond" } }
  local r = edit(j, [[sed -i -e '/a.password/d' -e 's/^schema: s$/schema: t/' "$1"]])
  t.equal(r.status, 0, r.stderr)
  t.equal(j:spec(id).configuration, { ["b.password"] = "secondsecond" })
  r = edit(j, [[sed -i 's/\(b.password[^:]*: \).*/\1new-secret-value/' "$1"]])
  t.equal(r.status, 0, r.stderr)
  t.equal(j:spec(id).configuration, { ["b.password"] = "new-secret-value" })
end)

test("an editor that fails sends nothing", function(t)
  local j <close> = start()
  local r = edit(j, "exit 3")
  t.equal(r.status, 1)
  t.match(r.stderr, "ended with status 3, so nothing is sent")
  t.is_nil(r.stderr:find "kept")
  r = edit(j, [[echo 'photon: true' >>"$1"; exit 1]])
  t.match(fs.read(kept(t, r)), "photon: true")
  fs.remove(kept(t, r):match "^(.*)/", { recursive = true })
  t.equal(j:changes(), {})
end)

test("a text that is no YAML is kept, and --from begins with it", function(t)
  local j <close>, id = start()
  local r = edit(j, [[echo 'photon: [' >>"$1"]])
  t.equal(r.status, 1)
  t.match(r.stderr, "line ")
  local path = kept(t, r)
  t.equal(j:changes(), {})
  r = edit(j, [[sed -i 's/photon: .*/photon: true/' "$1"]], "--from", path)
  t.equal(r.status, 0, r.stderr)
  t.equal(j:spec(id).photon, true)
  fs.remove(path:match "^(.*)/", { recursive = true })
end)

test("a change by somebody else is a conflict, and the text is kept", function(t)
  local j <close>, id = start()
  j.on_request = function(request, answer)
    if request.method == "PUT" then
      j.on_request = nil
      j.w:ok("PUT", PATH .. "/" .. id, { name = "p", catalog = "main", schema = "other",
        libraries = { { notebook = { path = "/Shared/x" } } } })
    end
    return answer()
  end
  local r = edit(j, [[echo 'photon: true' >>"$1"]])
  t.equal(r.status, 5, r.stdout)
  t.match(fs.read(kept(t, r)), "photon: true")
  fs.remove(kept(t, r):match "^(.*)/", { recursive = true })
  t.equal(j:spec(id).schema, "other")
end)

test("what the workspace refuses is kept too", function(t)
  local j <close> = start()
  local r = edit(j, [[echo 'clusters: [{label: default}]' >>"$1"]])
  t.equal(r.status, 1, r.stdout)
  t.match(r.stderr, "cluster settings")
  fs.remove(kept(t, r):match "^(.*)/", { recursive = true })
end)

test("a dry run changes nothing", function(t)
  local j <close>, id = start()
  local r, data = edit(j, [[echo 'photon: true' >>"$1"]], "--dry-run")
  t.equal(r.status, 0, r.stderr)
  t.equal(data.status, "would be changed")
  fs.remove(kept(t, r):match "^(.*)/", { recursive = true })
  t.is_nil(j:spec(id).photon)
  t.is_nil(journal.operations()())
end)

test("without a terminal and --yes the editor does not open", function(t)
  local j <close> = start()
  local opts = j:options()
  opts.env.VISUAL = editor(j, ("touch %s/opened"):format(j.dir.path))
  local r = program.run({ "-p", "there", "edit", "p" }, opts)
  t.equal(r.status, 2)
  t.is_nil(j.dir.read "opened")
end)

-- A window of 80x24 in which the program runs with that editor.
local function window(j, script)
  local opts = j:options()
  return terminal.start({ "/bin/sh" }, { cols = 80, rows = 24, env = { HOME = opts.home,
    XDG_STATE_HOME = opts.env.XDG_STATE_HOME, TMPDIR = j.dir.path, VISUAL = editor(j, script),
    PS1 = "$ " } })
end

test("on a terminal the changes are shown, and one question is asked", function(t)
  local j <close>, id = start()
  local term <close> = window(j, [[echo 'photon: true' >>"$1"]])
  term:type "$TARN -p there edit p"
  term:key "Enter"
  term:wait "photon: (not set) -> true"
  term:wait "Send 1 change to there?"
  term:type "n"
  term:key "Enter"
  term:wait "nothing was sent"
  t.equal(j:changes(), {})
  term:type "clear; $TARN -p there edit p"
  term:key "Enter"
  term:wait "Send 1 change"
  term:type "y"
  term:key "Enter"
  term:wait "changed  p"
  t.equal(j:spec(id).photon, true)
end)

test("on a terminal a mistake can be mended in the editor", function(t)
  local j <close>, id = start()
  local term <close> = window(j, [[
    if grep -q '^photon' "$1"; then sed -i 's/^photon:.*/photon: true/' "$1"
    else echo 'photon: [' >>"$1"; fi]])
  term:type "$TARN -p there edit p"
  term:key "Enter"
  term:wait "Edit it again?"
  term:key "Enter"
  term:wait "Send 1 change"
  term:type "y"
  term:key "Enter"
  term:wait "changed  p"
  t.equal(j:spec(id).photon, true)
end)

test("Ctrl-C at the question sends nothing and keeps the text", function(t)
  local j <close> = start()
  local term <close> = window(j, [[echo 'photon: true' >>"$1"]])
  term:type "$TARN -p there edit p"
  term:key "Enter"
  term:wait "Send 1 change"
  term:key "C-c"
  term:wait "is kept"
  t.equal(j:changes(), {})
end)
