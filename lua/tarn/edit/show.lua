--- Show changes of settings as text.

local cell = require "output.render.cell"

local M = {}

local function value_text(screen, value)
  return value == nil and "(not set)" or cell.text(screen, "", value)
end

--- One line for each change; longer ones in two.
---@param changes { path: string, from: any, to: any }[]
---@param screen tarn.Screen
function M.changes(changes, screen)
  for _, change in ipairs(changes) do
    local path = screen:clean(change.path)
    local from, to = value_text(screen, change.from), value_text(screen, change.to)
    if screen:measure(path .. from .. to) + 8 <= screen.width then
      screen:line("  ", path, ": ", screen:style("red", from), " -> ", screen:style("green", to))
    else
      screen:line("  ", path, ":")
      screen:line(screen:style("red", screen:wrap(from, "    - ")))
      screen:line(screen:style("green", screen:wrap(to, "    + ")))
    end
  end
end

--- The report of a command that changes settings.
---@param report tarn.EditReport
---@param screen tarn.Screen
function M.report(report, screen)
  screen:line(screen:style(report.status == "changed" and "green" or "bold", report.status), "  ",
    screen:clean(report.name))
  M.changes(report.changes, screen)
  if report.operation then
    screen:line(screen:style("dim", ("  `tarn undo %s` reverses it"):format(report.operation)))
  end
end

return M
