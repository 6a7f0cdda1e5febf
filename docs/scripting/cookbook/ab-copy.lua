-- ab-copy.lua: try a change on a copy of a pipeline, and compare the results of expectations.
--
-- The copy publishes to a schema of its own and runs once. `tarn undo` deletes it again.

local tarn = require "tarn"

-- Expectation -> its counts in the newest update of a pipeline. A dataset is named by the last part
-- of its name, since the schemas of pipeline and copy differ.
local function counts(name)
  local found = {}
  for _, row in ipairs(tarn.expectations { pipeline = name, update = "latest" }.results) do
    found[row.dataset:match "[^.]+$" .. ": " .. row.expectation] = row
  end
  return found
end

local function compare(a, b)
  local rows = tarn.json.array {}
  for name, row in pairs(a) do
    local other = b[name]
    rows[#rows + 1] = { expectation = name, a_passed = row.passed, a_failed = row.failed,
      b_passed = other and other.passed, b_failed = other and other.failed,
      differs = not other or other.passed ~= row.passed or other.failed ~= row.failed }
  end
  table.sort(rows, function(x, y) return x.expectation < y.expectation end)
  return rows
end

return {
  summary = "Run a copy of a pipeline in another schema, and compare both counts.",
  effect = "write",
  args = {
    { "pipeline", "pipeline", "Id or name." },
    { "schema", "string", "The schema for the copy.", positional = false },
    { "set", "list", "The change: PATH=VALUE, as in `tarn clone`.", optional = true },
    { "dry_run", "flag", "Only show the plan of the copy." },
  },
  examples = { { "ab-copy orders --schema orders_b --set channel=PREVIEW",
    "try the next runtime" } },
  render = { columns = { "expectation", "a_passed", "a_failed", "b_passed", "b_failed",
    "differs" } },

  run = function(ctx, arg)
    local a = ctx.workspace:pipeline(arg.pipeline).name
    local b = a .. "_b"
    local copy = tarn.clone { pipeline = a, name = b, schema = arg.schema, set = arg.set,
      dry_run = arg.dry_run }
    if arg.dry_run then
      return copy.fields
    end
    local outcome = tarn.trigger { pipeline = copy.new_pipeline_id, wait = true }.outcome
    if outcome ~= "completed" then
      ctx.finish "update_failed"
    end
    return compare(counts(a), counts(copy.new_pipeline_id))
  end,
}
