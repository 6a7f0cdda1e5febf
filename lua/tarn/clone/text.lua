--- Show plans and reports of clones as text.

local cell = require "output.render.cell"

local M = {}

local STYLES <const> = { set = "cyan", mapped = "cyan", dropped = "yellow", attention = "yellow" }
local LABELS <const> = { attention = "ATTENTION" }
local LABEL_WIDTH <const> = 9
local MAX_PATH <const> = 48

local function value_text(out, value)
  return value == nil and "(none)" or cell.text(out, "", value)
end

local function change_text(out, row)
  local from, to = value_text(out, row.from), value_text(out, row.to)
  if row.verdict == "dropped" or row.from ~= nil and row.to == nil then
    return from
  elseif row.from == nil then
    return to
  elseif from == to then
    return from
  end
  return from .. " -> " .. to
end

local function note(row)
  if row.reason and row.rule then
    return ("%s (%s)"):format(row.reason, row.rule)
  end
  return row.reason or row.rule and ("by %s"):format(row.rule)
end

local function path_width(rows)
  local width = 0
  for _, row in ipairs(rows) do
    width = math.max(width, #row.path <= MAX_PATH and #row.path or 0)
  end
  return width
end

local function show_fields(out, rows)
  local width = path_width(rows)
  for _, row in ipairs(rows) do
    local label = out:style(STYLES[row.verdict] or "dim",
      out:pad(LABELS[row.verdict] or row.verdict, LABEL_WIDTH))
    local value = change_text(out, row)
    out:flow(LABEL_WIDTH + 4, (("  %s  %s  %s"):format(label,
      out:pad(out:clean(row.path), width), value):gsub("%s+$", "")))
    local because = note(row)
    if because then
      out:line(out:style("dim", out:wrap(out:clean(because), (" "):rep(LABEL_WIDTH + 4))))
    end
  end
end

local function show_list(out, title, list, text_of)
  if list and #list > 0 then
    out:line()
    out:heading(title)
    for _, item in ipairs(list) do
      out:line("  ", out:clean(text_of(item)))
    end
  end
end

local function workspace_text(side)
  local name = side.profile or side.host
  return side.profile and ("%s (%s, workspace %s)"):format(name, side.host, side.org_id)
    or ("%s (workspace %s)"):format(name, side.org_id)
end

local TITLES <const> = { create = "would be created", update = "would be updated",
  unchanged = "is up to date" }

local function show_head(out, data)
  out:line(out:style("bold", "source  "), out:clean(data.source.name or ""), "  ",
    data.source.pipeline_id)
  out:flow(11, "        in ", out:clean(workspace_text(data.source)), " as ",
    out:clean(data.source.user or "?"))
  local target = data.copy
  out:line(out:style("bold", "copy    "), out:clean(target.name or ""),
    target.pipeline_id and "  " .. target.pipeline_id or "")
  out:flow(11, "        ", data.same_workspace and "in the same workspace"
    or "in " .. out:clean(workspace_text(target)), " as ", out:clean(target.user or "?"))
end

local function counts_text(counts)
  return ("%d kept, %d set, %d mapped, %d dropped, %d need attention"):format(counts.kept,
    counts.set, counts.mapped, counts.dropped, counts.attention)
end

local function show_sources(out, data)
  local counts, others = {}, {}
  for _, item in ipairs(data.sources or {}) do
    counts[item.verdict] = (counts[item.verdict] or 0) + 1
    if item.verdict ~= "same" then
      others[#others + 1] = item
    end
  end
  if data.sources then
    local left = #others - (counts.copy or 0)
    show_list(out, ("Sources (%d to copy, %d the same%s)"):format(counts.copy or 0,
      counts.same or 0, left > 0 and (", %d not copied"):format(left) or ""), others,
    function(item)
      return ("%s  %s%s%s"):format(item.verdict, item.path,
        item.target and item.target ~= item.path and " -> " .. item.target or "",
        item.reason and "  " .. item.reason or "")
    end)
  end
end

local function show_names(out, data)
  if not data.code_names or #data.code_names == 0 then
    return
  end
  out:line()
  out:heading(data.rewrite_code and "Changes of names in the code"
    or "Code that names catalogs of the source")
  for _, found in ipairs(data.code_names) do
    out:line(("  %s:%d"):format(out:clean(found.path), found.line))
    out:line(out:style("red", "  - " .. out:clean(found.from)))
    out:line(out:style("green", "  + " .. out:clean(found.to)))
  end
end

local function show_jobs(out, data)
  show_list(out, "Jobs that run the source", data.jobs, function(job)
    return ("%s  %s, %s%s%s"):format(job.verdict, job.name, job.schedule,
      job.paused and " (paused)" or "", job.verdict ~= "report" and (": %s, %s"):format(
        job.copy_name, job.reason) or "")
  end)
end

local function show_rest(out, data)
  show_names(out, data)
  show_jobs(out, data)
  show_list(out, "Hooks", data.hooks, function(hook)
    return ("%s  %s"):format(hook.point, hook.file)
  end)
  show_list(out, "Warnings", data.warnings, function(warning) return warning end)
  show_list(out, "For an admin to do", data.admin_commands, function(item)
    return ("%s: %s"):format(item.why, item.command)
  end)
  show_list(out, "Problems", data.problems, function(e)
    return e.hint and ("%s (%s)"):format(e.message, e.hint) or e.message
  end)
end

local function show_plan(data, out)
  show_head(out, data)
  out:line()
  out:heading(("Fields: %s"):format(counts_text(data.counts)))
  show_fields(out, data.fields)
  show_sources(out, data)
  show_list(out, "Changes to the copy", data.changes, function(change)
    return ("%s: %s -> %s"):format(change.path, value_text(out, change.from),
      value_text(out, change.to))
  end)
  show_list(out, "Steps", data.steps, function(step)
    return ("%s  %s"):format(step.kind, step.what)
  end)
  show_rest(out, data)
  out:line()
  if #data.problems > 0 then
    out:line(out:style("red", "refused"), "  nothing was changed")
  else
    out:line(out:style("green", data.action), "  the copy ", TITLES[data.action],
      "; nothing was changed yet")
  end
end

local function show_report(data, out)
  out:line(out:style("green", data.status), "  ", out:clean(data.new_name), "  ",
    data.new_pipeline_id,
    data.same_workspace and "" or " in " .. out:clean(workspace_text(data.copy)))
  out:line("  ", counts_text(data.counts))
  local attention = {}
  for _, row in ipairs(data.fields) do
    if row.verdict == "attention" then
      attention[#attention + 1] = row
    end
  end
  show_fields(out, attention)
  if data.sources_report then
    local done = data.sources_report
    out:line(("  sources: %d copied, %d the same, %d skipped, %d failed"):format(#done.copied,
      done.same, #done.skipped, #done.failed))
    for _, list in ipairs { done.skipped, done.failed } do
      for _, item in ipairs(list) do
        out:line(("    %s  %s  %s"):format(item.verdict, out:clean(item.path),
          out:clean(item.reason or "")))
      end
    end
    for _, warning in ipairs(done.warnings) do
      out:line("    ", out:clean(warning))
    end
  end
  if data.update_id then
    out:line("  update ", data.update_id, " was started")
  end
  show_rest(out, data)
  if data.operation then
    out:line()
    out:line(out:style("dim", ("  `tarn undo %s` reverses it"):format(data.operation)))
  end
end

local function show_bulk(data, out)
  out:table(data.results, { { "source_pipeline_name", title = "PIPELINE" },
    { "status", title = "OUTCOME" }, { "new_name", title = "COPY" },
    { "attention", title = "ATTENTION", align = "right" },
    { "new_pipeline_id", title = "ID" } })
  for _, result in ipairs(data.results) do
    if result.error then
      out:line(out:style("red", result.status), "  ", out:clean(result.source_pipeline_name or ""),
        ": ", out:clean(result.error.message),
        result.error.hint and out:clean((" (%s)"):format(result.error.hint)) or "")
    end
  end
  show_list(out, "Warnings", data.warnings, function(warning) return warning end)
  local parts = {}
  for _, name in ipairs { "created", "updated", "unchanged", "planned", "partial", "refused",
    "failed" } do
    if (data.counts[name] or 0) > 0 then
      parts[#parts + 1] = ("%d %s"):format(data.counts[name], name)
    end
  end
  out:line()
  out:line(#parts > 0 and table.concat(parts, ", ") or "no pipeline matches")
end

--- Show the data of either command.
---@param data table
---@param out tarn.Screen
function M.show(data, out)
  if data.suggestion then
    out:write(data.suggestion)
  elseif data.results then
    show_bulk(data, out)
  elseif data.dry_run then
    show_plan(data, out)
  else
    show_report(data, out)
  end
end

return M
