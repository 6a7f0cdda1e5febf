--- The securables of Unity Catalog that are neither catalogs, schemas nor tables: connections,
--- volumes, external locations, storage credentials, functions. Their table, and how they are
--- listed, created, changed and deleted.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local paging = require "sandbox.http.paging"

local M = {}

-- `info` has the fields of its kind as JSON.
M.schema = [[
CREATE TABLE IF NOT EXISTS securables(
  kind TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, comment TEXT,
  created INTEGER NOT NULL, altered INTEGER NOT NULL, info TEXT NOT NULL,
  PRIMARY KEY (kind, name)) WITHOUT ROWID;
]]

---@class sandbox.SecurableKind
---@field kind string    as grants name it: "connection", "volume", ...
---@field noun string    as messages name it
---@field code string    prefix of error codes: CONNECTION, VOLUME, ...
---@field list string    the field of a list's answer
---@field fields string[] what of a body is stored
---@field show fun(w: table, row: table): table  the fields of its kind
---@field check? fun(w: table, body: table, principal: table) refuses a body

--- Refuse a request for a securable that does not exist: 404 with the code of its kind.
function M.missing(kind, name)
  errors.raise(404, kind.code .. "_DOES_NOT_EXIST", ("%s '%s' does not exist."):format(kind.noun,
    name))
end

---@return table? row
function M.find(w, kind, name)
  return w.db:find_row("SELECT * FROM securables WHERE kind = ? AND name = ?",
    { kind, name:lower() })
end

--- A securable as the API shows it.
function M.info(w, kind, row)
  local out = kind.show(w, row)
  out.owner, out.comment = row.owner, row.comment
  out.created_at, out.created_by = row.created, row.owner
  out.updated_at, out.updated_by = row.altered, row.owner
  out.metastore_id = w.metastore_id
  return out
end

--- Store a securable: for scenarios too.
---@param info table the fields of its kind
function M.insert(w, kind, name, owner, comment, created, info)
  w.db:exec("INSERT OR IGNORE INTO securables VALUES (?, ?, ?, ?, ?, ?, ?)",
    { kind, name:lower(), owner, comment, created, created, json.encode(info) })
end

--- The page size of a list of Unity Catalog; nil: the whole list, as without max_results.
---@param query table
---@param maximum integer
---@return integer?
function M.page_size(query, maximum)
  local n = fields.integer(query, "max_results", nil, 0)
  if not n then
    return query.page_token and query.page_token ~= "" and maximum or nil
  end
  return (n == 0 or n > maximum) and maximum or n
end

--- The answer of a list.
---@param kind sandbox.SecurableKind
---@param rows table[] in the order of their names
function M.list(w, req, kind, rows)
  local page, more = paging.page(req.query, "securables|" .. kind.kind, rows,
    M.page_size(req.query, 1000), "name")
  local list = {}
  for i, row in ipairs(page) do
    list[i] = M.info(w, kind, row)
  end
  return { [kind.list] = #list > 0 and list or nil, next_page_token = more }
end

--- The stored fields of a body.
local function stored(kind, body)
  local info = {}
  for _, field in ipairs(kind.fields) do
    info[field] = body[field]
  end
  return info
end

local function must_manage(principal, row, what)
  if not principal.admin and not (row and row.owner == principal.user_name) then
    errors.denied(("User does not have %s."):format(what))
  end
end

--- Create a securable with that full name from a body, as the API does.
function M.create(w, req, kind, name)
  must_manage(req.principal, nil, ("CREATE %s on Metastore '%s'"):format(kind.code:gsub("_", " "),
    w.metastore_id))
  if kind.check then
    kind.check(w, req.body, req.principal)
  end
  return w:write(function()
    if M.find(w, kind.kind, name) then
      errors.raise(400, kind.code .. "_ALREADY_EXISTS", ("%s '%s' already exists."):format(
        kind.noun, name))
    end
    M.insert(w, kind.kind, name, req.principal.user_name, req.body.comment, w.clock:now(),
      stored(kind, req.body))
    return M.info(w, kind, M.find(w, kind.kind, name))
  end)
end

--- Refuse a name that is not valid for a securable.
---@return string name in lower case
function M.check_name(name)
  if not name:find "^[%w_%-\128-\255]+$" then
    errors.invalid("'%s' is not a valid name.", name)
  end
  return name:lower()
end

--- Change a securable: its name, owner, comment and the fields of its kind.
---@param rename fun(row: table, new_name: string): string the full name for a new one
function M.update(w, req, kind, row, rename)
  must_manage(req.principal, row, ("MANAGE on %s '%s'"):format(kind.noun, row.name))
  local body = req.body
  local info = json.decode(row.info)
  for field, value in pairs(stored(kind, body)) do
    info[field] = value
  end
  return w:write(function()
    local name = row.name
    if body.new_name and body.new_name:lower() ~= row.name then
      name = rename(row, M.check_name(body.new_name))
      if M.find(w, kind.kind, name) then
        errors.raise(400, kind.code .. "_ALREADY_EXISTS", ("%s '%s' already exists."):format(
          kind.noun, name))
      end
    end
    w.db:exec("UPDATE securables SET name = ?, owner = ?, comment = ?, altered = ?, info = ? "
      .. "WHERE kind = ? AND name = ?", { name, body.owner or row.owner,
      body.comment or row.comment, w.clock:now(), json.encode(info), kind.kind, row.name })
    return M.info(w, kind, M.find(w, kind.kind, name))
  end)
end

--- Delete a securable, and the grants on it.
function M.delete(w, req, kind, row)
  must_manage(req.principal, row, ("MANAGE on %s '%s'"):format(kind.noun, row.name))
  w:write(function()
    w.db:exec("DELETE FROM securables WHERE kind = ? AND name = ?", { kind.kind, row.name })
    w.db:exec("DELETE FROM privileges WHERE kind = ? AND name = ?", { kind.kind, row.name })
  end)
  return {}
end

return M
