--- `GET /api/2.0/pipelines`: filter, order, pages (api A.2).

local errors = require "sandbox.http.errors"
local paging = require "sandbox.http.paging"
local reply = require "sandbox.http.reply"
local state = require "sandbox.pipelines.state"

local M = {}

local DEFAULT_SIZE <const>, MAX_SIZE <const> = 25, 100

--- A LIKE pattern as SQLite's GLOB, which is case-sensitive as Databricks' LIKE is.
---@param pattern string
---@return string
function M.glob(pattern)
  local out, escaped = {}, false
  for char in pattern:gmatch "." do
    if escaped then
      out[#out + 1] = char:find "[%*%?%[]" and "[" .. char .. "]" or char
      escaped = false
    elseif char == "\\" then
      escaped = true
    elseif char == "%" then
      out[#out + 1] = "*"
    elseif char == "_" then
      out[#out + 1] = "?"
    else
      out[#out + 1] = char:find "[%*%?%[]" and "[" .. char .. "]" or char
    end
  end
  return table.concat(out)
end

-- The value of a literal in single quotes; nil for any other text.
local function find_literal(text)
  local inner = text:match "^'(.*)'$"
  if not inner then
    return nil
  end
  local plain = inner:gsub("''", "")
  if plain:find("'", 1, true) then
    return nil
  end
  return (inner:gsub("''", "'"))
end

local NOTEBOOK <const> = [[
EXISTS (SELECT 1 FROM json_each(p.spec, '$.libraries') AS l
  WHERE json_extract(l.value, '$.notebook.path') IN (:path, '/Workspace' || :path))]]

-- The condition of a filter; sets its parameter. 400 for a filter that the real server refuses.
local function condition(filter, params)
  if filter == nil or filter == "" then
    return "1"
  end
  local text = type(filter) == "string" and filter:match "^%s*(.-)%s*$" or ""
  local pattern = text:match "^[nN][aA][mM][eE]%s+[lL][iI][kK][eE]%s+(.+)$"
  local path = text:match "^[nN][oO][tT][eE][bB][oO][oO][kK]%s*=%s*(.+)$"
  local value = (pattern or path) and find_literal(pattern or path)
  if not value then
    errors.invalid("Invalid filter: \"%s\". A filter is either \"notebook='<path>'\" or "
      .. "\"name LIKE '<pattern>'\"; composite filters are not supported.", tostring(filter))
  end
  if pattern then
    params.glob = M.glob(value)
    return "p.name GLOB :glob"
  end
  params.path = value:gsub("^/Workspace/", "/")
  return NOTEBOOK
end

-- The first two fields of order_by with their directions. The second matters after the name only:
-- ids are unique.
local function ordering(order_by)
  local items = type(order_by) == "table" and order_by or { order_by }
  local terms = {}
  for _, item in ipairs(items) do
    if item ~= "" then
      local field, direction = item:lower():match "^%s*(%w+)%s*(%w*)%s*$"
      if field ~= "id" and field ~= "name" or direction ~= "" and direction ~= "asc"
        and direction ~= "desc" then
        errors.invalid("Invalid order_by: '%s'. Use 'id' or 'name' with 'asc' or 'desc'.", item)
      end
      terms[#terms + 1] = { field = field, down = direction == "desc" }
    end
  end
  return terms[1] or { field = "id" }, terms[2]
end

-- The query for a page, after the last key of the page before; with a %s for another condition.
local function sql_of(first, second, where, after)
  local by_name = first.field == "name"
  local id_down = first.down
  if by_name then
    id_down = second ~= nil and second.field == "id" and second.down
  end
  local sign, id_sign = first.down and "<" or ">", id_down and "<" or ">"
  local order = by_name
    and ("p.name %s, p.id %s"):format(first.down and "DESC" or "ASC", id_down and "DESC" or "ASC")
    or ("p.id %s"):format(first.down and "DESC" or "ASC")
  local position = "1"
  if after and by_name then
    position = ("(p.name %s :name OR p.name = :name AND p.id %s :id)"):format(sign, id_sign)
  elseif after then
    position = ("p.id %s :id"):format(sign)
  end
  return ("SELECT p.* FROM pipelines AS p WHERE %s AND %s AND ifnull(p.deleted > :now, 1) "
    .. "AND %s ORDER BY %s LIMIT :limit"):format(where, position, "%s", order)
end

-- The condition for pipelines that the caller may view.
local function visible(principal, params)
  if principal.admin then
    return "1"
  end
  params.me = principal.user_name
  local groups = {}
  for i, group in ipairs(principal.groups) do
    params["group" .. i] = group
    groups[i] = ":group" .. i
  end
  return ("(p.creator = :me OR p.id IN (SELECT object_id FROM grants WHERE kind = 'pipelines' "
    .. "AND (principal_kind <> 'group_name' AND principal = :me "
    .. "OR principal_kind = 'group_name' AND principal IN (%s))))")
    :format(table.concat(groups, ", "))
end

--- The handler.
function M.list(w, req)
  local query = req.query
  local size = paging.size(query, DEFAULT_SIZE, MAX_SIZE)
  local first, second = ordering(query.order_by)
  local params = { now = w.clock:now(), limit = size + 1 }
  local where = condition(query.filter, params)
  local kind = ("pipelines|%s|%s|%s%s"):format(w.name, tostring(query.filter), first.field,
    first.down and "-" or "+")
  local token = paging.find_token(query)
  if token then
    local keys = paging.keys(kind, token)
    params.id, params.name = keys[1], first.field == "name" and keys[2] or nil
  end
  local sql = sql_of(first, second, where, token ~= nil)
  local rows = w.db:query(sql:format(visible(req.principal, params)), params)
  local items = {}
  for i = 1, math.min(size, #rows) do
    items[i] = state.item_text(w, rows[i])
  end
  local next_page = ""
  if #rows > size then
    local last = rows[size]
    next_page = (',"next_page_token":"%s"'):format(first.field == "name"
      and paging.token(kind, last.id, last.name) or paging.token(kind, last.id))
  end
  if #items == 0 then
    return reply.json("{" .. next_page:sub(2) .. "}")
  end
  return reply.json('{"statuses":[' .. table.concat(items, ",") .. "]" .. next_page .. "}")
end

return M
