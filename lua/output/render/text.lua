--- Renders text for a person: the script's own form, else rows as a table, one value as fields.

local cell = require "output.render.cell"
local rows = require "output.render.rows"
local screens = require "output.screen"

---@param write fun(text: string)
---@param render table the header's `render`: { columns =, text = }
---@param opts table
---@param data any
return function(write, render, opts, data, ...)
  local screen = screens.new(write, opts)
  if render.text then
    return render.text(data, screen, ...)
  elseif rows.each(data, ...) then
    screen:list(render.noun or "row", render.columns, data, ...)
  elseif type(data) == "table" and getmetatable(data) == nil then
    screen:fields(data)
  else
    screen:line(cell.text(screen, "", data))
  end
end
