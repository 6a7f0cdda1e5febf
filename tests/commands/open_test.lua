-- tarn open: the address of a page, and the browser on a terminal.

local journaled = require "support.journaled"
local json = require "native.json"
local program = require "testing.program"
local terminal = require "support.terminal"

local function start()
  local j = journaled.start { run_ms = 100 }
  return j, j.w:pipeline { name = "p", catalog = "main", schema = "s" }
end

local function open(j, ...)
  return j:data { "-p", "there", "open", ... }
end

test("the page is that of the pipeline, an update, a table or the code", function(t)
  local j <close>, id = start()
  local update = j.w:ok("POST", ("/api/2.0/pipelines/%s/updates"):format(id), {}).update_id
  local org = j.side.org_id
  local base = j.w.url
  for _, case in ipairs {
    { {}, ("/pipelines/%s?o=%s"):format(id, org) },
    { { "--update", "last" }, ("/pipelines/%s/updates/%s?o=%s"):format(id, update, org) },
    { { "--update", update:sub(1, 8) }, ("/pipelines/%s/updates/%s?o=%s"):format(id, update, org) },
    { { "--dataset", "t" }, "/explore/data/main/s/t?o=" .. org },
    { { "--dataset", "a.b c.d" }, "/explore/data/a/b%20c/d?o=" .. org },
    { { "--notebook" }, ("/?o=%s#workspace"):format(org) .. j.w:ok("GET",
      "/api/2.0/pipelines/" .. id).spec.libraries[1].notebook.path:gsub("^/Workspace", "") },
  } do
    local data = open(j, "p", table.unpack(case[1]))
    t.equal(data.url, base .. case[2])
    t.equal(data.opened, false)
  end
end)

test("without a terminal the address is printed, alone on its line", function(t)
  local j <close>, id = start()
  local opts = j:options()
  opts.env.BROWSER = "touch " .. j.dir.path .. "/opened"
  local r = program.run({ "-p", "there", "open", "p" }, opts)
  t.equal(r.stdout, ("%s/pipelines/%s?o=%s\n"):format(j.w.url, id, j.side.org_id))
  t.is_nil(j.dir.read "opened")
end)

test("what is not there is refused", function(t)
  local j <close> = start()
  for _, case in ipairs { { 3, "zzz" }, { 3, "p", "--update", "last" },
    { 3, "p", "--update", "abcdef" }, { 2, "p", "--dataset", "a.b.c.d" },
    { 2, "p", "--dataset", "t", "--notebook" } } do
    t.equal(j:run({ "-p", "there", "open", table.unpack(case, 2) }).status, case[1])
  end
end)

test("on a terminal $BROWSER opens the address", function(t)
  local j <close>, id = start()
  local script = j.dir.write("browser.sh", ("echo \"$1\" >%s/opened\n"):format(j.dir.path))
  local opts = j:options()
  local term <close> = terminal.start({ "/bin/sh" }, { cols = 80, rows = 24, env = {
    HOME = opts.home, BROWSER = "sh " .. script, PS1 = "$ " } })
  term:type "$TARN -p there open p"
  term:key "Enter"
  term:wait "opened"
  t.match(j.dir.read "opened", "/pipelines/" .. id)
  term:type "clear; BROWSER=false $TARN -p there open p"
  term:key "Enter"
  term:wait "false ended with status 1"
  term:wait("/pipelines/" .. id:sub(1, 8))
  term:type "clear; BROWSER= DISPLAY= WAYLAND_DISPLAY= $TARN -p there open p"
  term:key "Enter"
  term:wait "no browser was found"
end)

test("get, list and updates have the addresses too", function(t)
  local j <close>, id = start()
  local update = j.w:ok("POST", ("/api/2.0/pipelines/%s/updates"):format(id), {}).update_id
  local url = ("%s/pipelines/%s?o=%s"):format(j.w.url, id, j.side.org_id)
  t.equal(j:data { "-p", "there", "get", "p" }.url, url)
  t.equal(j:data { "-p", "there", "list" }[1].url, url)
  t.match(j:run { "-p", "there", "list", "-ocsv" }.stdout, url)
  local page = ("%s/pipelines/%s/updates/%s?o=%s"):format(j.w.url, id, update, j.side.org_id)
  t.equal(j:data { "-p", "there", "updates", "p" }[1].url, page)
  t.equal(j:data { "-p", "there", "updates", "p*" }[1].url, page)
  t.equal(j:data { "-p", "there", "updates", "p", "--update", update }.url, page)
  t.equal(json.decode(j:run { "-p", "there", "updates", "p", "-ojsonl" }.stdout).url, page)
end)
