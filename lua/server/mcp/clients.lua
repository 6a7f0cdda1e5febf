--- The entries for the settings of programs that start a server of the Model Context Protocol.

local json = require "native.json"

local M = {}

--- The entries, as a text for a person.
---@param profile? string
---@param allow string
---@return string
function M.entries(profile, allow)
  local args = json.array { "mcp" }
  local function add(name, value)
    args[#args + 1], args[#args + 2] = name, value
  end
  if profile then
    add("--profile", profile)
  end
  if allow ~= "read" then
    add("--allow", allow)
  end
  local entry = json.encode({ mcpServers = { tarn = { command = "tarn", args = args } } },
    { indent = 2 })
  local vscode = json.encode({ servers = { tarn = { type = "stdio", command = "tarn",
    args = args } } }, { indent = 2 })
  return table.concat({
    "For programs whose settings have the key mcpServers (desktop assistants, Cursor in",
    ".cursor/mcp.json, Windsurf, Zed and others):", "", entry, "",
    "For Visual Studio Code (.vscode/mcp.json):", "", vscode, "",
    "For programs that take a command: tarn " .. table.concat(args, " "), "",
    "The credentials are those of the profile; none goes into these files.",
  }, "\n")
end

return M
