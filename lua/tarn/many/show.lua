--- The text form of rows of many pipelines.

local M = {}

local function has(rows, name)
  for _, row in ipairs(rows) do
    if row[name] ~= nil then
      return true
    end
  end
  return false
end

-- What went wrong: the fault, or the first cause of an update that has failed.
local ERROR <const> = { "error", long = true, text = function(e, row)
  local said = e or row.causes and row.causes[1]
  return said and said.message or "-"
end }

--- How rows of many pipelines look: their names, those of these columns that a row has, and the
-- errors. Sets the form of this run.
---@param ctx tarn.Context
---@param columns any[] names, or columns as in `render`
---@param rows table[]
---@return table[] rows
function M.show(ctx, columns, rows)
  local list = { "name" }
  for _, column in ipairs(columns) do
    list[#list + 1] = has(rows, type(column) == "table" and column[1] or column) and column or nil
  end
  list[#list + 1] = (has(rows, "error") or has(rows, "causes")) and ERROR or nil
  list[#list + 1] = "pipeline_id"
  ctx.render = { columns = list, noun = "pipeline" }
  return rows
end

--- A text form that shows each row by itself, with `show(row, screen)`, or its error.
---@param ctx tarn.Context
---@param show fun(row: table, screen: tarn.Screen)
function M.show_each(ctx, show)
  ctx.render = { text = function(next_row, screen, _, _, closing)
    local _ <close> = closing
    local is_first = true
    for row in next_row do
      if not is_first then
        screen:line()
      end
      is_first = false
      if row.error then
        screen:line(screen:style("bold", screen:clean(row.name)), "  ",
          screen:style("red", screen:clean(row.error.message)))
      else
        show(row, screen)
      end
    end
  end }
end

return M
