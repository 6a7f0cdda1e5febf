--- Write HCL, the language of Terraform.
--
-- Pure. A body is a list of entries: { name, value } is an attribute, { name, labels =, body = } is
-- a block. A value is a string, a number, a boolean, a list of these, M.map(table) or M.raw(text).

local collections = require "base.collections"
local fault = require "base.fault"
local json = require "native.json"

local M = {}

local ESCAPES <const> = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"',
  ["\\"] = "\\\\" }

-- "${" and "%{" begin a template unless the sign is doubled. Further signs before it are written as
-- escapes, so that no parser pairs them with the doubled one.
local function template(signs, brace)
  local sign = signs:sub(1, 1)
  local number = sign == "$" and "\\u0024" or "\\u0025"
  return number:rep(#signs - 1) .. sign .. sign .. brace
end

--- A string in quotes.
---@param text string
---@return string
function M.quote(text)
  if not utf8.len(text) then
    fault.raise { kind = "parse", op = "hcl.quote",
      message = "HCL cannot hold a string that is not UTF-8" }
  end
  local out = text:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end):gsub("(%$+)({)", template):gsub("(%%+)({)", template)
  return '"' .. out .. '"'
end

local Map, Raw = {}, {}

--- A map, whose keys are written in quotes.
---@param values table<string, any>
function M.map(values)
  return setmetatable({ values = values }, Map)
end

--- A text that is written unchanged: a reference.
---@param text string
function M.raw(text)
  return setmetatable({ text = text }, Raw)
end

local function scalar_text(value)
  if value == json.null then
    return "null"
  end
  return type(value) == "number" and json.encode(value) or tostring(value)
end

local INDENT <const> = "  "
local LONG_LIST <const> = 80 -- a longer list has a line for each item

local write_value

local function write_map(values, indent)
  local names = collections.keys(values)
  if #names == 0 then
    return "{}"
  end
  local width, lines = 0, {}
  for _, name in ipairs(names) do
    width = math.max(width, utf8.len(M.quote(name)))
  end
  for i, name in ipairs(names) do
    local key = M.quote(name)
    lines[i] = ("%s%s%s%s = %s"):format(indent, INDENT, key, (" "):rep(width - utf8.len(key)),
      write_value(values[name], indent .. INDENT))
  end
  return "{\n" .. table.concat(lines, "\n") .. "\n" .. indent .. "}"
end

function write_value(value, indent)
  if type(value) == "string" then
    return M.quote(value)
  elseif getmetatable(value) == Map then
    return write_map(value.values, indent)
  elseif getmetatable(value) == Raw then
    return value.text
  elseif type(value) == "table" and not json.is_array(value) and next(value) ~= nil then
    return write_map(value, indent)
  elseif type(value) == "table" then
    local items = {}
    for i, item in ipairs(value) do
      items[i] = write_value(item, indent)
    end
    local line = "[" .. table.concat(items, ", ") .. "]"
    if #line <= LONG_LIST then
      return line
    end
    local inner = "\n" .. indent .. INDENT
    return "[" .. inner .. table.concat(items, "," .. inner) .. ",\n" .. indent .. "]"
  end
  return scalar_text(value)
end

local write_body

local function write_block(entry, indent, out)
  local head = { indent .. entry[1] }
  for _, label in ipairs(entry.labels or {}) do
    head[#head + 1] = M.quote(label)
  end
  if #entry.body == 0 then
    out[#out + 1] = table.concat(head, " ") .. " {}"
    return
  end
  out[#out + 1] = table.concat(head, " ") .. " {"
  write_body(entry.body, indent .. INDENT, out)
  out[#out + 1] = indent .. "}"
end

-- The "=" of attributes on consecutive lines are in one column, as `terraform fmt` wants it.
local function write_attributes(run, indent, out)
  local width = 0
  for _, entry in ipairs(run) do
    width = math.max(width, #entry[1])
  end
  for _, entry in ipairs(run) do
    out[#out + 1] = ("%s%s%s = %s"):format(indent, entry[1], (" "):rep(width - #entry[1]),
      entry.text)
  end
end

function write_body(body, indent, out)
  local run = {}
  local function flush()
    write_attributes(run, indent, out)
    run = {}
  end
  for _, entry in ipairs(body) do
    if entry.body then
      flush()
      write_block(entry, indent, out)
    else
      local text = write_value(entry[2], indent)
      if text:find "\n" then
        flush()
      end
      run[#run + 1] = { entry[1], text = text }
      if text:find "\n" then
        flush()
      end
    end
  end
  flush()
end

--- The text of a file: blocks with an empty line between them.
---@param body table[]
---@return string
function M.encode(body)
  local parts = {}
  for i, entry in ipairs(body) do
    local out = {}
    write_block(entry, "", out)
    parts[i] = table.concat(out, "\n") .. "\n"
  end
  return table.concat(parts, "\n")
end

return M
