--- Commands as tools of an assistant, made from the headers of their scripts.
--
-- A tool is each command that the HTTP API serves, and each script of the user's own that ends. A
-- credential is never an argument of a tool, and values that look like secrets are masked in its
-- result: an assistant keeps and repeats what it reads.

local api = require "server.api"
local argspec = require "engine.header.argspec"
local arguments = require "server.arguments"
local collections = require "base.collections"
local fault = require "base.fault"
local find = require "engine.find"
local json = require "native.json"
local openapi = require "server.openapi"
local protocol = require "server.mcp.protocol"
local schemas = require "engine.schema"
local script = require "engine.script"
local secrets = require "base.secrets"
local summary = require "server.mcp.summary"

local M = {}

local MOST_ROWS <const> = 500 -- rows of a result: more would fill an assistant's memory

-- The effects that --allow lets happen.
local ALLOWED <const> = {
  read = collections.set { "read" },
  write = collections.set { "read", "write" },
  destroy = collections.set { "read", "write", "destroy" },
}

--- The choices of --allow.
M.LEVELS = { "read", "write", "destroy" }

-- True if all arguments that a script must have can be given: none is a file of this machine.
local function can_be_called(loaded)
  local served = collections.set(collections.column(arguments.served(loaded), 1))
  for _, spec in ipairs(loaded.args) do
    if argspec.is_required(spec) and not served[spec[1]] then
      return false
    end
  end
  return true
end

local function is_tool(name, loaded)
  if not can_be_called(loaded) then
    return false
  end
  local source = not loaded.route and find.file("scripts/" .. name .. ".lua")
  return loaded.route ~= nil or source and source.path ~= nil and loaded.endless ~= true
end

local function tool_name(command)
  return (command:gsub("-", "_"))
end

-- The output must be an object: lists, and what may be either, are in a member.
local function output_of(loaded)
  local schema = schemas.expand(loaded.returns)
  if schema.type == "object" then
    return schema, false
  end
  return { type = "object", properties = { result = schema,
    more = { type = "integer", description = "Rows that are left out." } },
    required = json.array { "result" } }, true
end

local function title_of(command)
  local words = command:gsub("-", " ")
  return words:sub(1, 1):upper() .. words:sub(2)
end

-- PUT and DELETE mean the same as often as they are sent.
local IDEMPOTENT <const> = { PUT = true, DELETE = true, GET = true }

local function annotations_of(loaded)
  local reads = loaded.effect == "read"
  return { readOnlyHint = reads, destructiveHint = loaded.effect == "destroy",
    idempotentHint = reads or loaded.route ~= nil and IDEMPOTENT[loaded.route[1]] or false,
    openWorldHint = true }
end

-- The text of the help, with the arguments as a tool has them: --dry-run is dry_run.
local function description_of(loaded)
  local text = loaded.summary .. (loaded.details and "\n\n" .. loaded.details or "")
  return (text:gsub("%-%-(%l[%l-]+)", function(option)
    return (option:gsub("-", "_"))
  end))
end

local function tool_of(command, loaded)
  local route = { method = "POST", path = "/", script = loaded, command = command,
    defaults = loaded.route and loaded.route.defaults,
    described = "tools/list describes the arguments" }
  local output, is_wrapped = output_of(loaded)
  return { route = route, is_wrapped = is_wrapped, shown = {
    name = tool_name(command), title = title_of(command),
    description = description_of(loaded),
    inputSchema = openapi.arguments(route), outputSchema = output,
    annotations = annotations_of(loaded) } }
end

-- The tools of scripts that have been seen; a changed script is another table.
local made = setmetatable({}, { __mode = "k" })

-- The tool of a command; nil if it is none.
local function find_of(command)
  local loaded = script.header(command)
  if not loaded or not is_tool(command, loaded) then
    return nil
  end
  made[loaded] = made[loaded] or tool_of(command, loaded)
  return made[loaded]
end

--- The tools that a client may call, sorted by name.
---@param host table { allow }
---@return table[]
function M.list(host)
  local list = json.array {}
  for _, command in ipairs(script.names()) do
    local tool = find_of(command)
    if tool and ALLOWED[host.allow][tool.route.script.effect] then
      list[#list + 1] = tool.shown
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- ---- a call ----

local function find_tool(host, name)
  local command = type(name) == "string" and script.find_named(name)
  local tool = command and find_of(command)
  if not tool or tool.shown.name ~= name then
    protocol.refuse(protocol.codes.params, ("there is no tool '%s'"):format(tostring(name)))
  end
  local effect = tool.route.script.effect
  if not ALLOWED[host.allow][effect] then
    protocol.refuse(protocol.codes.params, ("the tool '%s' is switched off: it %s something")
      :format(name, effect == "destroy" and "destroys" or "changes"),
      { hint = ("`--allow %s` of the server switches it on"):format(effect) })
  end
  return tool
end

-- What a person is asked before something is destroyed, or many are changed.
local function question_of(tool, given)
  local words = {}
  for _, name in ipairs(collections.keys(given)) do
    words[#words + 1] = ("%s: %s"):format(name, json.encode(given[name]))
  end
  return ("%s: %s\n%s"):format(tool.shown.name, tool.route.script.summary,
    table.concat(words, "\n"))
end

local function failure(text)
  return { isError = true, content = json.array { { type = "text", text = text } } }
end

local function of_fault(f)
  if f.kind == "bug" then
    return failure "tarn has a bug; its log has the traceback"
  end
  return failure(f.message .. (f.hint and "\nhint: " .. f.hint or ""))
end

-- The data as the output's schema has it, and what is left out.
local function shaped(tool, data)
  data = secrets.masked(data)
  if not tool.is_wrapped then
    return type(data) == "table" and data or {}
  end
  local shown = { result = data }
  if type(data) == "table" and json.is_array(data) and #data > MOST_ROWS then
    shown.result = json.array(table.move(data, 1, MOST_ROWS, 1, {}))
    shown.more = #data - MOST_ROWS
  end
  return shown
end

local function result_of(tool, served)
  local content = shaped(tool, served.data)
  return { structuredContent = content, isError = false, content = json.array {
    { type = "text", text = summary.text(tool, content, served) } } }
end

--- Call a tool.
---@param host table the server: options, workspaces, allow
---@param call tarn.McpCall
---@return table result with `content`, `structuredContent` and `isError`
function M.call(host, call)
  local given = call.params.arguments or {}
  local tool = find_tool(host, call.params.name)
  if type(given) ~= "table" or json.is_array(given) and #given > 0 then
    protocol.refuse(protocol.codes.params, "'arguments' is not an object")
  end
  local route = setmetatable({ script = script.load(tool.route.command) },
    { __index = tool.route })
  local function run(confirm)
    local arg = collections.copy(given)
    arg.confirm = confirm
    return fault.call(api.run, host, route, {}, {}, arg,
      { progress = call.progress, warning = function() end })
  end
  local ok, served = run()
  if not ok and served.code == "CONFIRMATION_REQUIRED" then
    local answer, asked = call:confirm(question_of(tool, given))
    if asked then
      return asked
    elseif answer ~= true then
      return failure(answer)
    end
    ok, served = run(true)
  end
  if ok then
    return result_of(tool, served)
  elseif served.kind == "cancelled" then
    error(served, 0)
  end
  host.note(served, call)
  return of_fault(served)
end

return M
