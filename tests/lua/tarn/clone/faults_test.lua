--- A bulk clone under each fault of a workspace, a proxy or a network: the clone succeeds, or it
-- ends with a fault and --resume completes it. Afterwards it is undone completely.

local faults = require "sandbox.http.faults"
local json = require "native.json"
local promotion = require "support.promotion"

local WRITES <const> = {
  { method = "POST", path = "/api/2.0/workspace/mkdirs" },
  { method = "POST", path = "/api/2.0/workspace/import" },
  { method = "POST", path = "/api/2.0/pipelines", nth = 5 }, -- after the dry runs
  { method = "POST", path = "/api/2.0/pipelines", nth = 6 },
  { method = "PUT", path = "/api/2.0/pipelines/*" },
  { method = "PUT", path = "/api/2.0/permissions/*" },
}

local function with(rule, fault, more)
  local all = {}
  for _, fields in ipairs { rule, fault, more } do
    for key, value in pairs(fields) do
      all[key] = value
    end
  end
  return all
end

-- Each kind of write is hit once.
local function each_write_once(fault)
  local rules = {}
  for i, rule in ipairs(WRITES) do
    rules[i] = with(rule, fault, { count = 1 })
  end
  return rules
end

-- One request in eight, whatever it is.
local function some_of_all(fault)
  return { with({ probability = 0.125 }, fault, { count = 8 }) }
end

-- All requests with this method fail.
local function all_from(method)
  return function(fault)
    return { with({ method = method, workspace = "demo-dr" }, fault, {}) }
  end
end

local function check_no_duplicate(t, world, why)
  local rows = world.w.dr.db:query("SELECT name FROM pipelines WHERE deleted IS NULL "
    .. "GROUP BY name HAVING count(*) > 1")
  t.equal(rows, {}, why .. ": two pipelines of one name")
end

local function operation_of(run)
  local ok, data = pcall(json.decode, run.stdout)
  return ok and data.operation or nil
end

local function check(t, rules, why)
  local world <close> = promotion.start()
  local at_first = world:target()
  world.w.server.faults = faults.new(rules)
  local run = world:run(promotion.with("--timeout", "10"))
  world.w.server.faults = faults.new {}
  check_no_duplicate(t, world, why)
  local done = run.status == 0
  if not done then
    t.is_true(run.status < 10, why .. ": " .. run.status .. run.stderr)
    run = world:run(promotion.RESUME)
    if run.status == 3 then
      t.equal(world:target(), at_first, why .. ": nothing was begun")
      run = world:run(promotion.CLONE)
    end
    t.equal(run.status, 0, why .. ", resumed: " .. run.stderr .. run.stdout)
  end
  t.equal(world:target(), promotion.undisturbed(t), why .. (done and "" or ", resumed"))
  local undone = world:run { "undo", operation_of(run), "--yes" }
  t.equal(undone.status, 0, why .. ", undo: " .. undone.stdout .. undone.stderr)
  t.equal(world:target(), at_first, why .. ": undone")
end

local FAULTS <const> = {
  { action = "429", retry_after = 0 }, { action = "503" }, { action = "503_html" },
  { action = "500" }, { action = "500_empty" }, { action = "504" }, { action = "reset_before" },
  { action = "reset_after" }, { action = "truncate" }, { action = "not_json" },
  { action = "html_200" }, { action = "expired_token" }, { action = "403" }, { action = "409" },
  { action = "login_redirect" }, { action = "integer_code" }, { action = "text" },
}

for _, fault in ipairs(FAULTS) do
  test("each kind of write meets " .. fault.action .. " once", function(t)
    check(t, each_write_once(fault), fault.action)
  end)
  if fault.action ~= "403" then -- a refused read is an answer, which the clone reports
    test("one request in eight meets " .. fault.action, function(t)
      check(t, some_of_all(fault), fault.action)
    end)
  end
end

local LASTING <const> = { "expired_token", "403", "login_redirect", "not_json", "integer_code" }

for _, action in ipairs(LASTING) do
  test("all writes to the target meet " .. action, function(t)
    check(t, all_from "POST" { action = action }, action .. " on POST")
    check(t, all_from "PUT" { action = action }, action .. " on PUT")
  end)
end

test("a plan that was refused for a transient reason is completed by --resume", function(t)
  local world <close> = promotion.start()
  world.w.server.faults = faults.new { { action = "not_json", method = "POST", count = 1,
    workspace = "demo-dr", path = "/api/2.0/pipelines" } } -- the workspace's dry run
  local run = world:run(promotion.CLONE)
  t.equal(run.status, 1, run.stderr)
  t.equal(json.decode(run.stdout).counts.refused, 1, run.stdout)
  run = world:run(promotion.RESUME)
  t.equal(run.status, 0, run.stderr)
  t.equal(world:target(), promotion.undisturbed(t))
end)

test("sources that cannot be read are reported for each pipeline", function(t)
  local world <close> = promotion.start()
  world.w.server.faults = faults.new { { action = "403", method = "GET", workspace = "demo",
    path = "/api/2.0/workspace/export" } }
  local run = world:run(promotion.with("--exclude", "*_a", "--exclude", "*_c",
    "--exclude", "*_d"))
  t.equal(run.status, 1, run.stderr)
  local result = json.decode(run.stdout).results[1]
  t.equal(result.status, "partial")
  local paths = {}
  for i, item in ipairs(result.not_copied) do
    paths[i] = item.path
    t.match(item.reason, "does not have permission")
  end
  t.equal(paths, { "/Shared/code/a", "/Shared/code/b/one.sql" })
end)
