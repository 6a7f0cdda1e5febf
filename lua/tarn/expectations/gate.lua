--- Quality gates: `failed <= 1%`, `silver.valid_id: failed < 10`, `total: passed >= 99.5%`.
--
-- A gate without a name is for each expectation, `total` is for all expectations together. A gate
-- without any rows has not passed, and neither has one that looks at an expectation which has ended
-- an update: such an update stops before it has counts.

local fault = require "base.fault"
local glob = require "base.glob"
local json = require "native.json"

local M = {}

local OPS <const> = {
  ["<="] = function(a, b) return a <= b end,
  ["<"] = function(a, b) return a < b end,
  [">="] = function(a, b) return a >= b end,
  [">"] = function(a, b) return a > b end,
  ["="] = function(a, b) return a == b end,
}

local FIELDS <const> = { failed = true, passed = true, dropped = true }

--- Parse a gate. Raises a fault of kind `usage` if the text is not a gate.
---@param op string
---@param text string
---@return table gate
function M.parse(op, text)
  local scope, rest = text:match "^%s*(.-)%s*:%s*(.+)$"
  rest = rest or text
  local field, sign, number, percent = rest:match "^%s*(%a+)%s*([<>]?=?)%s*(%d+%.?%d*)%s*(%%?)%s*$"
  if not field or not FIELDS[field] or not OPS[sign] or scope == "" then
    fault.usage(op, ("--gate: '%s' is not a gate"):format(text),
      "such as 'failed <= 1%', 'silver.valid_id: failed < 10', 'total: passed >= 99.5%'")
  end
  return { text = text, scope = scope, field = field, compare = OPS[sign],
    limit = tonumber(number), percent = percent == "%" }
end

-- The value that a gate tests. Without records, 100 % have passed and 0 % failed.
local function value_of(gate, row)
  local value = row[gate.field]
  if value == nil or value == json.null then
    value = 0
  end
  if not gate.percent then
    return value
  end
  local all = row.passed + row.failed
  if all == 0 then
    return gate.field == "passed" and 100.0 or 0.0
  end
  return 100 * value / all
end

local function rows_for(gate, rows)
  if not gate.scope then
    return rows
  elseif gate.scope:lower() == "total" then
    local sum = { dataset = json.null, expectation = json.null, passed = 0, failed = 0,
      dropped = 0, violations = 0 }
    local counted = {}
    for _, row in ipairs(rows) do
      sum.passed, sum.failed = sum.passed + row.passed, sum.failed + row.failed
      sum.violations = sum.violations + (row.violations or 0)
      -- every expectation of a dataset has the number of records that the dataset dropped
      if row.dropped ~= json.null and not counted[row.dataset] then
        counted[row.dataset] = true
        sum.dropped = sum.dropped + row.dropped
      end
    end
    return #rows > 0 and { sum } or {}
  end
  local whole, tail = glob.matcher(gate.scope), glob.matcher("*." .. gate.scope)
  local found = {}
  for _, row in ipairs(rows) do
    local name = row.dataset .. "." .. row.expectation
    if whole(name) or tail(name) or whole(row.dataset) or tail(row.dataset) then
      found[#found + 1] = row
    end
  end
  return found
end

local function whose_name(row)
  local name = row.dataset == json.null and "all expectations together"
    or row.dataset .. "." .. row.expectation
  return row.name and row.name .. ": " .. name or name
end

-- What is wrong with a row: a value and words; nil if the gate holds for it.
local function find_breach(gate, row)
  local ended = row.violations or 0
  if ended > 0 then
    local flow = type(row.flow) == "string" and " (flow " .. row.flow .. ")" or ""
    return ended, ("%d %s by a violated expectation%s"):format(ended,
      ended == 1 and "update was ended" or "updates were ended", flow)
  end
  local value = value_of(gate, row)
  if not gate.compare(value, gate.limit) then
    return value, ("%s is %s"):format(gate.field, gate.percent and ("%.4g%%"):format(value)
      or ("%d"):format(value))
  end
end

--- Test rows against gates.
---@param gates table[] results of `parse`
---@param rows table[] by "total"
---@return { passed: boolean, breaches: table[] }
function M.check(gates, rows)
  local breaches = json.array {}
  for _, gate in ipairs(gates) do
    local found = rows_for(gate, rows)
    if #found == 0 then
      breaches[#breaches + 1] = { gate = gate.text, dataset = json.null, expectation = json.null,
        value = json.null, message = "no results match this gate" }
    end
    for _, row in ipairs(found) do
      local value, words = find_breach(gate, row)
      if value then
        breaches[#breaches + 1] = { gate = gate.text, dataset = row.dataset,
          expectation = row.expectation, value = value, pipeline_id = row.pipeline_id,
          violations = row.violations, flow = row.flow,
          message = ("%s: %s"):format(whose_name(row), words) }
      end
    end
  end
  return { passed = #breaches == 0, breaches = breaches }
end

return M
