--- The records that datasets dropped: once for each dataset. Pure.
--
-- A flow reports how many records it has dropped for all of its expectations together. Rows of
-- counts are about one expectation each, and all rows of a dataset have that number; to add it up
-- over rows would count a record several times.

local json = require "native.json"

local M = {}

local function key_of(row)
  return table.concat({ row.pipeline_id or "", row.update_id or "", row.day or "", row.dataset },
    "\0")
end

--- The datasets of rows, in their order, with the records that each has dropped.
---@param rows table[] results of expectations, by total, update or day
---@return table[] datasets { dataset, dropped, expectations } with the keys of the rows
function M.of(rows)
  local list, known = json.array {}, {}
  for _, row in ipairs(rows) do
    local key = key_of(row)
    local one = known[key]
    if not one then
      one = { dataset = row.dataset, dropped = row.dropped, expectations = 0, name = row.name,
        pipeline_id = row.pipeline_id, update_id = row.update_id, day = row.day }
      known[key] = one
      list[#list + 1] = one
    end
    one.expectations = one.expectations + 1
    if one.dropped == json.null then
      one.dropped = row.dropped -- a violated expectation has no count
    end
  end
  return list
end

--- Copies of rows in which only the first row of each dataset has its dropped records, so that
-- their sum is right; the others have null.
---@param rows table[]
---@return table[]
function M.once(rows)
  local list, dropped = json.array {}, {}
  for _, one in ipairs(M.of(rows)) do
    dropped[key_of(one)] = one.dropped
  end
  for i, row in ipairs(rows) do
    local copy, key = {}, key_of(row)
    for name, value in pairs(row) do
      copy[name] = value
    end
    copy.dropped = dropped[key] or json.null
    dropped[key] = nil
    list[i] = copy
  end
  return list
end

return M
