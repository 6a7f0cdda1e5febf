local pipelines = require "tarn.pipelines"
local url = require("tarn.workspace").url

return {
  summary = "Show a pipeline with its whole spec.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}" },
  returns = { pipeline_id = "string", name = "string", state = "string", spec = "object",
    ["health?"] = "string|null", ["creator?"] = "string|null", ["run_as?"] = "object|null",
    ["creator_user_name?"] = "string|null", ["run_as_user_name?"] = "string|null",
    ["last_modified?"] = "integer", ["url?"] = "string",
    ["latest_updates?"] = { { update_id = "string",
      state = "string", ["creation_time?"] = "string" } } },
  details = [[
The pipeline is named by its id, its exact name, or the beginning of its name if no other name
begins so. All fields are shown, also those that this version of Tarn does not know, under the names
and with the values of the API. Two fields are Tarn's own: `creator`, the API's creator_user_name,
as in `tarn list`, and `url`, the address in the browser. `run_as` is what was set;
run_as_user_name is who the pipeline runs as.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
  },
  examples = {
    { "get 'Sales daily'", "by name" },
    { "get sales -o json", "the answer of the API, unchanged" },
  },
  see = { "list" },

  run = function(ctx, arg)
    local ws = ctx.workspace
    local id = pipelines.find_id(ws, arg.pipeline)
    local found = pipelines.answer(ws, id)
    found.creator = found.creator_user_name -- as in `tarn list`
    found.url = url.pipeline(ws, id)
    return found
  end,
}
