--- The pages of the documentation, as tests read them.
--
-- The first word behind the fence of a block says what it holds: `sh` commands; `console`
-- commands, each after `$ `, with what they print; `lua` and `yaml` a file, whose name is the
-- comment in its first line. A command ends with status 0 unless a comment behind it says "exit
-- status N".

local fs = require "native.fs"

local M = {}

--- Add to a list the paths of the files below a folder whose names match a pattern.
---@param folder string
---@param pattern string
---@param list string[]
---@return string[] list
function M.files_below(folder, pattern, list)
  for _, name in ipairs(fs.list(folder)) do
    local path = folder .. "/" .. name
    if fs.find_stat(path).type == "directory" then
      M.files_below(path, pattern, list)
    elseif name:find(pattern) then
      list[#list + 1] = path
    end
  end
  return list
end

--- The paths of all pages: README.md, and those below docs.
---@return string[]
function M.list()
  return M.files_below("docs", "%.md$", { "README.md" })
end

---@class tests.PageBlock a fenced block
---@field language string the word behind the fence, or ""
---@field lines string[]
---@field first integer the number of its first line on the page

-- The fenced blocks, and all other lines.
local function split(page)
  local list, prose, block, number = {}, {}, nil, 0
  for line in fs.read(page):gmatch "(.-)\n" do
    number = number + 1
    local language = line:match "^```%s*(%S*)"
    if language and not block then
      block = { language = language, lines = {}, first = number + 1 }
    elseif language then
      list[#list + 1], block = block, nil
    elseif block then
      table.insert(block.lines, line)
    else
      prose[#prose + 1] = line
    end
  end
  assert(not block, page .. ": a block does not end")
  return list, prose
end

--- The fenced blocks of a page in their order.
---@param page string path
---@return tests.PageBlock[]
function M.blocks(page)
  return (split(page))
end

--- The lines of a page outside of its blocks.
---@param page string path
---@return string[]
function M.prose(page)
  local _, prose = split(page)
  return prose
end

---@class tests.PagePart a command or a file of a page
---@field command? string
---@field status? integer  how the command ends
---@field shown? string[]  what it prints; nil where the page does not say so
---@field first? integer   the number of the first line of `shown` on the page
---@field file? string     a name, with "~/" in front where it lies in the home
---@field text? string

local function new_command(text)
  return { command = text, status = math.tointeger(text:match "#.*exit status (%d+)" or 0) }
end

-- A backslash at the end of a line joins it with the next one.
local function add_commands(block, parts)
  local text
  for _, line in ipairs(block.lines) do
    text = text and text .. "\n" .. line or line
    if not line:find "\\$" then
      if text:find "^%s*[^#%s]" then
        parts[#parts + 1] = new_command(text)
      end
      text = nil
    end
  end
end

local function add_session(block, parts)
  local part
  for i, line in ipairs(block.lines) do
    local command = line:match "^%$ (.*)$"
    if command then
      part = new_command(command)
      part.shown, part.first = {}, block.first + i
      parts[#parts + 1] = part
    elseif #part.shown == 0 and part.command:find "\\$" then
      part.command, part.first = part.command .. "\n" .. line, part.first + 1
      part.status = new_command(part.command).status
    else
      table.insert(part.shown, line)
    end
  end
end

local FILES <const> = { lua = true, yaml = true }

--- The name of a file in the first line of its text.
---@param block tests.PageBlock
---@return string?
function M.find_name(block)
  return block.lines[1]:match "^%-%- ([%w_./~-]+%.lua)%f[:%z]"
    or block.lines[1]:match "^# ([%w_./~-]+%.yaml)$"
end

--- The commands and files of a page in their order. A prompt for Lua, `tarn demo>`, is neither.
---@param page string path
---@return tests.PagePart[]
function M.parts(page)
  local parts = {}
  for _, block in ipairs(M.blocks(page)) do
    if block.language == "sh" then
      add_commands(block, parts)
    elseif block.language == "console" and not block.lines[1]:find "^tarn %S*>" then
      add_session(block, parts)
    elseif FILES[block.language] and M.find_name(block) then
      parts[#parts + 1] = { file = M.find_name(block),
        text = table.concat(block.lines, "\n") .. "\n" }
    end
  end
  return parts
end

--- The text of a page's file by its name.
---@param page string path
---@param name string
---@return string
function M.file(page, name)
  for _, part in ipairs(M.parts(page)) do
    if part.file == name then
      return part.text
    end
  end
  error(("%s has no file '%s'"):format(page, name), 2)
end

return M
