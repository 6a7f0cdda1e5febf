return {
  summary = "Show one pipeline with its whole spec.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}" },
  returns = { pipeline_id = "string", name = "string", state = "string", spec = "object",
    ["health?"] = "string|null", ["creator?"] = "string|null", ["run_as?"] = "string|null",
    ["last_modified?"] = "integer", ["latest_updates?"] = { { update_id = "string",
      state = "string", ["creation_time?"] = "string" } } },
  details = [[
The pipeline is named by its id, its exact name, or the beginning of its name if only one
begins so. Nothing is dropped: fields that this version does not know are shown as they came.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
  },
  examples = {
    { "get 'Sales daily'", "by name" },
    { "get sales -o json", "the whole answer, exactly" },
  },
  see = { "list" },

  run = function(ctx, arg)
    local found = ctx.workspace:pipeline(arg.pipeline)
    -- The words of `tarn list` beside the API's own. `run_as` is a name there, and an object
    -- here if it was set explicitly: that one is kept under another name.
    found.creator = found.creator_user_name
    found.run_as_setting = found.run_as
    found.run_as = found.run_as_user_name
    return found
  end,
}
