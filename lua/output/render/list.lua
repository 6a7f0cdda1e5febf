--- Renders a table that is the whole answer: on a terminal its last line says how many rows there
-- are, and which columns have no room.

local stderr = require "output.stderr"
local table_of = require "output.render.table"

local function show_end(screen, noun, count, left_out)
  local rest = #left_out > 0 and ("not shown, there is no room: %s (-o json shows all)"):format(
    table.concat(left_out, ", ")) or nil
  if screen.terminal and count == 0 then
    stderr.write "tarn: nothing found\n"
  elseif screen.terminal then
    local text = ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
    screen:line(screen:style("dim", screen:wrap(rest and text .. "; " .. rest or text)))
  elseif rest then
    stderr.write("tarn: " .. rest .. "\n")
  end
end

---@param screen tarn.Screen
---@param noun string what a row is: "pipeline"
---@param columns? table[] default: those of the data
---@param data any the rows
return function(screen, noun, columns, data, ...)
  local count, left_out = table_of(screen, columns, data, ...)
  if not screen.quiet and not screen.no_headers then
    show_end(screen, noun, count, left_out)
  end
end
