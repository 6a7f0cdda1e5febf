--- The options that every command takes. A script must not declare an argument of such a name,
-- except where `own` says so: then the command's own argument counts.

local collections = require "base.collections"
local formats = require "output.formats"

local M = {}

--- All options, in the order in which help shows them.
---@type tarn.ArgSpec[]
M.list = {
  { "path", "list", "Search DIR for scripts, modules and hooks first (repeatable).", value = "DIR",
    of = "path" },
  { "bundled", "flag", "Ignore all overrides and hooks: use built-in files only." },
  { "output", "choice", "Format of the output.", short = "o",
    choices = collections.column(formats.list, "name") },
  { "columns", "string", "Print these fields of each row: name,latest_update.state.", value = "A,B",
    own = true },
  { "each", "string", "Print what this Lua expression gives for each row, `it`; nil: nothing.",
    value = "LUA" },
  { "no_headers", "flag", "Print no titles above columns, and no count below rows." },
  { "raw", "flag", "Print values unchanged, also cells of CSV that a spreadsheet would execute." },
  { "quiet", "flag", "Print nothing on stderr except errors.", short = "q" },
  { "verbose", "flag", "Trace requests on stderr; -vv shows their bodies too.", short = "v" },
  { "profile", "string", "Workspace: a profile in ~/.databrickscfg, or demo or demo-dr.",
    short = "p", value = "NAME", of = "workspace" },
  { "jobs", "integer", "Most requests in flight (default 64).", min = 1, value = "N" },
  { "rate", "number", "Most requests per second (default: no limit).", min = 0.001, value = "N" },
  { "timeout", "number",
    "Seconds for the whole command (default: no limit), and for a call (default 300).",
    min = 0.001, value = "S" },
  { "read_only", "flag", "Refuse every request that changes something." },
  { "record", "path", "Record requests and answers in FILE, without secrets, for `tarn test`.",
    value = "FILE" },
  { "cpu_limit", "number",
    "Seconds that a script may compute without a wait (default 60; 0: no limit).", min = 0,
    value = "S" },
  { "memory_limit", "integer", "MiB that a script's values may take (default 1024; 0: no limit).",
    min = 0, value = "MIB" },
  { "yes", "flag", "Do not ask for confirmation before something is destroyed." },
  { "no_color", "flag", "Use no colours, even on a terminal." },
  { "version", "flag", "Print the version and exit." },
  { "help", "flag", "Print the help of the command and exit.", short = "h" },
}

--- The same options by their names.
---@type table<string, tarn.ArgSpec>
M.by_name = {}

for _, spec in ipairs(M.list) do
  spec.optional = true
  M.by_name[spec[1]] = spec
end

return M
