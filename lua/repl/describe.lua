--- The help of any value: a function's comment, a module's functions, a command's help page.
-- The texts come from the scripts' headers and the library's comments, like the reference.

local command = require "engine.command"
local fault = require "base.fault"
local layout = require "engine.help.layout"
local library = require "engine.library"
local stubs = require "engine.stubs"

local M = {}

--- Append pairs of a name and a text to `lines`, aligned.
---@param lines string[]
---@param rows { [1]: string, [2]: string }[]
function M.rows(lines, rows)
  local width = 0
  for _, row in ipairs(rows) do
    width = math.max(width, math.min(#row[1], 44))
  end
  for _, row in ipairs(rows) do
    lines[#lines + 1] = (("  %-" .. width .. "s  %s"):format(row[1], row[2]):gsub("%s+$", ""))
  end
end

-- ---- functions ----

local function typed(one)
  return one.type ~= "" and one.type ~= "any" and one.type or ""
end

local function add_params(lines, stub)
  local rows = {}
  for i, param in ipairs(stub.params) do
    local name = param.name .. (param.optional and "?" or "")
    rows[i] = { name, (typed(param) .. "  " .. param.help):gsub("^%s+", "") }
  end
  M.rows(lines, rows)
  for _, value in ipairs(stub.returns) do
    lines[#lines + 1] = ("  -> %s  %s"):format(value.type, value.help):gsub("%s+$", "")
  end
end

local function describe(stub)
  local lines = { stub.signature }
  if stub.help ~= "" then
    lines[#lines + 1] = ""
    lines[#lines + 1] = stub.help
  end
  if #stub.params + #stub.returns > 0 then
    lines[#lines + 1] = ""
    add_params(lines, stub)
  end
  return table.concat(lines, "\n") .. "\n"
end

local function find_stub(module, test)
  local stub = stubs.find(module)
  for _, one in ipairs(stub and stub.functions or {}) do
    if test(one) then
      return one
    end
  end
end

-- The module and the field that hold a function; for functions of C, whose source tells nothing.
local function find_name(f)
  for module, value in pairs(package.loaded) do
    if type(module) == "string" and type(value) == "table" and module ~= "_G" then
      for name, field in next, value do
        if field == f then
          return module, name
        end
      end
    end
  end
  for name, value in next, _G do
    if value == f then
      return "_G", name
    end
  end
end

local function of_lua_function(info)
  local path = info.source:match "^@bundle/lua/(.*)%.lua$" or info.source:match "lua/(tarn.*)%.lua$"
  local module = path and path:gsub("/", ".")
  local stub = module and find_stub(module, function(one) return one.line == info.linedefined end)
  local name = stub and library.find_function(module, stub.name)
  if name and not stub.name:find ":" then
    stub.signature = stub.signature:gsub("^[^(]*", (name:gsub("%%", "%%%%")))
  end
  return stub
end

local LUA <const> = "a function of Lua; see the Lua 5.4 reference manual."

-- The file and line of a function without documentation.
local function source_of(f)
  local info = debug.getinfo(f, "S")
  if info.what == "C" then
    return "a function written in C, without documentation"
  end
  return ("a function without documentation, defined in %s, line %d"):format(info.short_src,
    info.linedefined)
end

local function of_function(f)
  local name = command.find_called(f)
  if name then
    return require("engine.help").script(name, (require("engine.script").load(name)))
  end
  local stub = of_lua_function(debug.getinfo(f, "S"))
  if stub then
    return describe(stub)
  end
  local module, field = find_name(f)
  stub = module and find_stub(module, function(one) return one.name == field end)
  if stub then
    return describe(stub)
  elseif module and not module:find "^tarn" and not module:find "^native" then
    return ("%s%s: %s\n"):format(module == "_G" and "" or module .. ".", field, LUA)
  end
  return source_of(f) .. "\n"
end

-- ---- modules and values ----

local function add_functions(lines, functions)
  if #functions > 0 then
    lines[#lines + 1] = ""
  end
  for _, one in ipairs(functions) do
    local text = layout.sentence(one.help)
    lines[#lines + 1] = "  " .. one.signature
    lines[#lines + 1] = text ~= "" and "      " .. text or nil
  end
end

--- The help of a module, or nil if there is no module of that name.
---@param module string
---@return string?
function M.module(module)
  local stub = stubs.find(module)
  if not stub then
    return nil
  end
  local lines = { module, "", stub.help }
  add_functions(lines, stub.functions)
  return table.concat(lines, "\n") .. "\n"
end

local function find_module(value)
  for module, loaded in pairs(package.loaded) do
    if loaded == value and type(module) == "string" and module ~= "_G" then
      return module
    end
  end
end

-- The help of the methods in `has` that `module` documents; and how many these are.
local function of_methods(value, module, has)
  local lines, methods = { (tostring(value):gsub(": 0x%x+$", "")) }, {}
  for _, one in ipairs(stubs.find(module).functions) do
    local name = one.name:match ":([%w_]+)$"
    if name and has[name] then
      methods[#methods + 1] = { signature = one.signature:gsub("^.*:", ":", 1), help = one.help }
    end
  end
  add_functions(lines, methods)
  return table.concat(lines, "\n") .. "\n", #methods
end

-- A handle made by C: its help is in the native library that documents most of its methods.
local function of_handle(value, methods)
  local best, most
  for _, module in ipairs(stubs.names()) do
    if module:find "^native%." then
      local text, count = of_methods(value, module, methods)
      if count > (most or 0) then
        best, most = text, count
      end
    end
  end
  return best
end

-- The names of the fields of a table or userdata, with their types.
local function of_fields(value)
  local lines, rows, seen = { (tostring(value):gsub(": 0x%x+$", "")) }, {}, {}
  local meta = getmetatable(value)
  local behind = type(meta) == "table" and meta.__index
  for _, from in ipairs { type(value) == "table" and value or {}, behind } do
    for name, field in next, type(from) == "table" and from or {} do
      if type(name) == "string" and not seen[name] then
        seen[name] = true
        rows[#rows + 1] = { name, type(field) }
      end
    end
  end
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  lines[#lines + 1] = ""
  M.rows(lines, rows)
  return table.concat(lines, "\n") .. "\n"
end

--- The help of any value.
---@param value any
---@return string
function M.value(value)
  if type(value) == "function" then
    return of_function(value)
  elseif fault.is(value) then
    return require("engine.help.topics").error(value.kind)
  end
  local module = find_module(value)
  local meta = getmetatable(value)
  if module then
    return M.module(module) or of_fields(value)
  elseif type(value) == "table" and type(meta) == "table" and meta.__name == "tarn.workspace" then
    return (of_methods(value, "tarn.workspace", meta.__index))
  elseif type(value) == "userdata" and type(meta) == "table" and type(meta.__index) == "table" then
    return of_handle(value, meta.__index) or of_fields(value)
  elseif type(value) == "table" or type(value) == "userdata" then
    return of_fields(value)
  end
  return ("%s, a %s\n"):format(tostring(value), type(value))
end

return M
