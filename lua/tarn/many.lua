--- One command for many pipelines: which ones, one question, and a row for each.
--
--     local many = require "tarn.many"
--     return { summary = "Show the states of many.", effect = "read", args = {},
--       run = function(ctx)
--         local chosen = many.choose(ctx, { pipeline = "sales_*" })
--         return many.read(ctx, chosen.items, function(item)
--           return { state = ctx.workspace:pipeline(item.pipeline_id).state }
--         end)
--       end }
--
-- A pipeline that fails does not stop the others: its row has the error. The exit status is that of
-- the failures if all are of one kind, else 1.

local fault = require "base.fault"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local runs = require "tarn.many.run"

local M = {}

local SHOWN <const> = 12 -- pipelines in a question

local chosen = setmetatable({}, { __mode = "k" }) -- context -> choice

--- The pipelines that a command is asked for, by its arguments `pipeline` and `all`: one, or many.
-- What the question of a command has shown is what its run gets.
---@param ctx tarn.Context
---@param arg tarn.Asked
---@param opts? { whole?: boolean, list?: boolean, bare?: boolean } as for tarn.pipelines.choose
---@return tarn.Choice
function M.choose(ctx, arg, opts)
  if ctx.literal then
    return { many = false, word = arg.pipeline[1], items = {} }
  end
  chosen[ctx] = chosen[ctx] or pipelines.choose(ctx.workspace, ctx.op, arg, opts)
  return chosen[ctx]
end

---@class tarn.ManyQuestion
---@field what string   what happens, with %s for the number of pipelines: "stop %s"
---@field more? string  what is said behind the workspace: "; their tables are kept"
---@field note fun(item: table): string        what stands behind a name
---@field affects? fun(item: table): boolean   default: all

--- What a command asks before it changes many pipelines: which ones, and how many. False if it is
-- asked for one pipeline, or none would be changed.
---@param ctx tarn.Context
---@param arg tarn.Asked
---@param opts tarn.ManyQuestion
---@return string|false
function M.question(ctx, arg, opts)
  local choice = not ctx.literal and pipelines.may_be_many(arg) and M.choose(ctx, arg)
  if not choice or not choice.many then
    return false
  end
  local lines, n = {}, 0
  for _, item in ipairs(choice.items) do
    if not opts.affects or opts.affects(item) then
      n = n + 1
      lines[#lines + 1] = n <= SHOWN and ("\n  %s  (%s)"):format(item.name or "", opts.note(item))
        or nil
    end
  end
  lines[#lines + 1] = n > SHOWN and ("\n  and %d more; --dry-run shows all"):format(n - SHOWN)
    or nil
  return n > 0 and ("%s in %s%s:%s\n"):format(opts.what:format(runs.count(n)),
    ctx.workspace.profile or ctx.workspace:host(), opts.more or "", table.concat(lines))
end

--- Ask something about each pipeline, many at once. `f` returns the fields of a row, or a table
-- that is the row itself, with its `pipeline_id`. If `f` raises a fault, the row has the field
-- `error`.
---@param ctx tarn.Context
---@param items table[] of a choice
---@param f fun(item: table): table
---@return fun(): table? next, nil, nil, table closing the rows, in the order of the items
function M.read(ctx, items, f)
  local run = runs.new(ctx, items)
  local function one(item)
    local fields, e
    if run.fatal then
      e = run.fatal
    else
      fields, e = fault.try(f, item)
    end
    if fields and fields.pipeline_id then
      return fields
    end
    local row = runs.row(item, fields)
    if e then
      run:fail(row, e)
    end
    return row
  end
  local next_row, state, first, closing = pool.stream(items, one, runs.limits(ctx))
  return function()
    local row = next_row(state, first)
    if row then
      run:progress(row)
    elseif not run.over then
      run.over = true
      run:finish()
    end
    return row
  end, nil, nil, closing
end

--- What a change would do to each pipeline: as `read`, as a list of rows with `dry_run`.
---@param ctx tarn.Context
---@param items table[] of a choice
---@param f fun(item: table): table the fields of a row
---@return table[] rows
function M.plan(ctx, items, f)
  local rows = json.array {}
  for row in M.read(ctx, items, f) do
    row.status, row.dry_run = row.status or "failed", true
    rows[#rows + 1] = row
  end
  return rows
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  change = "tarn.many.change:run",
  wait = "tarn.many.change:wait",
  show = "tarn.many.show:show",
  show_each = "tarn.many.show:show_each",
  count = "tarn.many.run:count",
})
