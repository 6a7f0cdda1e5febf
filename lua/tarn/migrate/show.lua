--- Show the plan and the result of a move to Unity Catalog as text.

local wait = require "tarn.wait"

local M = {}

local function place_line(screen, place)
  local where = place.line and ("%s:%d"):format(place.path, place.line) or place.path
  screen:line(screen:style("cyan", "    " .. screen:clean(where)))
  if place.text then
    screen:line(screen:wrap(screen:clean(place.text), "      "))
  end
end

local function show_limit(screen, limit)
  local label = limit.stops and screen:style("red", "STOPS")
    or screen:style("yellow", "ATTENTION")
  screen:line()
  screen:line("  ", label)
  screen:line(screen:wrap(screen:clean(limit.message), "    "))
  if limit.hint then
    screen:line(screen:style("dim", screen:wrap(screen:clean(limit.hint), "    ")))
  end
  for _, place in ipairs(limit.places) do
    place_line(screen, place)
  end
end

local function head(screen, report)
  local word = report.status == "refused" and screen:style("red", "cannot be migrated")
    or report.dry_run and screen:style("bold", "would be migrated")
    or screen:style("green", "migrated")
  screen:line(word, "  ", screen:clean(report.source.name))
  screen:line("  from  ", screen:clean(report.place.from))
  screen:line("  to    ", screen:clean(report.place.to), " as ", screen:clean(report.name),
    report.pipeline_id and "  " .. report.pipeline_id or "")
end

--- The report of `tarn migrate`.
---@param report table
---@param screen tarn.Screen
function M.report(report, screen)
  head(screen, report)
  for _, limit in ipairs(report.limits) do
    show_limit(screen, limit)
  end
  if report.dry_run and report.status ~= "refused" then
    screen:line()
    screen:line(screen:style("dim", screen:wrap("The first update of the new pipeline starts at "
      .. "once. Change no code of either pipeline until it has ended.", "  ")))
  elseif not report.dry_run then
    screen:line()
    if report.update_id then
      wait.outcome.show({ update_id = report.update_id, url = report.url,
        outcome = report.outcome, state = report.state, cause = report.cause,
        duration_ms = report.duration_ms, phases = report.phases, causes = report.causes,
        updates = report.updates }, screen)
    end
    screen:line(screen:style("dim", screen:wrap(("`tarn undo %s` deletes the new pipeline"):format(
      report.operation), "  ")))
  end
end

return M
