--- What the comments of a Lua file say of its functions and types (LuaCATS).
--
-- The stubs of the primitives (docs/reference/native) and the modules of the library are written the same
-- way: `---` begins a text, `--` goes on with it, `---@param` and the like annotate. The reference,
-- `tarn api-reference`, `help(x)` in the REPL and the editor's stubs are made from this.

local find = require "engine.find"
local library = require "engine.library"

local M = {}

---@class tarn.StubParam
---@field name string
---@field type string
---@field optional boolean
---@field help string

---@class tarn.StubFunction
---@field name string      as it is written in its module: "map", or with its type "Client:sql"
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
---@field values { name: string, type: string, help: string }[] fields that are no functions

-- ---- one annotation ----

-- A type at the beginning of a text, and what comes behind it. Blanks inside of brackets, after
-- a comma or a colon, and around "|" belong to the type.
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

-- The variable behind an annotated class is how its methods are written: `function Client:sql`.
function Reader:name_of(owner, separator)
  if owner == self.module_variable then
    return self.stub.module .. separator
  end
  return (self.class_of[owner] or owner) .. separator
end

function Reader:add_function(owner, separator, name, arguments, number)
  local block = self:flush()
  if #block.text == 0 and #block.params == 0 and #block.returns == 0 then
    return -- what nobody has described is not for the public
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

-- Iterates over the lines of a text and their numbers. The lines of an annotation are one line: those
-- after it that begin with `---` continue it. Only `@meta` has no text to be continued.
local function logical_lines(text)
  local next_line, number = text:gmatch "([^\n]*)\n", 0
  local line = next_line()
  return function()
    if not line then
      return nil
    end
    local whole, rest = line, nil
    number, line = number + 1, next_line()
    local first = number
    while line and whole:find "^%-%-%-@" and not whole:find "^%-%-%-@meta" do
      rest = line:match "^%-%-%-%s*([^@%s].*)$"
      if not rest then
        break
      end
      whole = whole .. " " .. rest
      number, line = number + 1, next_line()
    end
    return whole, first
  end
end

--- Read the comments of a file.
---@param text string
---@param module string "native.task", "base.pool"
---@return tarn.Stub
function M.parse(text, module)
  local reader = setmetatable({ class_of = {}, stub = { module = module, help = "",
    functions = {}, classes = {}, values = {} },
    module_variable = text:match "\nreturn ([%w_]+)%s*$" }, Reader)
  reader:flush()
  local top = true
  for line, number in logical_lines(text) do
    if line:find "^%-%-" then
      reader:comment(line)
    elseif top and #reader.block.text > 0 then
      -- the first text, before any code, is about the module
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

-- ---- the modules there are ----

--- The file that a module is described in.
---@param module string
---@return string
function M.file_of(module)
  local lib = module:match "^native%.([%w_]+)$"
  return lib and ("docs/reference/native/%s.lua"):format(lib)
    or ("lua/%s.lua"):format((library.module(module):gsub("%.", "/")))
end

-- `tarn` has functions of other modules: their descriptions, under the names they have there.
local function add_borrowed(stub)
  local names = {}
  for name in pairs(library.functions) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local module = library.functions[name]
    for _, one in ipairs(M.find(module).functions) do
      if one.name == name then
        one.signature = one.signature:gsub("^[^(]*", "tarn." .. name)
        stub.functions[#stub.functions + 1] = one
      end
    end
  end
end

--- What is known of a module, or nil.
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

--- Names of the modules that are described for scripts: the library's, then the primitives.
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
