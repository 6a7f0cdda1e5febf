--- Files and folders outside of the workspace tree: those of volumes, `/Volumes/...`, and of the
--- DBFS root, `dbfs:/...`.

local errors = require "sandbox.http.errors"

local M = {}

-- A folder has no content.
M.schema = [[
CREATE TABLE IF NOT EXISTS blobs(
  path TEXT PRIMARY KEY, parent TEXT NOT NULL, modified INTEGER NOT NULL,
  content BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs_by_parent ON blobs(parent, path);
]]

local COLUMNS <const> = "path, parent, modified, content IS NULL AS is_folder, "
  .. "length(CAST(content AS BLOB)) AS size" -- of a text, length() counts up to the first NUL

--- The folder of a volume.
---@param full string "catalog.schema.volume"
function M.of_volume(full)
  return "/Volumes/" .. full:gsub("%.", "/", 2)
end

---@param path string
---@return string
function M.parent(path)
  return path:match "^(.*)/[^/]+$" or ""
end

--- A file or folder without its bytes, or nil.
---@return table? { path, parent, modified, is_folder, size }
function M.find(w, path)
  return w.db:find_row("SELECT " .. COLUMNS .. " FROM blobs WHERE path = ?", { path })
end

---@return string
function M.content(w, path)
  return w.db:find_row("SELECT content FROM blobs WHERE path = ?", { path }).content
end

--- What stands directly in a folder, by path.
---@return table[]
function M.children(w, path)
  return w.db:query("SELECT " .. COLUMNS .. " FROM blobs WHERE parent = ? ORDER BY path", { path })
end

--- Make a folder and those above it, up to `root`, which is always there.
---@param refuse fun(path: string) raises the endpoint's error where a file stands
function M.mkdirs(w, path, root, refuse)
  while #path > #root do
    local there = M.find(w, path)
    if there and there.is_folder == 0 then
      refuse(path)
    elseif not there then
      w.db:exec("INSERT INTO blobs VALUES (?, ?, ?, NULL)", { path, M.parent(path), w.clock:now() })
    end
    path = M.parent(path)
  end
end

--- Write a file. Its folders are made.
function M.put(w, path, bytes, root, refuse)
  M.mkdirs(w, M.parent(path), root, refuse)
  w.db:exec("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?)",
    { path, M.parent(path), w.clock:now(), bytes })
end

--- Delete a file or an empty folder.
function M.delete(w, path)
  w.db:exec("DELETE FROM blobs WHERE path = ?", { path })
end

--- Delete a folder with all that is below it.
function M.delete_below(w, path)
  local prefix = path .. "/"
  w.db:exec("DELETE FROM blobs WHERE path = ? OR substr(path, 1, ?) = ?",
    { path, utf8.len(prefix) or #prefix, prefix })
end

--- The parts of a path below a root; refuses `.` and `..` with 400.
---@param path string
---@return string path without a slash at its end
function M.plain(path)
  local plain = path:gsub("/+", "/"):gsub("/$", "")
  for part in plain:gmatch "[^/]+" do
    if part == "." or part == ".." then
      errors.invalid("Path (%s) must not contain '.' or '..'.", path)
    end
  end
  return plain
end

return M
