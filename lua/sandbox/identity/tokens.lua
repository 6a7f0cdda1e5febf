--- /api/2.0/token: the tokens that users make for themselves; /api/2.0/token-management: those of
--- all users, for admins.

local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local people = require "sandbox.identity.people"

local M = {}

-- Tokens that people made; `tokens` of sandbox.store has those that are valid, and whose they are.
M.schema = [[
CREATE TABLE IF NOT EXISTS personal_tokens(
  id TEXT PRIMARY KEY, token TEXT NOT NULL, owner TEXT NOT NULL, comment TEXT NOT NULL,
  created INTEGER NOT NULL, expires INTEGER) WITHOUT ROWID;
]]

local MAX_TOKENS <const> = 600 -- of a user
local NEVER <const> = math.maxinteger

local function info(row)
  return { token_id = row.id, creation_time = row.created, expiry_time = row.expires or -1,
    comment = row.comment }
end

local function rows_of(w, owner)
  return w.db:query("SELECT * FROM personal_tokens WHERE owner = ? "
    .. "AND ifnull(expires > ?, 1) ORDER BY created, id", { owner, w.clock:now() })
end

local function list(w, req)
  local infos = {}
  for i, row in ipairs(rows_of(w, req.principal.user_name)) do
    infos[i] = info(row)
  end
  return #infos > 0 and { token_infos = infos } or {}
end

local function random_hex(words)
  local out = {}
  for i = 1, words do
    out[i] = ("%016x"):format(math.random(0))
  end
  return table.concat(out)
end

local function create(w, req)
  local body, now = req.body, w.clock:now()
  local seconds = body.lifetime_seconds
  if seconds and seconds <= 0 then
    errors.invalid("lifetime_seconds must be positive, but is %d", seconds)
  elseif #rows_of(w, req.principal.user_name) >= MAX_TOKENS then
    errors.raise(400, "QUOTA_EXCEEDED", ("A user can have at most %d tokens."):format(MAX_TOKENS))
  end
  local token = "dapi" .. random_hex(2)
  local expires = seconds and now + seconds * 1000
  local row = { id = random_hex(4), created = now, expires = expires, comment = body.comment or "" }
  w:write(function()
    w.db:exec("INSERT INTO personal_tokens VALUES (?, ?, ?, ?, ?, ?)",
      { row.id, token, req.principal.user_name, row.comment, now, expires })
    w.db:exec("INSERT INTO tokens VALUES (?, ?, ?)",
      { token, req.principal.user_name, expires or NEVER })
  end)
  return { token_value = token, token_info = info(row) }
end

local function remove(w, row)
  w:write(function()
    w.db:exec("DELETE FROM tokens WHERE token = ?", { row.token })
    w.db:exec("DELETE FROM personal_tokens WHERE id = ?", { row.id })
  end)
  return {}
end

local function delete(w, req)
  local id = fields.required(req.body, "token_id")
  local row = w.db:find_row("SELECT * FROM personal_tokens WHERE id = ? AND owner = ?",
    { id, req.principal.user_name })
  return remove(w, row or errors.missing("Token with ID %s does not exist!", id))
end

local function must_be_admin(principal)
  if not principal.admin then
    errors.denied "Only workspace admins can manage the tokens of others."
  end
end

local function managed(w, row)
  local person = people.find(w.people, row.owner)
  local out = info(row)
  out.created_by_username, out.owner_id = row.owner, person and person.id
  out.created_by_id = person and person.id
  return out
end

local function list_all(w, req)
  must_be_admin(req.principal)
  local id = fields.integer(req.query, "created_by_id", nil, 0)
  local name, infos = req.query.created_by_username, {}
  for _, row in ipairs(w.db:query("SELECT * FROM personal_tokens WHERE ifnull(expires > ?, 1) "
    .. "ORDER BY created, id", { w.clock:now() })) do
    local token = managed(w, row)
    if (not id or token.created_by_id == id) and (not name or row.owner == name) then
      infos[#infos + 1] = token
    end
  end
  return #infos > 0 and { token_infos = infos } or {}
end

-- The token that a path names.
local function row_of(w, req)
  must_be_admin(req.principal)
  return w.db:find_row("SELECT * FROM personal_tokens WHERE id = ?", { req.params.id })
    or errors.missing("Token with ID %s does not exist!", req.params.id)
end

local function get_one(w, req)
  return { token_info = managed(w, row_of(w, req)) }
end

local function delete_one(w, req)
  return remove(w, row_of(w, req))
end

local ALL <const> = "/api/2.0/token-management/tokens"

M.routes = {
  { "GET", "/api/2.0/token/list", list },
  { "POST", "/api/2.0/token/create", create,
    { body = { comment = "string", lifetime_seconds = "integer", scopes = { "string" } } } },
  { "POST", "/api/2.0/token/delete", delete, { body = { token_id = "string" } } },
  { "GET", ALL, list_all },
  { "GET", ALL .. "/{id}", get_one },
  { "DELETE", ALL .. "/{id}", delete_one },
}

return M
