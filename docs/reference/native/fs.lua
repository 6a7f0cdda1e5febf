---@meta native.fs
--- Files and folders.
--
--     local fs = require "native.fs"
--     local dir = fs.mktemp()
--     fs.write(dir .. "/notes.txt", "one\n")
--     fs.append(dir .. "/notes.txt", "two\n")
--     for _, name in ipairs(fs.list(dir)) do print(name, fs.read(dir .. "/" .. name)) end
--     fs.remove(dir, { recursive = true })
--
-- A failure raises a fault of kind `io` that names the path, with the name of the errno as its code
-- ("EACCES", "ENOSPC"). Functions that begin with `find_` return nil for a missing file.
local fs = {}

--- The whole file.
---@param path string
---@param opts? { max_bytes?: integer } default 1 GiB
---@return string
function fs.read(path, opts) end

--- The whole file, or nil if there is none. Other failures raise.
---@param path string
---@return string?
function fs.find_read(path) end

--- Write the file whole: into a temporary neighbour, synced, then renamed over `path`, so
-- that a reader sees the old bytes or the new ones, never half. A link stays, its target is
-- replaced; what is no regular file (`/dev/null`) is written to.
---@param path string
---@param bytes string
---@param opts? { mode?: integer, exclusive?: boolean } mode default: that of the file there, else 420 (0644); exclusive: a file that exists is a fault (code "EEXIST")
function fs.write(path, bytes, opts) end

--- Append to the file, which is created with `mode` (default 420) if missing. What a full
-- disk cut short is taken back.
---@param path string
---@param bytes string
---@param opts? { mode?: integer }
function fs.append(path, bytes, opts) end

---@class tarn.Stat
---@field type "file"|"directory"|"link"|"other"
---@field size integer  bytes
---@field mtime integer ms since 1970
---@field mode integer  permission bits

--- What is at `path` (links followed; "link" is one that leads nowhere), or nil if nothing is.
---@param path string
---@return tarn.Stat?
function fs.find_stat(path) end

--- Names in a directory, sorted, without "." and "..".
---@param path string
---@return string[]
function fs.list(path) end

--- Make a directory; fine if it exists. `parents` makes those above it too.
---@param path string
---@param opts? { parents?: boolean, mode?: integer } mode default 493 (0755)
function fs.mkdir(path, opts) end

--- Remove a file or an empty directory; `recursive` removes all below. Missing is fine.
---@param path string
---@param opts? { recursive?: boolean }
function fs.remove(path, opts) end

---@param from string
---@param to string
function fs.rename(from, to) end

--- The working directory.
---@return string
function fs.cwd() end

--- Absolute path without links. Raises if it does not exist.
---@param path string
---@return string
function fs.realpath(path) end

--- A new empty directory for temporary files, mode 0700.
---@return string
function fs.mktemp() end

---@class tarn.Folder a folder that somebody named, by `fs.folder`; `local d <close> = ...`
local folder = {}

--- Open a folder that is there. What its methods do stays below it: no step follows a link,
-- whoever put one there (fault `io`, code "ELOOP"), and a name cannot leave the folder (code
-- "EINVAL"). Names are relative, with "/" between their parts.
---@param path string may lead over links
---@return tarn.Folder
function fs.folder(path) end

--- The whole file. What is no regular file is a fault.
---@param name string
---@param opts? { max_bytes?: integer } default: 1 GiB
---@return string
function folder:read(name, opts) end

--- As `read`; nil if nothing is there.
---@param name string
---@return string?
function folder:find_read(name) end

--- Replace the file, or make it, as `fs.write`; folders on the way are made.
---@param name string
---@param bytes string
---@param opts? { mode?: integer, exclusive?: boolean }
function folder:write(name, bytes, opts) end

--- What is there, or nil. A link is of type "link", wherever it leads.
---@param name string
---@return tarn.Stat?
function folder:find_stat(name) end

--- Names in a folder below, sorted; in the folder itself without a name.
---@param name? string
---@return string[]
function folder:list(name) end

--- Make a folder, and those above it. One that is there is fine.
---@param name string
function folder:mkdir(name) end

--- Remove a file, a link or an empty folder. What is not there is fine.
---@param name string
function folder:remove(name) end

--- Forget the folder. Closing twice is fine.
function folder:close() end

return fs
