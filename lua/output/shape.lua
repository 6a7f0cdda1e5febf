--- What --columns and --each make of data, before it is rendered.

local collections = require "base.collections"
local rows = require "output.render.rows"
local stderr = require "output.stderr"
local suggestion = require "base.suggestion"

local M = {}

-- A function that gives a row with these fields only, and one that says at the end which fields no
-- row has.
local function chooser(names)
  local found, known, any = {}, {}, false
  local function choose(row)
    if type(row) ~= "table" then
      row = { value = row }
    end
    any = true
    local chosen = {}
    for _, name in ipairs(names) do
      local value = rows.find_field(row, name)
      chosen[name] = value
      found[name] = found[name] or value ~= nil
    end
    for key in pairs(row) do
      known[tostring(key)] = true
    end
    return chosen
  end
  local function finish()
    for _, name in ipairs(names) do
      if any and not found[name] then
        local list = collections.keys(known)
        stderr.write(("tarn: --columns: no row has a field '%s'; %s\n"):format(name,
          suggestion.hint(name, list) or "there are " .. table.concat(list, ", ")))
      end
    end
  end
  return choose, finish
end

local function skip() end

-- The rows that `change` makes of rows; nil leaves a row out.
local function mapped(change, finish, f, state, value)
  return function()
    while true do
      value = f(state, value)
      if value == nil then
        finish()
        finish = skip
        return nil
      end
      local new = change(value)
      if new ~= nil then
        return new
      end
    end
  end
end

-- Apply a change to data: to each row, or to the one value.
local function apply(change, finish, data, ...)
  local f, state, first, closing = rows.each(data, ...)
  if f then
    return mapped(change, finish, f, state, first), nil, nil, closing
  end
  local new = change(data)
  finish()
  return new
end

--- Change data as the options say.
---@param opts { columns?: string, each?: string }
---@param render table the header's `render`
---@param data any the data, followed by the other values of a generic `for` if it is a function
---@return table render how the new data is rendered
---@return any ... data
function M.apply(opts, render, data, ...)
  local results = table.pack(data, ...)
  if opts.each and data ~= nil then
    render = { plain = true }
    results = table.pack(apply(require("output.each").compile(opts.each), skip,
      table.unpack(results, 1, results.n)))
  end
  if opts.columns and data ~= nil then
    local names = collections.words(opts.columns)
    render = { columns = names, fields = names, noun = render.noun, chosen = true }
    local choose, finish = chooser(names)
    results = table.pack(apply(choose, finish, table.unpack(results, 1, results.n)))
  end
  return render, table.unpack(results, 1, results.n)
end

--- Check the options before the command runs. Raises a fault of kind `usage`.
---@param opts { columns?: string, each?: string }
function M.check(opts)
  if opts.each then
    require("output.each").compile(opts.each)
  end
  if opts.columns and #collections.words(opts.columns) == 0 then
    require("base.fault").usage("tarn", "--columns names no field", "--columns name,state")
  end
end

return M
