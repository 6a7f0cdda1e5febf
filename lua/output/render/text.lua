--- Renders text for a person: the script's own form, else rows as a table, one value as fields.

local cell = require "output.render.cell"
local json = require "native.json"
local rows = require "output.render.rows"
local screens = require "output.screen"

-- Print what --each gives: plain values as lines, tables as rows.
local function show_plain(screen, data, ...)
  local f, state, first, closing = rows.each(data, ...)
  local _ <close> = closing
  if not f then
    if type(data) == "table" then
      return screen:fields(data)
    end
    return data ~= nil and screen:line(screen:clean(tostring(data), true))
  end
  local value = f(state, first)
  while value ~= nil and (type(value) ~= "table" or json.is_array(value)) do
    screen:line(type(value) == "string" and screen:clean(value, true)
      or cell.text(screen, "", value))
    value = f(state, value)
  end
  if value ~= nil then
    local row = value
    screen:list("row", nil, function()
      local now = row
      row = now ~= nil and f(state, now) or nil
      return now
    end)
  end
end

---@param write fun(text: string)
---@param render table the header's `render`: { columns =, text = }
---@param opts table
---@param data any
return function(write, render, opts, data, ...)
  local screen = screens.new(write, opts)
  if render.plain then
    return show_plain(screen, data, ...)
  end
  if render.text then
    return render.text(data, screen, ...)
  elseif rows.each(data, ...) then
    screen:list(render.noun or "row", render.columns, data, ...)
  elseif type(data) == "table" and getmetatable(data) == nil then
    screen:fields(data, opts.columns and render.columns or nil)
  else
    screen:line(cell.text(screen, "", data))
  end
end
