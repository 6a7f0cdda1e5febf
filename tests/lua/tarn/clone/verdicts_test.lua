--- The words of a clone's plan and the settings that are sent agree, field by field.

local anyspec = require "support.anyspec"
local clone = require "tarn.clone"
local json = require "native.json"
local mapping = require "tarn.mapping"
local secrets = require "base.secrets"
local spec = require "tarn.spec"
local verdicts = require "tarn.clone.verdicts"
local workspace = require "testing.workspace"

local APPLICATION <const> = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"

local function same(a, b)
  return json.encode(a == nil and json.null or a) == json.encode(b == nil and json.null or b)
end

-- The rows by their paths; no field has two.
local function by_path(t, rows, why)
  local found = {}
  for _, row in ipairs(rows) do
    t.is_nil(found[row.path], ("%s: two verdicts on %s"):format(why, row.path))
    found[row.path] = row
  end
  return found
end

-- The leaves of settings by their paths.
local function leaves(settings)
  local found = {}
  spec.each(settings, function(keys, value) found[spec.path(keys)] = { value } end)
  return found
end

-- Each verdict is true of the settings, and each field of the settings has a verdict.
local function check_agreement(t, rows, body, why)
  local found, sent = by_path(t, rows, why), leaves(body)
  for path, row in pairs(found) do
    if path ~= "run_as_user_name" and not path:find "^permissions" then
      local says = ("%s: %s %s"):format(why, row.verdict, path)
      if row.to == nil then
        t.is_nil(sent[path], says .. ", and it is sent")
      else
        t.is_true(sent[path], says .. ", and it is not sent")
        t.is_true(same(secrets.mask_at(path, sent[path][1]), row.to), says .. ", and another value "
          .. "is sent")
      end
    end
  end
  for path, leaf in pairs(sent) do
    local row = found[path]
    local emptied = type(leaf[1]) == "table" and next(leaf[1]) == nil
    t.is_true(row and row.to ~= nil or emptied, ("%s: %s is sent without a verdict"):format(why,
      path))
  end
end

local function decide(pipeline, map, more)
  local options = { map = mapping.new(map), name = "copy", same_workspace = false }
  for key, value in pairs(more or {}) do
    options[key] = value
  end
  return verdicts.decide(pipeline, options)
end

-- A key that nobody knows, in every object of the settings.
local function with_unknown_keys(value, depth)
  if spec.is_leaf(value) then
    return value
  end
  for key, item in pairs(value) do
    value[key] = with_unknown_keys(item, depth + 1)
  end
  if not spec.is_list(value) then
    value["x_" .. depth], value["x." .. depth] = json.array { { y = depth } }, "/Workspace/Users/a"
  end
  return value
end

local PRINCIPALS <const> = { { user_name = "a@x.io" }, { group_name = "analysts" },
  { service_principal_name = APPLICATION }, { group_name = "analysts", later_name = "b" }, {},
  { user_name = "a@x.io", group_name = "g" }, json.null }

local MAPS <const> = {
  {},
  { catalog = "other", schema = "elsewhere", path_map = { "/Users/a=/Shared/b" } },
  { set = { "run_as.group_name=others", "photon.x=1", "tags.a=b", "clusters=[]" },
    drop = { "edition", "run_as.user_name" } },
  { set = { "run_as.user_name=" .. APPLICATION, "event_log.name=log", "name=mine",
    'libraries=[{"notebook":{"path":"/Users/a/n"}}]' } },
  { set = { "run_as=null", "run_as.service_principal_name=" .. APPLICATION }, map = {
    principals = { ["a@x.io"] = APPLICATION, analysts = "analysts_dr" } } },
  { map = { principals = { ["a@x.io"] = false, analysts = false, [APPLICATION] = "b@x.io" },
    spec = function(settings) settings.channel, settings.added = nil, { 1 } end } },
}

test("for any settings and any map, the verdicts and the settings agree", function(t)
  for seed = 1, 150 do
    local settings = with_unknown_keys(anyspec.make(seed, "any"), 0)
    settings.run_as = nil
    local pipeline = { pipeline_id = "p", name = "any", spec = settings,
      run_as = PRINCIPALS[seed % #PRINCIPALS + 1],
      parameters = seed % 2 == 0 and { p = "1" } or nil }
    local map = MAPS[seed % #MAPS + 1]
    local why = ("seed %d"):format(seed)
    local decided = decide(pipeline, map, { production = seed % 3 == 0,
      same_workspace = seed % 2 == 0, same_metastore = seed % 2 == 0 })
    check_agreement(t, decided.rows, decided.body, why)
    local found = by_path(t, decided.rows, why)
    spec.each(settings, function(keys)
      t.is_true(found[spec.path(keys)], ("%s: no verdict on %s"):format(why, spec.path(keys)))
    end)
  end
end)

test("a copy runs as the group of its source, or as the principal of the last rule", function(t)
  local function run_as(source, map)
    local decided = decide({ pipeline_id = "p", name = "a", spec = { name = "a" },
      run_as = source }, map or {})
    check_agreement(t, decided.rows, decided.body, json.encode(source))
    return decided.body.run_as
  end
  t.equal(run_as { group_name = "analysts" }, { group_name = "analysts" })
  t.equal(run_as { group_name = "g", later = 1 }, { group_name = "g", later = 1 })
  t.equal(run_as({ user_name = "a@x.io" }, { set = { "run_as.group_name=g" } }),
    { group_name = "g" })
  t.equal(run_as({ group_name = "g" },
    { set = { "run_as.service_principal_name=" .. APPLICATION } }),
    { service_principal_name = APPLICATION })
  t.equal(run_as({ group_name = "g" }, { map = { principals = { g = "h" } } }),
    { group_name = "h" })
  t.equal(run_as({ group_name = "g" }, { drop = { "run_as.group_name" } }), nil)
  t.equal(run_as({ user_name = "a@x.io" }, { map = { principals = { ["a@x.io"] = APPLICATION } } }),
    { service_principal_name = APPLICATION })
  t.equal(run_as(nil, { set = { "run_as.group_name=g" } }), { group_name = "g" })
end)

test("for every pipeline of the demo, the plan and the body that is sent agree", function(t)
  local f <close> = workspace.start { scenario = "demo" }
  local here <close> = workspace.client(f)
  local there <close> = workspace.client(f, nil, "demo-dr-token", "demo-dr")
  local planned = 0
  for row in require("tarn.pipelines").rows(here) do
    local spec_of = here.native:pipeline_get(row.pipeline_id).spec
    for target, map in pairs { [here] = { name = "copy of *", schema = "copies" },
      [there] = { catalog = "sales_dr", set = { "run_as.group_name=analysts" } } } do
      if spec_of.pipeline_type ~= "DBSQL" then
        map.pipeline, map.permissions = row.pipeline_id, true
        local plan = clone.plan(here, target, map)
        check_agreement(t, plan.fields, plan.body, row.name)
        planned = planned + 1
      end
    end
  end
  t.is_true(planned > 60, planned)
end)
