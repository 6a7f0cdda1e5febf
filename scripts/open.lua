local fault = require "base.fault"
local workspace = require "tarn.workspace"

local pages = {}

function pages.update(ctx, found, arg)
  local update = arg.update
  if update == "last" then
    local newest = (found.latest_updates or {})[1]
    update = newest and newest.update_id
      or fault.not_found(ctx.op, ("'%s' has no update yet"):format(found.name))
  else
    local active, over = require("tarn.stop").find_update(ctx.workspace, found, update)
    update = (active or over).update_id
  end
  return workspace.url.update(ctx.workspace, found.pipeline_id, update)
end

-- The three parts of a table's name; the pipeline's settings complete a short name.
function pages.dataset(ctx, found, arg)
  local spec, parts = found.spec or {}, {}
  for part in arg.dataset:gmatch "[^.]+" do
    parts[#parts + 1] = part
  end
  if #parts == 0 or #parts > 3 then
    fault.usage(ctx.op, ("--dataset: '%s' is not the name of a table"):format(arg.dataset))
  end
  if #parts == 1 then
    table.insert(parts, 1, spec.schema or spec.target or fault.usage(ctx.op,
      "--dataset: the pipeline has no schema of its own", "give the whole name"))
  end
  if #parts == 2 then
    table.insert(parts, 1, spec.catalog or "hive_metastore")
  end
  return workspace.url.table(ctx.workspace, table.unpack(parts))
end

function pages.notebook(ctx, found)
  local first
  for _, library in ipairs(found.spec.libraries or {}) do
    local named = library.notebook or library.file
    local path = named and named.path or library.glob and library.glob.include
    if path and first then
      ctx.warn("the pipeline has other code, too: " .. path)
    end
    first = first or path
  end
  return workspace.url.object(ctx.workspace, (first or found.spec.root_path
    or fault.not_found(ctx.op, ("'%s' has no code in the workspace"):format(found.name)))
    :gsub("/%*+$", ""))
end

local function page_of(ctx, found, arg)
  local chosen
  for _, name in ipairs { "update", "dataset", "notebook" } do
    if arg[name] then
      if chosen then
        fault.usage(ctx.op, ("--%s and --%s do not go together"):format(chosen, name))
      end
      chosen = name
    end
  end
  return chosen and pages[chosen](ctx, found, arg)
    or workspace.url.pipeline(ctx.workspace, found.pipeline_id)
end

return {
  summary = "Open a pipeline in the browser, or print the address of its page.",
  effect = "read",
  endless = true,
  returns = { pipeline_id = "string", name = "string", url = "string", opened = "boolean" },
  details = [[
The browser is $BROWSER, else that of the desktop. The address is printed if there is no browser,
if standard output is no terminal, with another format than text, and with --print.

`tarn get`, `tarn list -o json` and `tarn updates -o json` have the addresses, too.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "update", "string", "Open this update: its id, or last.", optional = true, value = "ID",
      of = "update" },
    { "dataset", "string", "Open this table in the catalog explorer.", optional = true,
      value = "NAME", of = "dataset" },
    { "notebook", "flag", "Open the code." },
    { "print", "flag", "Print the address, and open nothing." },
  },
  examples = {
    { "open sales", "open the pipeline" },
    { "open sales --update last", "open its newest update" },
    { "open sales --dataset gold_orders --print", "print the address of a table" },
  },
  see = { "get", "updates" },
  render = { text = function(data, screen)
    screen:line(data.opened and "opened  " or "", data.url)
  end },

  run = function(ctx, arg)
    local found = ctx.workspace:pipeline(arg.pipeline)
    local report = { pipeline_id = found.pipeline_id, name = found.name, opened = false,
      url = page_of(ctx, found, arg) }
    local is_text = (ctx.options.output or "text") == "text"
    if not arg.print and is_text and not ctx.called and workspace.browser.is_at_hand() then
      local why = workspace.browser.open(report.url)
      report.opened = why == nil
      if why then
        ctx.warn(why)
      end
    end
    return report
  end,
}
