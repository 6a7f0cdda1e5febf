--- Reads the comments of a Lua file: the descriptions and types (LuaCATS) of its functions.
--
-- Modules of the library and the stubs of primitives (docs/reference/native) are written the same
-- way: `---` begins a text, `--` continues it, and `---@param` and the like are annotations. The
-- reference, `help(x)` at the prompt and the stubs for editors are made from the result.

local collections = require "base.collections"
local find = require "engine.find"
local library = require "engine.library"

local M = {}

---@class tarn.StubParam
---@field name string
---@field type string
---@field optional boolean
---@field help string

---@class tarn.StubFunction
---@field name string      the name in its module: "map", or with its type "Client:sql"
---@field signature string "base.pool.map(list, f, opts)"
---@field help string
---@field params tarn.StubParam[]
---@field returns { type: string, help: string }[]
---@field line integer

---@class tarn.StubClass
---@field name string
---@field help string
---@field fields { name: string, type: string, optional: boolean, help: string }[]

---@class tarn.Stub
---@field module string
---@field help string
---@field functions tarn.StubFunction[]
---@field classes tarn.StubClass[]
---@field values { name: string, type: string, help: string }[] fields that are not functions

-- ---- one annotation ----

-- Split a text into the type with which it begins, and the rest. Blanks inside brackets, after a
-- colon, and around "|" belong to the type.
local function split_type(text)
  local depth, i = 0, 1
  while i <= #text do
    local c = text:sub(i, i)
    if c:find "[%({<%[]" then
      depth = depth + 1
    elseif c:find "[%)}>%]]" then
      depth = depth - 1
    elseif c == '"' then
      i = text:find('"', i + 1, true) or #text
    elseif c == " " and depth == 0 and not text:sub(1, i - 1):find "[:|]%s*$"
      and not text:find("^%s*|", i) then
      break
    end
    i = i + 1
  end
  return text:sub(1, i - 1), (text:sub(i):gsub("^%s+", ""))
end

local function param(text)
  local name, mark, rest = text:match "^(%S-)(%??)%s+(.*)$"
  if not name then
    return { name = text, type = "any", optional = false, help = "" }
  end
  local kind, help = split_type(rest)
  return { name = name, type = kind, optional = mark == "?" or kind:sub(-1) == "?", help = help }
end

local function returned(text)
  local kind, help = split_type(text)
  return { type = kind, help = help }
end

-- ---- a file ----

local Reader = {}
Reader.__index = Reader

function Reader:flush()
  local block = self.block
  self.block = { text = {}, params = {}, returns = {} }
  return block
end

local function text_of(block)
  return (table.concat(block.text, "\n"):gsub("^%s+", ""):gsub("%s+$", ""))
end

local annotations = {}

function annotations.param(reader, rest)
  table.insert(reader.block.params, param(rest))
end

annotations["return"] = function(reader, rest)
  table.insert(reader.block.returns, returned(rest))
end

function annotations.class(reader, rest)
  local name, help = rest:match "^([%w_.]+)%s*:?%s*(.*)$"
  local class = { name = name, help = help ~= "" and help or text_of(reader.block), fields = {} }
  reader:flush()
  reader.class = class
  table.insert(reader.stub.classes, class)
end

function annotations.field(reader, rest)
  if reader.class then
    table.insert(reader.class.fields, param(rest))
  end
end

function annotations.type(reader, rest)
  reader.block.type = rest
end

function Reader:comment(line)
  local name, rest = line:match "^%-%-%-@(%a+)%s*(.*)$"
  if name then
    if annotations[name] then
      annotations[name](self, rest)
    end
    return
  end
  local fresh, text = line:match "^%-%-(%-?) ?(.*)$"
  if fresh == "-" then
    self.class = nil
  end
  if fresh == "-" or #self.block.text > 0 then
    table.insert(self.block.text, text)
  end
end

-- The full name of what is defined as `owner.name`: the owner is the module's variable, or one of a
-- class (`function Client:sql`).
function Reader:name_of(owner, separator)
  if owner == self.module_variable then
    return self.stub.module .. separator
  end
  return (self.class_of[owner] or owner) .. separator
end

function Reader:add_function(owner, separator, name, arguments, number)
  local block = self:flush()
  if #block.text == 0 and #block.params == 0 and #block.returns == 0 then
    return -- a function without a comment is private
  end
  table.insert(self.stub.functions, {
    name = owner == self.module_variable and name or self.class_of[owner]
      and self.class_of[owner] .. separator .. name or owner .. separator .. name,
    signature = ("%s%s(%s)"):format(self:name_of(owner, separator), name, arguments),
    help = text_of(block), params = block.params, returns = block.returns, line = number,
  })
end

function Reader:code(line, number)
  local owner, separator, name, arguments = line:match "^function ([%w_]+)([.:])([%w_]+)%((.-)%)"
  local variable = line:match "^local ([%w_]+) ?="
  local field, value = line:match "^([%w_]+)%.([%w_]+) ="
  if owner then
    self:add_function(owner, separator, name, arguments, number)
  elseif variable and self.class then
    self.class_of[variable] = self.class.name
  elseif field and field == self.module_variable and self.block.type then
    local block = self:flush()
    table.insert(self.stub.values, { name = value, type = block.type, help = text_of(block) })
  elseif field and field == self.module_variable and #self.block.text > 0 then
    arguments = line:match "= function%((.-)%)"
    if arguments then
      self:add_function(field, ".", value, arguments, number)
    end
  end
  self.class = nil
  self:flush()
end

-- Iterates over the lines of a text and their numbers. An annotation is one line: the lines after
-- it that begin with `---` continue it. Only `@meta` has no text to be continued.
local function logical_lines(text)
  local next_line, number = text:gmatch "([^\n]*)\n", 0
  local line = next_line()
  return function()
    if not line then
      return nil
    end
    local whole, first = line, number + 1
    number, line = first, next_line()
    local has_text = whole:find "^%-%-%-@" and not whole:find "^%-%-%-@meta"
    local more = has_text and line and line:match "^%-%-%-%s*([^@%s].*)$"
    while more do
      whole = whole .. " " .. more
      number, line = number + 1, next_line()
      more = line and line:match "^%-%-%-%s*([^@%s].*)$"
    end
    return whole, first
  end
end

-- The variable that a module returns, whether as it is or with fields that are added.
local function variable_of(text)
  return text:match "\nreturn ([%w_]+)%s*$" or text:match "\nreturn [^\n]-%(([%w_]+), {"
end

--- Read the comments of a file.
---@param text string
---@param module string "native.task", "base.pool"
---@return tarn.Stub
function M.parse(text, module)
  local reader = setmetatable({ class_of = {}, stub = { module = module, help = "",
    functions = {}, classes = {}, values = {} },
    module_variable = variable_of(text) }, Reader)
  reader:flush()
  local top = true
  for line, number in logical_lines(text) do
    if line:find "^%-%-" then
      reader:comment(line)
    elseif top and #reader.block.text > 0 then
      -- the first text, before any code, describes the module
      reader.stub.help, top = text_of(reader:flush()), false
      if line ~= "" then
        reader:code(line, number)
      end
    elseif line == "" then
      reader.class = nil
      reader:flush()
    elseif not line:find "^%s" then
      reader:code(line, number)
    end
  end
  return reader.stub
end

-- ---- modules ----

--- The file with the comments of a module.
---@param module string
---@return string
function M.file_of(module)
  local lib = module:match "^native%.([%w_]+)$"
  return lib and ("docs/reference/native/%s.lua"):format(lib)
    or ("lua/%s.lua"):format((library.module(module):gsub("%.", "/")))
end

-- Add the functions that other modules lend to `tarn`, under the names that `tarn` gives them.
local function add_borrowed(stub)
  for _, name in ipairs(collections.keys(library.functions)) do
    local module = library.functions[name]
    for _, one in ipairs(M.find(module).functions) do
      if one.name == name then
        one.signature = one.signature:gsub("^[^(]*", "tarn." .. name)
        stub.functions[#stub.functions + 1] = one
      end
    end
  end
end

--- The description of a module, or nil if there is no such module.
---@param module string
---@return tarn.Stub?
function M.find(module)
  local source = find.file(M.file_of(module))
  local stub = source and source.text and M.parse(source.text, module) or nil
  if stub and module == "tarn" then
    add_borrowed(stub)
  end
  return stub
end

--- The names of all public modules: the library, then the primitives.
---@return string[]
function M.names()
  local names = library.names()
  for _, file in ipairs(find.names "docs/reference/native/") do
    local name = file:match "^docs/reference/native/([%w_]+)%.lua$"
    names[#names + 1] = name and "native." .. name
  end
  return names
end

return M
