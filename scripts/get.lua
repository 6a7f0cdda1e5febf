local many = require "tarn.many"
local pipelines = require "tarn.pipelines"
local url = require("tarn.workspace").url

local RETURNS <const> = { pipeline_id = "string", name = "string", ["state?"] = "string",
  ["spec?"] = "object", ["error?"] = "object",
  ["health?"] = "string|null", ["creator?"] = "string|null", ["run_as?"] = "object|null",
  ["creator_user_name?"] = "string|null", ["run_as_user_name?"] = "string|null",
  ["last_modified?"] = "integer", ["url?"] = "string",
  ["latest_updates?"] = { { update_id = "string",
    state = "string", ["creation_time?"] = "string" } } }

local function read(ws, id)
  local found = pipelines.answer(ws, id)
  found.creator = found.creator_user_name -- as in `tarn list`
  found.url = url.pipeline(ws, id)
  return found
end

return {
  summary = "Show a pipeline with its whole spec, or many.",
  effect = "read",
  route = { "GET", "/api/dlt/pipelines/{pipeline}", many = "/api/dlt/get" },
  returns = { any = { RETURNS, { RETURNS } } },
  details = [[
The pipeline is named by its id, its exact name, or the beginning of its name if no other name
begins so. All fields are shown, also those that this version of Tarn does not know, under the names
and with the values of the API. Two fields are Tarn's own: `creator`, the API's creator_user_name,
as in `tarn list`, and `url`, the address in the browser. `run_as` is what was set;
run_as_user_name is who the pipeline runs as.

Several names, a glob such as 'dev_*' and --all show many. What is asked for decides, not how many
there are: of many, JSON is a list. A pipeline that cannot be read has the field `error`.]],
  args = {
    { "pipeline", "list", "Id, name, unique beginning of the name, or a glob; several are allowed.",
      optional = true, positional = true, of = "pipeline" },
    { "all", "flag", "Show all pipelines." },
  },
  examples = {
    { "get 'Sales daily'", "by name" },
    { "get sales -o json", "the answer of the API, unchanged" },
    { "get 'dev_*' -o jsonl", "many, each on a line" },
    { "get --all --columns name,spec.catalog", "two fields of all" },
  },
  see = { "list" },

  run = function(ctx, arg)
    local choice = many.choose(ctx, arg, { bare = true })
    if not choice.many then
      return read(ctx.workspace, pipelines.find_id(ctx.workspace, choice.word))
    end
    many.show_each(ctx, function(row, screen)
      screen:heading(screen:clean(row.name or ""))
      screen:fields(row)
    end)
    return many.read(ctx, choice.items, function(item)
      return read(ctx.workspace, item.pipeline_id)
    end)
  end,
}
