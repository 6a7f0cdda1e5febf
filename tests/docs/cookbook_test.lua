--- docs/scripting/cookbook: each script does what it says, against the embedded workspaces.

local program = require "testing.program"
local fs = require "native.fs"
local json = require "native.json"
local pages = require "support.pages"
local walkthrough = require "support.walkthrough"
local workspace = require "testing.workspace"

local PAGE <const> = "docs/scripting/cookbook/README.md"

local DR_MAP <const> = [[return { catalogs = { sales = "sales_dr", finance = "finance_dr",
  iot = "main", ml = "main", dev = "main" }, node_types = function() return "Standard_DS3_v2" end,
  addresses = function() return "lars.nygaard@example.com" end,
  principals = { ["jo.whitfield@example.com"] = "lars.nygaard@example.com",
    ["mei.tanaka@example.com"] = "lars.nygaard@example.com" },
  paths = { ["/Users/ada.okafor@example.com"] = "/Shared/finance" } }]]

-- Both workspaces, as profiles of a config file, and the cookbook as a folder of commands.
local function start_kitchen()
  local w = workspace.start { scenario = "demo", run_ms = 300 }
  local dir = program.dir()
  dir.write("cfg", w:config { here = "demo-token", there = "demo-dr-token",
    lars = "demo-dr-viewer-token" })
  dir.write("dr.lua", DR_MAP)
  for _, name in ipairs(fs.list "docs/scripting/cookbook") do
    if name:find "%.lua$" then
      dir.write("scripts/" .. name, fs.read("docs/scripting/cookbook/" .. name))
    end
  end
  local env = { DATABRICKS_CONFIG_FILE = dir.path .. "/cfg", DATABRICKS_CONFIG_PROFILE = "here",
    TARN_PATH = dir.path, XDG_STATE_HOME = dir.path .. "/state" }
  local k = { w = w, dir = dir }
  -- Run a line with `-o json`; its data, if it ends with that status.
  function k.run(line, status, more)
    for name, value in pairs(more or {}) do
      env[name] = value
    end
    local r = program.shell('"$TARN" -o json ' .. line, { env = env, cwd = dir.path })
    if r.status ~= (status or 0) then
      error(("%s: status %d\n%s%s"):format(line, r.status, r.stdout, r.stderr), 2)
    end
    return json.decode(r.stdout)
  end
  return setmetatable(k, { __close = function()
    getmetatable(w).__close(w)
    getmetatable(dir).__close(dir)
  end })
end

-- The row of a list in which a field has a value.
local function find(rows, field, value)
  for _, row in ipairs(rows) do
    if row[field] == value then
      return row
    end
  end
end

test("promote: a plan is applied only after others have approved it", function(t)
  local k <close> = start_kitchen()
  local promote = "promote %s finance_gl_close --to %s --name gl_close --map dr.lua"
  local function line(action, who) return promote:format(action, who or "there") end
  t.equal(k.run(line "plan").attention, 0)
  t.equal(k.run(line "apply", 9).status, "not enough approvals")
  k.run(line "approve")
  t.equal(k.run(line "apply", 9).status, "not enough approvals", "the author's own does not count")
  k.run(line("approve", "lars"))
  t.equal(k.run(line "apply" .. " --dry-run").status, "would be applied")
  local done = k.run(line "apply")
  t.equal(done.status, "created")
  t.equal(done.by[1], "lars.nygaard@example.com")
  t.equal(k.run("-p there get gl_close").name, "gl_close")
end)

test("promote: a changed plan must be approved again", function(t)
  local k <close> = start_kitchen()
  k.run "promote plan quickstart --to there --map dr.lua"
  k.run "promote approve quickstart --to lars"
  k.run "tag-all a=b --filter quickstart"
  t.match(k.run("promote apply quickstart --to there --map dr.lua", 9).status, "plan and approve")
end)

test("mirror: copies are created and updated, and listed if their pipeline was deleted", function(t)
  local k <close> = start_kitchen()
  local mirror = "mirror --to there --map dr.lua --match 'sales_*' --yes"
  t.equal(k.run(mirror .. " --dry-run").counts.planned, 4)
  local first = k.run(mirror)
  t.equal(first.counts.created, 4)
  t.equal(k.run(mirror).counts.unchanged, 4)
  t.equal(#first.orphans, 0)
  k.run "delete sales_forecast --yes"
  t.equal(k.run(mirror).orphans[1].name, "mirror_sales_forecast")
  t.is_true(k.run(mirror .. " --prune").orphans[1].deleted)
  t.equal(#k.run(mirror).orphans, 0)
end)

test("no-plain-secrets: secrets are found and not shown, and the exit status is 9", function(t)
  local k <close> = start_kitchen()
  local id = k.w:ok("POST", "/api/2.0/pipelines", { name = "leaky", serverless = true,
    catalog = "main", schema = "x", libraries = { { notebook = { path = "/Shared/x" } } },
    configuration = { ["mqtt.password"] = "hunter2hunter2", fine = "{{secrets/a/b}}" } })
  t.is_true(id)
  local rows = k.run("no-plain-secrets leaky", 9)
  t.equal(#rows, 1)
  t.equal(rows[1].setting, 'configuration["mqtt.password"]')
  t.no_match(json.encode(rows), "hunter2")
  t.equal(#k.run "no-plain-secrets quickstart", 0)
end)

test("cost-drivers: costs, or hours without permission to read billing", function(t)
  local k <close> = start_kitchen()
  local rows = k.run "cost-drivers --days 30 -n 3"
  t.equal(#rows, 3)
  t.equal(rows[1].measure, "USD at list price")
  t.is_true(rows[1].amount >= rows[2].amount and rows[2].amount > 0)
  -- no usage is counted twice, although its SKU has prices of other clouds and times
  local price = { ENTERPRISE_JOBS_SERVERLESS_COMPUTE_EU_WEST_1 = 0.45,
    ENTERPRISE_DLT_ADVANCED_COMPUTE = 0.36 }
  local dbus, amount = 0, 0
  for _, used in ipairs(k.run("sql \"SELECT u.sku_name, u.usage_quantity FROM "
    .. "system.billing.usage AS u JOIN system.lakeflow.pipelines AS p "
    .. "ON p.pipeline_id = u.usage_metadata.dlt_pipeline_id WHERE p.name = '"
    .. rows[1].pipeline .. "' AND u.usage_date >= date_sub(current_date(), 30) "
    .. "QUALIFY row_number() OVER (PARTITION BY u.record_id ORDER BY p.change_time) = 1\"")) do
    dbus = dbus + used.usage_quantity
    amount = amount + used.usage_quantity * price[used.sku_name]
  end
  t.equal({ ("%.2f"):format(rows[1].dbus), ("%.2f"):format(rows[1].amount) },
    { ("%.2f"):format(dbus), ("%.2f"):format(amount) })
  k.run("api DELETE /api/2.1/unity-catalog/metastores/4a1f8e0c-6b7d-4c53-9a55-0d2b7c1e9f10/"
    .. "systemschemas/billing")
  rows = k.run "cost-drivers --days 30 -n 3"
  t.equal(rows[1].measure, "hours of updates")
  t.is_true(rows[1].amount > 0)
end)

test("stale: there is one message about a silent pipeline", function(t)
  local k <close> = start_kitchen()
  local rows = k.run("stale --silent 2d --state told.json", 9)
  t.is_true(#rows > 0)
  t.is_true(find(rows, "pipeline", "quickstart") == nil, "it ran today")
  t.equal(#k.run "stale --silent 2d --state told.json", 0)
end)

test("tag-all: tags are set, other settings are kept, and undo restores all", function(t)
  local k <close> = start_kitchen()
  local before = k.run "get sales_orders_etl"
  local rows = k.run "tag-all shelf=cookbook --filter 'sales_*'"
  t.equal(find(rows, "pipeline", "sales_orders_etl").outcome, "tagged")
  local after = k.run "get sales_orders_etl"
  t.equal(after.spec.tags.shelf, "cookbook")
  before.spec.tags = before.spec.tags or {}
  before.spec.tags.shelf = "cookbook"
  t.equal(after.spec, before.spec)
  t.equal(find(k.run "tag-all shelf=cookbook --filter 'sales_*'", "pipeline",
    "sales_orders_etl").outcome, "unchanged")
  local operation = k.run "journal --command tag-all"
  k.run(("undo %s --yes"):format(operation[#operation].id))
  t.equal((k.run("get sales_orders_etl").spec.tags or {}).shelf, nil)
end)

test("tag-all: what is refused is counted, and the status is 1, in the dry run too", function(t)
  local k <close> = start_kitchen()
  for line, outcome in pairs { ["tag-all a=b --dry-run"] = "would be refused",
    ["tag-all a=b"] = "refused" } do
    local rows = k.run(line, 1)
    local row = find(rows, "pipeline", "main.reporting.exec_kpis")
    t.equal(row.outcome, outcome)
    t.match(row.why, "Databricks SQL")
    t.is_true(#rows > 30)
  end
  local done = k.run "journal --command tag-all"
  t.equal(done[#done].status, "partial")
end)

test("move-schedules: jobs of pipelines with copies are created there, paused", function(t)
  local k <close> = start_kitchen()
  k.run "clone --match 'sales_*' --to there --name '*_copy' --map dr.lua --with-sources"
  t.equal(find(k.run "move-schedules --to there --dry-run", "job", "sales nightly").outcome,
    "would be created")
  local rows = k.run "move-schedules --to there"
  t.equal(find(rows, "job", "sales nightly").outcome, "created, paused")
  t.match(find(rows, "job", "quickstart").why, "no copy")
  local job = k.run(("-p there api GET /api/2.2/jobs/get --query job_id=%d")
    :format(find(rows, "job", "sales nightly").job_id))
  t.equal(job.settings.schedule.pause_status, "PAUSED")
  t.equal(#job.settings.tasks, 2)
  t.equal(job.settings.tasks[1].pipeline_task.pipeline_id,
    k.run("-p there get sales_orders_etl_copy").pipeline_id)
  t.equal(find(k.run "move-schedules --to there", "job", "sales nightly").outcome, "exists")
end)

test("ab-copy: a copy runs in a schema of its own, and the counts are compared", function(t)
  local k <close> = start_kitchen()
  t.is_true(#k.run "ab-copy sales_orders_etl --schema orders_b --dry-run" > 5)
  local rows = k.run "ab-copy sales_orders_etl --schema orders_b"
  t.is_true(#rows >= 2)
  t.is_true(rows[1].b_passed ~= nil, json.encode(rows))
  t.equal(k.run("get sales_orders_etl_b").spec.schema, "orders_b")
end)

-- A file of docs/scripting/scripting.md.
local function from_page(k, name)
  local text = pages.file("docs/scripting/scripting.md", name .. ".lua")
  return k.dir.write("page-" .. name .. ".lua", text)
end

test("docs/scripting/scripting.md: its promotion is undone if its run is not good", function(t)
  local k <close> = start_kitchen()
  local line = "run " .. from_page(k, "promote")
    .. " sales_promotions --to there --name promoted --map dr.lua"
  t.equal(#k.run(line .. " --dry-run").attention, 0)
  local refused = k.run(line .. " --least 1", 9)
  t.equal(refused.status, "taken back")
  t.match(refused.why, "passed only")
  t.equal(#k.run "-p there list promoted", 0)
  t.equal(k.run(line .. " --least 0").status, "created")
end)

test("docs/scripting/scripting.md: its promotion stops at what needs attention", function(t)
  local k <close> = start_kitchen()
  local line = "run " .. from_page(k, "promote") .. " finance_gl_close --name new --to there"
  local r = k.run(line, 9)
  t.is_true(#r.attention >= 2)
  t.equal(#k.run "-p there list new", 0)
end)

test("docs/scripting/cookbook/README.md does what it says", function(t)
  local path = "docs/scripting/cookbook/tag-all.lua"
  local walk = walkthrough.run(t, PAGE, { files = { [path] = fs.read(path) } })
  t.match(walk.all, "would change")
end)

test("each script of the cookbook has a test here, and a line on its page", function(t)
  local page, tests = fs.read(PAGE), fs.read "tests/docs/cookbook_test.lua"
  local count = 0
  for _, name in ipairs(fs.list "docs/scripting/cookbook") do
    local script = name:match "^(.*)%.lua$"
    if script then
      count = count + 1
      t.match(page, ("[%s](%s)"):format(script, name))
      t.match(tests, ('test("%s: '):format(script))
    end
  end
  t.is_true(count >= 8, count)
end)
