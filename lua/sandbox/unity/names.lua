--- What the requests about catalogs, schemas and tables have in common: names, pages, refusals.

local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local paging = require "sandbox.http.paging"
local securables = require "sandbox.unity.securables"
local unity = require "sandbox.unity"

local M = {}

--- Refuse a caller who is no admin: 403.
---@param what string the privilege that is missing
function M.must_be_admin(principal, what)
  if not principal.admin then
    errors.denied(("User does not have %s."):format(what))
  end
end

--- One page of the rows of `sql`, after the row that the page token names, and the next token.
---@param kind string names the list
---@param sql string
---@param params table its parameters
---@param key string the column that orders the rows
---@param maximum integer rows on a page
---@return table[] rows
---@return string? next_page_token
function M.page(w, req, kind, sql, params, key, maximum)
  local size, token = securables.page_size(req.query, maximum), paging.find_token(req.query)
  params.now_ms, params.after = w.clock:now(), token and paging.keys(kind, token)[1] or ""
  params.size = size and size + 1 or -1
  local rows = w.db:query(("SELECT * FROM (%s) WHERE %s > :after ORDER BY %s LIMIT :size")
    :format(sql, key, key), params)
  local more
  if size and #rows > size then
    rows[#rows] = nil
    more = paging.token(kind, rows[#rows][key])
  end
  return rows, more
end

--- The name of the catalog that a query names; 404 if it does not exist.
---@return string
function M.catalog_of(w, req)
  local name = fields.required(req.query, "catalog_name"):lower()
  return unity.find_catalog(w, name) and name or unity.no_catalog(name)
end

--- The row of a schema from its full name; 404 if it does not exist.
---@param full string
---@return table
function M.schema_of(w, full)
  local catalog, name = full:lower():match "^([^.]+)%.([^.]+)$"
  if not catalog then
    errors.invalid("'%s' is not a valid schema name: it must be catalog.schema.", full)
  end
  return unity.find_schema(w, catalog, name) or unity.no_schema(catalog, name)
end

return M
