--- `tarn types`: makes typed stubs (LuaCATS) of the public modules for editors.
--
-- The stubs of primitives are files (docs/reference/native). Those of the library are its comments.
-- Those of commands are made from the headers, so that an editor completes `tarn.clone { to = ...
-- }`.

local find = require "engine.find"
local fs = require "native.fs"
local json = require "native.json"
local library = require "engine.library"
local script = require "engine.script"
local stubs = require "engine.stubs"

local M = {}

-- ---- the library ----

local Writer = {}
Writer.__index = Writer

function Writer:keep_block(line)
  if #self.block > 0 then
    table.move(self.block, 1, #self.block, #self.lines + 1, self.lines)
    self.lines[#self.lines + 1] = line
    self.lines[#self.lines + 1] = ""
  end
  self.block = {}
end

-- Turn the line of code after a comment into its stub. Code without a comment is left out.
-- `declared` has the variables of the module and of its classes.
function Writer:code(line)
  local owner, rest = line:match "^function ([%w_]+)([.:].*)$"
  local variable = line:match "^local ([%w_]+) ?= ?{"
  local field = line:match "^([%w_]+%.[%w_]+) = "
  if owner and self.declared[owner] then
    self:keep_block(("function %s%s end"):format(owner, rest))
  elseif variable and self.has_class then
    self.declared[variable] = true
    self:keep_block(("local %s = {}"):format(variable))
  elseif field and self.declared[field:match "^[^.]+"] then
    self:keep_block(field .. " = nil")
  elseif self.has_class then
    self:keep_block(nil)
  end
  self.block, self.has_class = {}, false
end

function Writer:line(line)
  if line:find "^%-%-%-" or #self.block > 0 and line:find "^%-%-" then
    self.block[#self.block + 1] = line
    self.has_class = self.has_class or line:find "^%-%-%-@class" or line:find "^%-%-%-@alias"
  elseif #self.block > 0 or line:find "^function [%w_]+[.:]" then
    self:code(line)
  end
end

-- The stub of one module of the library.
local function library_stub(module, text)
  local variable = text:match "\nreturn ([%w_]+)%s*$" or "M"
  local top, rest = text:match "^(%-%-%-.-\n)(\n.*)$"
  local writer = setmetatable({ declared = { [variable] = true }, block = {},
    lines = { "---@meta " .. module, top or "", ("local %s = {}"):format(variable), "" } }, Writer)
  for line in (rest or text):gmatch "([^\n]*)\n" do
    if not line:find "^%s" then
      writer:line(line)
    end
  end
  writer.lines[#writer.lines + 1] = "return " .. variable
  return table.concat(writer.lines, "\n") .. "\n"
end

-- ---- the commands ----

local TYPES <const> = { string = "string", integer = "integer", number = "number",
  flag = "boolean",
  list = "string|string[]", path = "string", catalog = "string", pipeline = "string",
  workspace = "string|tarn.WorkspaceClient" }

local function type_of(spec)
  if spec[2] == "choice" then
    local words = {}
    for i, choice in ipairs(spec.choices) do
      words[i] = ("%q"):format(choice)
    end
    return table.concat(words, "|")
  end
  return TYPES[spec[2]]
end

local function command(name, loaded, lines)
  local identifier = name:gsub("-", "_")
  lines[#lines + 1] = ("---@class tarn.args.%s"):format(identifier)
  for _, spec in ipairs(loaded.args) do
    local required = require("engine.header.argspec").is_required(spec)
    lines[#lines + 1] = ("---@field %s%s %s %s"):format(spec[1], required and "" or "?",
      type_of(spec), spec[3])
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "--- " .. loaded.summary
  lines[#lines + 1] = ("---@param args? tarn.args.%s"):format(identifier)
  lines[#lines + 1] = "---@return any data"
  lines[#lines + 1] = ("function M.%s(args) end"):format(identifier)
  lines[#lines + 1] = ""
end

-- The comment and stub of a function that another module lends to `tarn`.
local function borrowed_function(name, module)
  local text = library_stub(module, find.file(stubs.file_of(module)).text)
  local definition = "function M%." .. name .. "%b() end\n"
  return text:match("\n(%-%-%-[^\n]*\n%-%-%-@.-" .. definition .. ")")
    or text:match("(" .. definition .. ")")
end

-- The stub of `tarn`: with its fields, the functions of other modules, and a function for each
-- command.
local function front_door(stub)
  local lines = {}
  for name, module in pairs(library.fields) do
    lines[#lines + 1] = ("M.%s = require %q"):format(name, module)
  end
  table.sort(lines)
  lines[#lines + 1] = ""
  local borrowed = {}
  for name, module in pairs(library.functions) do
    borrowed[#borrowed + 1] = borrowed_function(name, module)
  end
  table.sort(borrowed)
  lines[#lines + 1] = table.concat(borrowed, "\n")
  for _, name in ipairs(script.names()) do
    local loaded = script.try(name)
    if loaded then
      command(name, loaded, lines)
    end
  end
  local text = table.concat(lines, "\n") .. "\n"
  return (stub:gsub("return M\n$", function() return text .. "return M\n" end))
end

-- ---- all ----

-- The file in which an editor looks for a module.
local function file_of(module)
  return library.module(module):gsub("%.", "/") .. ".lua"
end

--- All stubs, by the names of their files.
---@return table<string, string>
function M.all()
  local files = {}
  for _, module in ipairs(stubs.names()) do
    local text = find.file(stubs.file_of(module)).text
    if module:find "^native%." then
      files[file_of(module)] = text
    else
      files[file_of(module)] = library_stub(library.module(module), text)
    end
  end
  files["tarn.lua"] = front_door(files["tarn.lua"])
  return files
end

local FOLDER <const> = ".tarn-types"

-- The configuration that tells the Lua language server where the stubs are.
local function luarc()
  return json.encode({
    ["runtime.version"] = "Lua 5.4", ["runtime.path"] = { "lua/?.lua" },
    ["workspace.library"] = { FOLDER }, ["diagnostics.globals"] = { "test" },
  }, { indent = 2 }) .. "\n"
end

--- Write the stubs and .luarc.json into a folder. An existing .luarc.json is not changed.
---@param dir string the folder that the editor opens
---@param dry_run? boolean true: write nothing
---@return string[] paths
---@return boolean kept true if .luarc.json existed
function M.write(dir, dry_run)
  local files = {}
  for name, text in pairs(M.all()) do
    files[FOLDER .. "/" .. name] = text
  end
  local kept = fs.find_stat(dir .. "/.luarc.json") ~= nil
  if not kept then
    files[".luarc.json"] = luarc()
  end
  return require("base.files").write(dir, files, dry_run), kept
end

return M
