local anyspec = require "support.anyspec"
local json = require "native.json"
local selection = require "tarn.updates.selection"

test("an update is all only if nothing says otherwise", function(t)
  for _, case in ipairs {
    { "all", {} },
    { "all", { refresh_selection = json.array {}, full_refresh = false, cluster_id = "c",
      state = "COMPLETED", config = { name = "a" }, parameters = { a = "b" }, mode = "DEFAULT" } },
    { "full refresh", { full_refresh = true } },
    { "validate", { validate_only = true } },
    { "all; development mode", { development = true } },
    { "a,b", { refresh_selection = { "a", "b" } } },
    { "/Workspace/a/b.sql", { refresh_selection_by_path = { "/Workspace/a/b.sql" } } },
    { "a; full: /b.py; reset: f", { refresh_selection = { "a" },
      full_refresh_selection_by_path = { "/b.py" }, reset_checkpoint_selection = { "f" } } },
    { "f where d = 1", { replace_where_overrides = { { flow_name = "f",
      predicate_override = "d = 1" } } } },
    { "rewind to 2026-01-01T00:00:00Z: a,b", { rewind_spec = { rewind_timestamp =
      "2026-01-01T00:00:00Z", datasets = { { identifier = "a" }, { identifier = "b" } } } } },
    { "refresh_flow_selection: f,g", { refresh_flow_selection = { "f", "g" } } },
    { "refresh_everything_twice", { refresh_everything_twice = true } },
    { 'later_thing: {"a":1}', { later_thing = { a = 1 } } },
    { "all", { later_number = 3, later_refresh = false, later_reset = json.null } },
    { "a", { refresh_selection = "a" } },
  } do
    t.equal(selection.text(case[2]), case[1])
  end
end)

-- Fields that do not say what is refreshed.
local SILENT <const> = { cause = true, parameters = true, config = true, cluster_id = true,
  creation_time = true, mode = true, pipeline_id = true, state = true, update_id = true }

test("each field of a start or of an update that selects something is told", function(t)
  local seen = 0
  for _, kind in ipairs { "StartUpdate", "UpdateInfo" } do
    for _, leaf in ipairs(anyspec.leaves(kind)) do
      local field = leaf.keys[1]
      if not SILENT[field] then
        local update = { [field] = leaf.kind == "bool" and #leaf.keys == 1 and true
          or field == "rewind_spec" and { rewind_timestamp = "x" } or { "x" } }
        t.no_match(selection.text(update), "^all$", true)
        seen = seen + 1
      end
    end
  end
  t.is_true(seen > 10, seen)
end)
