--- Names of catalogs in the code of a clone: found, and changed by the map.
--
-- A name counts where only a catalog can stand: in a name of three parts (`sales.orders.gold`), in
-- the path of a volume (/Volumes/sales/...), behind USE CATALOG. A variable of the same name is
-- left alone, since its methods are called: `sales.orders.count()`.

local fault = require "base.fault"
local json = require "native.json"
local pool = require "base.pool"
local sources = require "tarn.sources"

local M = {}

local READ_AT_ONCE <const> = 8
local CODE <const> = { py = true, sql = true, scala = true, r = true, ipynb = true }

---@class tarn.NameRule
---@field old string
---@field new string

--- What becomes of the catalogs of the source: by the map, and by the catalog of the copy.
---@param map tarn.Map
---@param spec table the settings of the source
---@param body table those of the copy
---@return tarn.NameRule[]
function M.rules(map, spec, body)
  local by_old, list = {}, {}
  local section = map.sections.catalogs
  for old, new in pairs(type(section) == "table" and section or {}) do
    by_old[old] = type(new) == "string" and new ~= "" and new or nil
  end
  if spec.catalog and body.catalog then
    by_old[spec.catalog] = by_old[spec.catalog] or body.catalog
  end
  for old, new in pairs(by_old) do
    list[#list + 1] = old ~= new and { old = old, new = new } or nil
  end
  table.sort(list, function(a, b) return a.old < b.old end)
  return list
end

local function literal(text)
  return (text:gsub("%p", "%%%0"))
end

-- The end of a part of a name that begins at `at`; nil if none does.
local function part_end(line, at)
  return line:match("^`[^`]+`()", at) or line:match("^[%w_${}\128-\255]+()", at)
end

-- True if ".b.c" stands at `at`, and is not a call of a method.
local function has_two_parts(line, at)
  for _ = 1, 2 do
    at = line:sub(at, at) == "." and part_end(line, at + 1)
    if not at then
      return false
    end
  end
  return not line:find("^%s*%(", at)
end

-- The text with `old` replaced where `is_name(from, to)` says so.
local function replace(line, old, new, is_name)
  local parts, at = {}, 1
  while true do
    local from, to = line:find(old, at, true)
    if not from then
      break
    end
    parts[#parts + 1] = line:sub(at, from - 1)
    parts[#parts + 1] = is_name(from, to) and new or old
    at = to + 1
  end
  parts[#parts + 1] = line:sub(at)
  return table.concat(parts)
end

-- A mark stands for a new name until all rules have been applied, so that a rule does not change
-- what another one has written.
local function mark(i, form)
  return ("\1%d%s\1"):format(i, form)
end

local function put_names(line, rules)
  return (line:gsub("\1(%d+)(%a)\1", function(i, form)
    local new = rules[math.tointeger(i)].new
    return form == "q" and not new:find "^[%a_][%w_]*$" and "`" .. new .. "`" or new
  end))
end

local function in_line(line, rule, i)
  local quoted = "`" .. rule.old .. "`"
  line = replace(line, quoted, "`" .. mark(i, "p") .. "`", function(from, to)
    local before = line:sub(1, from - 1)
    return not before:find "%.$" and (has_two_parts(line, to + 1)
      or before:upper():find "USE%s+CATALOG%s+$" ~= nil)
  end)
  return replace(line, rule.old, mark(i, "q"), function(from, to)
    local before, after = line:sub(1, from - 1), line:sub(to + 1)
    if before:find "[%w_.`/@-]$" or after:find "^[%w_`]" then
      return false
    end
    return has_two_parts(line, to + 1) or before:upper():find "USE%s+CATALOG%s+$" ~= nil
  end)
end

-- The path of a volume has the name as it is, without quotes.
local function in_volumes(line, rule, i)
  return (line:gsub("/Volumes/" .. literal(rule.old) .. "/", ("/Volumes/%s/"):format(mark(i, "p"))))
end

local function is_code(item)
  return item.kind == "NOTEBOOK" or CODE[(item.path:match "%.(%w+)$" or ""):lower()] == true
end

--- The code with the names changed.
---@param item tarn.SourceItem
---@param bytes string
---@param rules tarn.NameRule[]
---@return string bytes
---@return { line: integer, from: string, to: string }[] changes
function M.rewrite(item, bytes, rules)
  local changes, parts, number = {}, {}, 0
  if not is_code(item) or bytes:find("\0", 1, true) then
    return bytes, changes
  end
  for line, ending in bytes:gmatch "([^\n]*)(\n?)" do
    number = number + 1
    local new = line
    for i, rule in ipairs(line:find("\1", 1, true) and {} or rules) do
      if line:find(rule.old, 1, true) then
        new = in_line(in_volumes(new, rule, i), rule, i)
      end
    end
    new = put_names(new, rules)
    if new ~= line then
      changes[#changes + 1] = { line = number, from = line, to = new }
    end
    parts[#parts + 1] = new .. ending
  end
  return table.concat(parts), changes
end

--- The lines of the code that name a catalog of the source.
---@param ws tarn.WorkspaceClient
---@param items tarn.SourceItem[]
---@param rules tarn.NameRule[]
---@return { path: string, line: integer, from: string, to: string }[]
function M.find(ws, items, rules)
  local list, read = json.array {}, {}
  for _, item in ipairs(#rules > 0 and items or {}) do
    read[#read + 1] = is_code(item) and (item.verdict == "copy" or item.verdict == "same"
      or item.verdict == "newer") and item or nil
  end
  local found = pool.map(read, function(item)
    local bytes, e = fault.try(sources.read, ws, item)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    end
    -- the copy reports an object that cannot be read
    return bytes and select(2, M.rewrite(item, bytes, rules)) or {}
  end, { limit = READ_AT_ONCE })
  for i, changes in ipairs(found) do
    for _, change in ipairs(changes) do
      list[#list + 1] = { path = read[i].path, line = change.line, from = change.from,
        to = change.to }
    end
  end
  return list
end

return M
