--- The commands of `tarn help` in groups, by task: what one does most often comes first.

local M = {}

--- The groups; a command that is in none of them is one of the user's own.
---@type { title: string, commands: string[] }[]
M.list = {
  { title = "Look", commands = { "dashboard", "list", "get", "open", "updates", "events",
    "expectations", "lineage", "cost", "jobs", "permissions", "sql", "api" } },
  { title = "Run", commands = { "trigger", "wait", "stop" } },
  { title = "Change", commands = { "create", "edit", "set", "rename", "migrate", "grant", "delete",
    "undo", "journal" } },
  { title = "Copy", commands = { "clone", "clone-to-workspace", "diff", "export", "import" } },
  { title = "Write scripts", commands = { "repl", "run", "new", "test", "which", "eject", "types",
    "api-reference", "mcp" } },
  { title = "Set up", commands = { "auth", "doctor", "serve", "sandbox", "completion", "man",
    "help" } },
}

local OWN <const> = "Your own"

--- The entries of commands in their groups, in order. Groups without a command are left out.
---@generic T: { command: string }
---@param entries T[]
---@return { title: string, entries: T[] }[]
function M.sort(entries)
  local by_name, found = {}, {}
  for _, entry in ipairs(entries) do
    by_name[entry.command] = entry
  end
  for _, group in ipairs(M.list) do
    local one = { title = group.title, entries = {} }
    for _, name in ipairs(group.commands) do
      one.entries[#one.entries + 1] = by_name[name]
      by_name[name] = nil
    end
    found[#found + 1] = #one.entries > 0 and one or nil
  end
  local own = { title = OWN, entries = {} }
  for _, entry in ipairs(entries) do
    own.entries[#own.entries + 1] = by_name[entry.command]
  end
  found[#found + 1] = #own.entries > 0 and own or nil
  return found
end

return M
