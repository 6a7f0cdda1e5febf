--- Prompts: what a person often wants from an assistant, said so that it uses the tools well.

local collections = require "base.collections"
local json = require "native.json"
local protocol = require "server.mcp.protocol"

local M = {}

local PIPELINE <const> = { name = "pipeline", required = true,
  description = "The id, the name, or the beginning of the name of a pipeline." }

local PROMPTS <const> = {
  ["why-did-it-fail"] = { title = "Why did it fail?", arguments = { PIPELINE },
    description = "Find the cause of a failed run, and what to do about it.", text = [[
Find out why the pipeline "{pipeline}" failed.

1. Call `updates` for it, and take the newest update whose state is FAILED. Say so if none failed.
2. Call `updates` with `update` set to its id: `causes` has the errors, without stack traces.
3. Call `events` with level=ERROR and update=ID if the causes are not enough, `expectations` if a
   rule was violated, and `lineage` to see what the failed table reads and what waits for it.
4. Call `get` if the cause may be in the settings: cluster, catalog, schema, permissions.

Then say, in this order: what failed and when, the cause with the error's own words, since when it
fails, what it holds up, and one next step. Do not start, stop or change anything.]] },
  ["plan-a-promotion"] = { title = "Plan a promotion",
    arguments = { PIPELINE, { name = "to", required = true,
      description = "The profile of the workspace to promote to." } },
    description = "See what a copy into another workspace would be, before anything is made.",
    text = [[
Plan the promotion of the pipeline "{pipeline}" into the workspace "{to}".

1. Call `get` for the pipeline, and `lineage` for what it reads and writes.
2. Call `clone` with to="{to}" and dry_run=true. If that tool is not switched on, say so: the
   server's --allow write switches it on, and a dry run changes nothing.
3. Read the plan field by field: what is kept, changed, left out, and what wants an answer (a
   catalog, a policy, a warehouse, a path that is not there).

Then list what must be decided, with the choices, and what must exist there first. End with the call
that would do it. Do not make the copy.]] },
  ["what-changed"] = { title = "What changed?",
    arguments = { PIPELINE, { name = "since", required = false,
      description = "A time or an age: 2026-05-01, yesterday, 3d. Default: 1d." } },
    description = "See what changed in a pipeline, its runs and its data.", text = [[
Find out what changed in the pipeline "{pipeline}" since {since}.

1. Call `journal` for what was changed with this program on this machine.
2. Call `events` with since={since} and type=user_action,update_progress for who did what.
3. Call `updates` with since={since}: compare durations, causes of the start, and states.
4. Call `expectations` with since={since} and by=day for rules that got worse.

Then tell the changes in the order of time, with who made them where that is known, and say what
could not be seen.]] },
}

local DEFAULTS <const> = { since = "1d" }

--- All prompts, sorted by name.
---@return table[]
function M.list()
  local list = json.array {}
  for i, name in ipairs(collections.keys(PROMPTS)) do
    local one = PROMPTS[name]
    list[i] = { name = name, title = one.title, description = one.description,
      arguments = json.array(collections.copy(one.arguments)) }
  end
  return list
end

--- The names of a prompt's arguments; nil if there is no such prompt.
---@param name any
---@return string[]?
function M.find_arguments(name)
  return PROMPTS[name] and collections.column(PROMPTS[name].arguments, "name")
end

--- A prompt with its arguments filled in.
---@param params table { name, arguments }
---@return table result
function M.get(params)
  local one = PROMPTS[params.name]
  if not one then
    protocol.refuse(protocol.codes.params,
      ("there is no prompt '%s'"):format(tostring(params.name)))
  end
  local given = type(params.arguments) == "table" and params.arguments or {}
  for _, argument in ipairs(one.arguments) do
    local value = given[argument.name]
    if argument.required and (type(value) ~= "string" or value == "") then
      protocol.refuse(protocol.codes.params, ("the argument '%s' is missing"):format(argument.name))
    end
  end
  local text = one.text:gsub("{(%l+)}", function(name)
    return type(given[name]) == "string" and given[name] or DEFAULTS[name]
  end)
  return { description = one.description, messages = json.array {
    { role = "user", content = { type = "text", text = text } } } }
end

return M
