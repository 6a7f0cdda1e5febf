--- Text for a person: the script's own form, or rows as a table, or one value as fields.

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
    local count = require "output.render.table"(screen, render.columns, data, ...)
    if count == 0 and screen.terminal and not opts.quiet then
      io.stderr:write "nothing found\n"
    end
  elseif type(data) == "table" and getmetatable(data) == nil then
    screen:fields(data)
  else
    screen:line(cell.text(screen, "", data))
  end
end
