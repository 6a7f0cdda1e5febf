return {
  summary = "Show a pipeline with its whole spec.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}" },
  returns = { pipeline_id = "string", name = "string", state = "string", spec = "object",
    ["health?"] = "string|null", ["creator?"] = "string|null", ["run_as?"] = "string|null",
    ["last_modified?"] = "integer",
    ["url?"] = "string", ["latest_updates?"] = { { update_id = "string",
      state = "string", ["creation_time?"] = "string" } } },
  details = [[
The pipeline is named by its id, its exact name, or the beginning of its name if no other name
begins so. All fields are shown, also those that this version of Tarn does not know.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
  },
  examples = {
    { "get 'Sales daily'", "by name" },
    { "get sales -o json", "the exact answer of the API" },
  },
  see = { "list" },

  run = function(ctx, arg)
    local found = ctx.workspace:pipeline(arg.pipeline)
    -- The same fields as in `tarn list`. The API's `run_as` is an object, so it gets another name.
    found.creator = found.creator_user_name
    found.run_as_setting = found.run_as
    found.run_as = found.run_as_user_name
    found.url = require("tarn.workspace").url.pipeline(ctx.workspace, found.pipeline_id)
    return found
  end,
}
