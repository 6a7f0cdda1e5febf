--- The commands and the code that a page of the documentation shows.

local fs = require "native.fs"
local program = require "testing.program"

local M = {}

--- The commands of a page: indented lines that begin with "tarn".
---@param path string
---@return string[]
function M.commands(path)
  local list = {}
  for line in fs.read(path):gmatch "[^\n]+" do
    list[#list + 1] = line:match "^    (tarn .*)$"
  end
  return list
end

--- The blocks of code in a language, in their order.
---@param path string
---@param language string "lua", "sh"
---@return string[]
function M.blocks(path, language)
  local list = {}
  for text in fs.read(path):gmatch("```" .. language .. "\n(.-)```") do
    list[#list + 1] = text
  end
  return list
end

--- The blocks of Lua that have the name of a file in their first line, by that name.
---@param path string
---@return table<string, string>
function M.files(path)
  local by_name = {}
  for _, text in ipairs(M.blocks(path, "lua")) do
    local name = text:match "^%-%- ([%w_/-]+%.lua)"
    if name then
      by_name[name] = text
    end
  end
  return by_name
end

--- Run a command of a page.
---@param command string
---@param opts table as for program.shell
---@return { status: integer, stdout: string, stderr: string }
function M.run(command, opts)
  return program.shell(command:gsub("^tarn", '"$TARN"', 1), opts)
end

--- Run all commands of a page, which must end with status 0; returns their number.
---@param t tarn.Test
---@param path string
---@param opts table as for program.shell
---@return integer
function M.run_all(t, path, opts)
  local list = M.commands(path)
  for _, command in ipairs(list) do
    local r = M.run(command, opts)
    t.equal(r.status, 0, command .. "\n" .. r.stdout .. r.stderr)
  end
  return #list
end

return M
