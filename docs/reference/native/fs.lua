---@meta native.fs
--- Files and folders of this machine. These functions do not let other tasks run meanwhile.
--
--     local fs = require "native.fs"
--     local dir = fs.mktemp()
--     fs.write(dir .. "/notes.txt", "one\n")
--     fs.append(dir .. "/notes.txt", "two\n")
--     for _, name in ipairs(fs.list(dir)) do print(name, fs.read(dir .. "/" .. name)) end
--     fs.remove(dir, { recursive = true })
--
-- Every failure is a fault of kind `io`; its message names the path, and its code is the name of
-- the system's error ("EACCES", "ENOSPC"). The functions `find_...` return nil for a missing file.
-- Modes are permission bits: 384 is octal 0600, 420 is 0644, 448 is 0700, 493 is 0755.
--
-- Source: src/api/l_fs.c.
local fs = {}

--- Read a whole file.
---@param path string
---@param opts? { max_bytes?: integer } a larger file is a fault; default 1 GiB
---@return string bytes
function fs.read(path, opts) end

--- Read a whole file, of at most 1 GiB.
---@param path string
---@return string? bytes nil if there is no such file
function fs.find_read(path) end

--- Write a whole file. The bytes are written to a temporary file beside it, which then replaces the
-- file: a reader sees the old content or the new one, but no mixture. The target of a symbolic link
-- is replaced, and the link stays. A device such as /dev/null is written to.
---@param path string
---@param bytes string
---@param opts? { mode?: integer, exclusive?: boolean } mode: the permissions, default those of the
--- existing file, else 420; exclusive: true: an existing file is a fault with the code "EEXIST"
function fs.write(path, bytes, opts) end

--- Append to a file; it is created if it does not exist. If the disk gets full, the appended part
-- is removed again.
---@param path string
---@param bytes string
---@param opts? { mode?: integer } permissions of a new file; default 420
function fs.append(path, bytes, opts) end

---@class tarn.Stat
---@field type "file"|"directory"|"link"|"other" "link" is a symbolic link whose target is missing
---@field size integer  bytes
---@field mtime integer milliseconds since 1970
---@field mode integer  permission bits

--- What a path is; symbolic links are followed.
---@param path string
---@return tarn.Stat? stat nil if there is nothing
function fs.find_stat(path) end

--- The names in a folder, sorted, without "." and "..".
---@param path string
---@return string[]
function fs.list(path) end

--- Create a folder, unless it exists.
---@param path string
---@param opts? { parents?: boolean, mode?: integer } parents: true: create missing parents, too;
--- mode: permissions, default 493
function fs.mkdir(path, opts) end

--- Remove a file or an empty folder, if it exists.
---@param path string
---@param opts? { recursive?: boolean } true: remove a folder with its content
function fs.remove(path, opts) end

--- Rename a file or folder. An existing file of the new name is replaced.
---@param from string
---@param to string
function fs.rename(from, to) end

--- The working directory.
---@return string
function fs.cwd() end

--- The absolute path without symbolic links. A fault if the path does not exist.
---@param path string
---@return string
function fs.realpath(path) end

--- Create a temporary folder that only its owner can read (mode 448). The caller removes it.
---@return string path
function fs.mktemp() end

---@class tarn.Folder an open folder; to be closed, as a <close> variable
local folder = {}

--- Open a folder. Its methods work below it only: they follow no symbolic link (a fault with the
-- code "ELOOP"), and a name that leads out of the folder is a fault with the code "EINVAL". Names
-- are relative, with "/" between their parts.
---@param path string may lead over symbolic links
---@return tarn.Folder
function fs.folder(path) end

--- Read a whole file. A fault if it is not a regular file.
---@param name string
---@param opts? { max_bytes?: integer } a larger file is a fault; default 1 GiB
---@return string bytes
function folder:read(name, opts) end

--- Read a whole file.
---@param name string
---@return string? bytes nil if there is no such file
function folder:find_read(name) end

--- Write a whole file, like `fs.write`. Missing folders in the name are created.
---@param name string
---@param bytes string
---@param opts? { mode?: integer, exclusive?: boolean } as for `fs.write`
function folder:write(name, bytes, opts) end

--- What a name is. A symbolic link is of type "link", whatever its target is.
---@param name string
---@return tarn.Stat? stat nil if there is nothing
function folder:find_stat(name) end

--- The names in a folder, sorted.
---@param name? string default: the open folder itself
---@return string[]
function folder:list(name) end

--- Create a folder and its missing parents, unless it exists.
---@param name string
function folder:mkdir(name) end

--- Remove a file, a symbolic link or an empty folder, if it exists.
---@param name string
function folder:remove(name) end

--- Close the folder. Closing twice is not an error.
function folder:close() end

return fs
