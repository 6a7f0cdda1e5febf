--- The tree of workspace objects: folders, notebooks and files, and who may read and write them.
--
-- Paths are stored without the prefix `/Workspace`, which names the same objects. All functions
-- but `M.path`, which removes the prefix, take paths in that form.

local errors = require "sandbox.http.errors"

local M = {}

local MAX_SIZE <const> = 10 * 1024 * 1024
local FIRST_ID <const> = 1187345620014137

M.schema = [[
CREATE TABLE IF NOT EXISTS tree(
  path TEXT PRIMARY KEY, parent TEXT NOT NULL, type TEXT NOT NULL, id INTEGER NOT NULL UNIQUE,
  language TEXT, format TEXT, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,
  size INTEGER NOT NULL, content BLOB, git TEXT);
CREATE INDEX IF NOT EXISTS tree_by_parent ON tree(parent, path);
]]

-- All columns but the content, which may have megabytes.
local COLUMNS <const> = "path, parent, type, id, language, format, created_at, modified_at, "
  .. "size, git"

--- The path of a request in the form in which it is stored; refuses any other value with 400.
---@param path any
---@return string
function M.path(path)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
    errors.invalid("Path (%s) must be absolute, starting with '/'.",
      type(path) == "string" and path or "")
  end
  local plain = path:gsub("/+", "/"):gsub("^/Workspace%f[/\0]", "")
  plain = plain:gsub("(.)/$", "%1")
  for part in plain:gmatch "[^/]+" do
    if part == "." or part == ".." then
      errors.invalid("Path (%s) must not contain '.' or '..'.", path)
    end
  end
  return plain == "" and "/" or plain
end

---@param path string
---@return string
function M.parent(path)
  local parent = path:match "^(.*)/[^/]+$"
  return (parent == nil or parent == "") and "/" or parent
end

---@param path string
---@return string
function M.name(path)
  return path:match "([^/]*)$"
end

--- The object at `path` without its bytes, or nil.
---@param w table
---@param path string
---@return table?
function M.find(w, path)
  return w.db:find_row("SELECT " .. COLUMNS .. " FROM tree WHERE path = ?", { path })
end

--- The object's bytes.
---@param w table
---@param path string
---@return string
function M.content(w, path)
  return w.db:find_row("SELECT content FROM tree WHERE path = ?", { path }).content or ""
end

--- The objects directly in a folder, by path.
---@param w table
---@param path string
---@return table[]
function M.children(w, path)
  return w.db:query("SELECT " .. COLUMNS .. " FROM tree WHERE parent = ? AND path <> '/' "
    .. "ORDER BY path", { path })
end

--- All objects below a folder, by path.
---@param w table
---@param path string
---@return table[]
function M.below(w, path)
  local prefix = path == "/" and "/" or path .. "/"
  return w.db:query("SELECT " .. COLUMNS .. " FROM tree WHERE path > ? AND "
    .. "substr(path, 1, ?) = ? AND path <> '/' ORDER BY path", { prefix, utf8.len(prefix), prefix })
end

-- The user whose home holds the path ("/Users/a@x.io", "/Repos/a@x.io"), or nil.
local function owner_of(path)
  return path:match "^/Users/([^/]+)" or path:match "^/Repos/([^/]+)"
end

--- May this principal read the path? Only admins see the homes of others.
function M.may_read(principal, path)
  local owner = owner_of(path)
  return principal.admin or not owner or owner == principal.user_name
end

--- Refuse a write that the principal may not make: 403.
function M.check_write(principal, path)
  local owner = owner_of(path)
  local own = owner and owner == principal.user_name
  if not (principal.admin or own or path:find "^/Shared%f[/\0]") then
    errors.denied(("User %s does not have permission to write to %s.")
      :format(principal.user_name, path))
  end
end

--- The object at `path` that this principal may see, or 404.
function M.get(w, principal, path)
  local object = M.may_read(principal, path) and M.find(w, path)
  return object or errors.missing("Path (%s) doesn't exist.", path)
end

local function insert(w, object)
  local now = w.clock:now()
  w.db:exec("INSERT INTO tree VALUES (?,?,?,?,?,?,?,?,?,?,?)", {
    object.path, M.parent(object.path), object.type,
    w.store:new_id("object", FIRST_ID, 137), object.language, object.format, now, now,
    #(object.content or ""), object.content, object.git,
  })
end

local function replace(w, object)
  w.db:exec("UPDATE tree SET language = ?, format = ?, modified_at = ?, size = ?, content = ? "
    .. "WHERE path = ?",
    { object.language, object.format, w.clock:now(), #object.content, object.content,
      object.path })
end

--- Make a folder and those above it, unless they exist.
---@param w table
---@param path string
function M.mkdirs(w, path)
  local there = M.find(w, path)
  if there then
    if there.type ~= "DIRECTORY" and there.type ~= "REPO" then
      errors.raise(400, "RESOURCE_ALREADY_EXISTS", ("Path (%s) already exists."):format(path))
    end
    return
  elseif path ~= "/" then
    M.mkdirs(w, M.parent(path))
  end
  insert(w, { path = path, type = "DIRECTORY" })
end

--- Refuse bytes over the limit: 400 MAX_NOTEBOOK_SIZE_EXCEEDED.
function M.check_size(path, size, code)
  if size > MAX_SIZE then
    code = code or "MAX_NOTEBOOK_SIZE_EXCEEDED"
    errors.raise(400, code, ("File size imported is (%d bytes), exceeded max size (%d bytes)"
      .. " for %s"):format(size, MAX_SIZE, path), { errors.info(code) })
  end
end

--- Store a notebook or a file. Its parent must exist. An object that exists is replaced only with
-- `overwrite`, and only by an object of its own type.
---@param w table
---@param object { path: string, type: string, language?: string, format?: string, content: string }
---@param overwrite boolean
---@param exists fun(path: string) raises the endpoint's own error for an object that exists
function M.put(w, object, overwrite, exists)
  local path = object.path
  local parent = M.find(w, M.parent(path))
  if not parent then
    errors.missing("The parent folder (%s) does not exist.", M.parent(path))
  elseif parent.type ~= "DIRECTORY" and parent.type ~= "REPO" then
    errors.invalid("The parent (%s) is not a folder.", parent.path)
  end
  local there = M.find(w, path)
  if not there then
    insert(w, object)
  elseif not overwrite then
    exists(path)
  elseif there.type ~= object.type then
    errors.invalid("Cannot overwrite the asset at %s due to type mismatch (asked: %s, actual: %s)",
      path, object.type, there.type)
  else
    replace(w, object)
  end
end

--- Delete an object. Deleting a folder that is not empty needs `recursive`.
---@param w table
---@param object table
---@param recursive boolean
function M.delete(w, object, recursive)
  local path = object.path
  if path == "/" or path == "/Users" or path == "/Shared" or path == "/Repos" then
    errors.invalid("Folder %s is protected and cannot be deleted.", path)
  end
  local below = M.below(w, path)
  if #below > 0 and not recursive then
    errors.raise(400, "DIRECTORY_NOT_EMPTY", ("Folder (%s) is not empty"):format(path))
  end
  for _, inner in ipairs(below) do
    w.db:exec("DELETE FROM tree WHERE path = ?", { inner.path })
  end
  w.db:exec("DELETE FROM tree WHERE path = ?", { path })
end

--- Store an object, and its folders, without a check of permissions: for scenarios.
---@param w table
---@param object table
function M.plant(w, object)
  M.mkdirs(w, M.parent(object.path))
  if not M.find(w, object.path) then
    insert(w, object)
  end
end

return M
