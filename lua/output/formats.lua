--- The formats of output. `--output NAME` chooses one; output.render.NAME renders it.

local M = {}

---@class tarn.Format
---@field name string
---@field rows? boolean    one line for each row: a command with rows in its data returns these only
---@field columns? boolean all rows have the same columns
---@field json? boolean    faults are printed as JSON, too
---@field endless? boolean rows are printed as they come, so the data needs no end

--- All formats; the first one is the default.
---@type tarn.Format[]
M.list = {
  { name = "text", endless = true },
  { name = "json", json = true },
  { name = "jsonl", rows = true, json = true, endless = true },
  { name = "csv", rows = true, columns = true },
  { name = "yaml" },
}

-- The same formats for --columns and --each, which are about rows.
local ROWS <const> = {}
for _, format in ipairs(M.list) do
  ROWS[format.name] = setmetatable({ rows = true }, { __index = format })
end

--- The format that the options choose.
---@param options { output?: string, columns?: string, each?: string } the options that every
--- command takes
---@return tarn.Format
function M.of(options)
  local found = M.list[1]
  for _, format in ipairs(M.list) do
    if format.name == options.output then
      found = format
    end
  end
  return (options.columns or options.each) and ROWS[found.name] or found
end

return M
