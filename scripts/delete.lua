local delete = require "tarn.delete"
local export = require "tarn.export"
local fault = require "base.fault"
local journal = require "tarn.journal"
local many = require "tarn.many"
local stop = require "tarn.stop"

local WHOLE <const> = { whole = true }

-- To delete takes the id or the whole name: the beginning of a name may mean another pipeline
-- later.
local function find(ctx, word)
  local found = ctx.workspace:pipeline(word)
  if found.name ~= word and found.pipeline_id ~= word:lower() then
    fault.usage(ctx.op, ("no pipeline is named '%s'"):format(word),
      ("did you mean '%s' (%s)? `tarn delete` takes the whole name, or the id"):format(found.name,
        found.pipeline_id))
  end
  return found
end

local function tables_word(found, arg)
  return not delete.has_choice(found) and "stay" or arg.tables and "deleted" or "kept"
end

local BUNDLE <const> = "a bundle manages this pipeline; its next deployment will create the "
  .. "pipeline again"

-- What the user should know of the deletion of a pipeline; nil: nothing.
local function find_note(found)
  local deployment, obstacle = found.spec.deployment, export.find_obstacle(found.spec)
  if type(deployment) == "table" and deployment.kind == "BUNDLE" then
    return BUNDLE
  end
  return obstacle and ("`tarn undo` cannot create it again: %s"):format(obstacle) or nil
end

local function warn(ctx, arg, found)
  if arg.tables and not delete.has_choice(found) then
    ctx.warn "--tables has no effect: tables in the Hive metastore are always kept"
  end
  local note = find_note(found)
  if note then
    ctx.warn(note)
  end
end

-- ---- many ----

-- The pipeline as it is now. Refuses one that somebody has renamed since the list was read: the
-- user has not seen the new name.
local function read(ctx, item)
  local found = ctx.workspace:pipeline(item.pipeline_id)
  if found.name ~= item.name then
    fault.raise { kind = "conflict", op = ctx.op, message = ("it has another name by now: '%s'")
      :format(found.name), hint = "it was not deleted" }
  end
  return found
end

local function note_text(note)
  return note or "-"
end

local function row_of(found, arg, status)
  return { status = status, tables = tables_word(found, arg), dry_run = arg.dry_run,
    note = find_note(found) }
end

local function plan_one(ctx, arg, item)
  local found = read(ctx, item)
  delete.ask_hooks(ctx.workspace, found, arg.tables)
  return row_of(found, arg, "would be deleted")
end

local function delete_one(ctx, arg, item, op)
  local found = read(ctx, item)
  return row_of(found, arg, delete.pipeline(ctx.workspace, op, found,
    { tables = arg.tables, force = arg.force }))
end

local function run_many(ctx, arg, items)
  local rows
  if arg.dry_run then
    rows = many.plan(ctx, items, function(item) return plan_one(ctx, arg, item) end)
  else
    rows = many.change(ctx, arg, items, { change = function(item, op)
      return delete_one(ctx, arg, item, op)
    end })
  end
  return many.show(ctx, { "status", "tables", { "note", long = true, text = note_text } }, rows)
end

local function question_of_one(ctx, arg, word)
  local found = find(ctx, word)
  return ("delete the pipeline '%s' (%s, %s) in %s%s."):format(found.name,
    found.pipeline_id, found.state, ctx.workspace.profile or ctx.workspace:host(),
    tables_word(found, arg) == "deleted" and " and its tables" or "; its tables are kept")
end

local RETURNS <const> = { pipeline_id = "string", name = "string", status = "string",
  ["tables?"] = "string", ["dry_run?"] = "boolean", ["operation?"] = "string",
  ["note?"] = "string", ["error?"] = "object" }

return {
  summary = "Delete a pipeline, or many; tables are kept unless --tables is given.",
  effect = "destroy",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/delete", many = "/api/dlt/delete" },
  returns = { any = { RETURNS, { RETURNS } } },
  details = [[
An active update is stopped. The journal keeps the settings and permissions, so that `tarn undo`
can create the pipeline again, with a new id. Tables that are kept belong to no pipeline then.
Tables in the Hive metastore are always kept.

Several names, a glob such as 'tmp_*' and --all delete many, after one question. If one cannot be
deleted, the others are.]],
  args = {
    { "pipeline", "list", "Id, whole name, or a glob; several are allowed.", optional = true,
      positional = true, of = "pipeline" },
    { "all", "flag", "Delete all pipelines." },
    { "tables", "flag", "Delete the pipeline's tables, views and streaming tables, too." },
    { "force", "flag", "Delete the pipeline even if the workspace cannot clean up its resources." },
    { "dry_run", "flag", "Show what would be deleted, and delete nothing." },
  },
  examples = {
    { "delete 'Sales daily (copy)' --dry-run", "show what would be deleted" },
    { "delete 'Sales daily (copy)'", "delete it, and keep its tables" },
    { "delete 6d1f0000-0000-4000-8000-000000000000 --tables --yes",
      "delete it with its tables, without a question" },
    { "delete 'tmp_*' --dry-run", "show which of many would be deleted" },
  },
  see = { "undo", "get" },

  question = function(ctx, arg)
    local choice = many.choose(ctx, arg, WHOLE)
    if not choice.many then
      return question_of_one(ctx, arg, choice.word)
    end
    return many.question(ctx, arg, { what = "delete %s",
      more = arg.tables and " and their tables" or "; their tables are kept",
      note = function(item)
        return ("%s, %s"):format(item.pipeline_id, item.state or "unknown")
      end })
  end,

  run = function(ctx, arg)
    local choice = many.choose(ctx, arg, WHOLE)
    if choice.many then
      return run_many(ctx, arg, choice.items)
    end
    local found = find(ctx, choice.word)
    warn(ctx, arg, found)
    local report = { pipeline_id = found.pipeline_id, name = found.name, dry_run = arg.dry_run,
      status = "would be deleted", tables = tables_word(found, arg) }
    if arg.dry_run then
      delete.ask_hooks(ctx.workspace, found, arg.tables)
      return report
    end
    local op <close> = journal.begin { command = "delete", arg = arg,
      target = stop.side(ctx.workspace, found) }
    report.status = delete.pipeline(ctx.workspace, op, found,
      { tables = arg.tables, force = arg.force })
    report.operation = op.id
    op:finish("done", report)
    return report
  end,
}
