local fs = require "native.fs"
local stubs = require "engine.stubs"

local SAMPLE <const> = [[
--- Things: what they are.
--
-- More of it.

local fault = require "base.fault"

local M = {}

---@class tarn.Thing what it is
---@field name string
---@field size? integer bytes; nil if nobody knows
---@field made fun(a: integer, b: string): boolean how it came
local Thing = {}

--- Count things.
-- All of them.
---@param list tarn.Thing[]
---@param opts? { least?: integer, most: number } which ones
---@return integer n how many
---@return string? why
function M.count(list, opts)
end

-- not for the public
local function hidden() end

function M.undescribed() end

--- Its name.
---@return string
function Thing:title() end

--- As ever.
---@type integer
M.answer = 42

return M
]]

test("the comments of a file describe its functions and types", function(t)
  local stub = stubs.parse(SAMPLE, "tarn.thing")
  t.equal(stub.help, "Things: what they are.\n\nMore of it.")
  t.equal(#stub.functions, 2)
  local count, title = stub.functions[1], stub.functions[2]
  t.equal(count.signature, "tarn.thing.count(list, opts)")
  t.equal(count.help, "Count things.\nAll of them.")
  t.equal(count.params, {
    { name = "list", type = "tarn.Thing[]", optional = false, help = "" },
    { name = "opts", type = "{ least?: integer, most: number }", optional = true,
      help = "which ones" },
  })
  t.equal(count.returns, { { type = "integer", help = "n how many" },
    { type = "string?", help = "why" } })
  t.equal(title.signature, "tarn.Thing:title()")
  t.equal(stub.values[1].name, "answer")
  local class = stub.classes[1]
  t.equal(class.help, "what it is")
  t.equal(class.fields[2],
    { name = "size", type = "integer", optional = true, help = "bytes; nil if nobody knows" })
  t.equal(class.fields[3].type, "fun(a: integer, b: string): boolean")
  t.equal(class.fields[3].help, "how it came")
end)

test("an annotation may go on in further lines", function(t)
  local stub = stubs.parse([[
---@meta tarn.thing
--- Things.

---@class tarn.Options
---@field one? fun(a: integer): table<string,
---   integer> what it is
---@field two string and the field after it
local M = {}

--- Make one.
---@param opts? { a: integer,
---  b: string } how it is
--- made
---@return boolean
function M.make(opts) end

return M
]], "tarn.thing")
  t.equal(stub.classes[1].fields, {
    { name = "one", type = "fun(a: integer): table<string, integer>", optional = true,
      help = "what it is" },
    { name = "two", type = "string", optional = false, help = "and the field after it" },
  })
  local made = stub.functions[1]
  t.equal(made.help, "Make one.")
  t.equal(made.params, { { name = "opts", type = "{ a: integer, b: string }", optional = true,
    help = "how it is made" } })
  t.equal(made.line, 15)
  t.equal(stub.help, "Things.")
end)

test("a module that adds its parts as it returns has its own name all the same", function(t)
  for _, ending in ipairs { 'return require("base.lazy").fields(M, {\n  a = "tarn.thing.a",\n})\n',
    "return setmetatable(M, { __index = function(_, name)\nend })\n" } do
    local stub = stubs.parse(SAMPLE:gsub("return M\n$", ending), "tarn.thing")
    t.equal(stub.functions[1].signature, "tarn.thing.count(list, opts)")
    t.equal(#stub.values, 1)
  end
end)

test("the functions of the library have the names of their modules", function(t)
  for _, module in ipairs(stubs.names()) do
    for _, one in ipairs(stubs.find(module).functions) do
      t.is_nil(one.signature:match "^M[.:]", module .. ": " .. one.signature)
    end
  end
end)

test("every function of the primitives' stubs is found", function(t)
  for _, file in ipairs(fs.list "docs/reference/native") do
    local text = fs.read("docs/reference/native/" .. file)
    local stub = stubs.parse(text, "native." .. file:gsub("%.lua$", ""))
    local _, wanted = ("\n" .. text):gsub("\nfunction ", "")
    t.is_true(#stub.functions <= wanted, file)
    t.is_true(#stub.help > 0, file)
  end
end)

test("the type of an annotation stands on its first line, as editors need it", function(t)
  for _, file in ipairs(fs.list "docs/reference/native") do
    for line in fs.read("docs/reference/native/" .. file):gmatch "\n(%-%-%-@%l+[^\n]*)" do
      local _, opened = line:gsub("[%({]", "")
      local _, closed = line:gsub("[%)}]", "")
      local typed = not line:find "^%-%-%-@field" or line:find "^%-%-%-@field %S+%s+%S"
      t.is_true(opened <= closed and typed, file .. ": " .. line)
    end
  end
end)

test("every module of the library says what it is for", function(t)
  for _, name in ipairs(stubs.names()) do
    if name:find "^tarn" then
      local stub = stubs.find(name)
      t.is_true(stub and #stub.help > 0, name)
    end
  end
end)
