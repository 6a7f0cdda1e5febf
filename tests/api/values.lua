--- Values that a binding is not made for, for test_bindings.c: of every type, hostile tables, and
-- a box of each type that boxes.lua can make. Called with those makers, and with a seed.

local open, seed = ...

local json = require "native.json"
local fault = require "native.fault"

local M = {}

local function hostile(mt, t)
  return setmetatable(t or {}, mt)
end

local function any_field(value)
  return hostile { __index = function()
    collectgarbage()
    return value
  end }
end

local plain = {
  nil, true, false, 0, -1, 1 << 62, math.mininteger, 0.5, 0 / 0, math.huge, -1e308,
  "", "text", "\0", "%", ("x"):rep(70000), {}, { 1 }, { "text" }, { text = "text" },
  { [{}] = 1 }, { {} }, { [1 << 40] = 1 },
  any_field "text", any_field(1), any_field {}, any_field(print),
  hostile { __len = function() return 1 << 59 end },
  hostile { __len = function() return -1 end, __index = function() return "text" end },
  hostile { __tostring = function() error "no" end, __name = {} },
  hostile { __index = function() error "no" end },
  function() end, print, coroutine.create(function() end), coroutine.running(),
  json.null, io.stdout, fault.metatable,
}
local PLAIN <const> = 38

-- Options, whose values are as bad.
local options = {}
for _, name in ipairs { "parameters", "headers", "query", "body", "env", "cwd", "stdin", "secrets",
  "token", "credential", "first", "quoted", "timeout", "max_bytes", "port", "cpu" } do
  for _, value in ipairs { 1, "text", {}, { 1 }, { text = "text" }, any_field "text",
    hostile { __len = function() return 1 << 59 end }, print } do
    options[#options + 1] = { [name] = value }
  end
end

local boxes, box_names = {}, {}
for name, make in pairs(open) do
  box_names[#box_names + 1] = name
  boxes[name] = make()
end
table.sort(box_names)

--- Call f(value, the name of its type) with each.
---@param f fun(value: any, type: string)
function M.each(f)
  for i = 1, PLAIN do
    f(plain[i], type(plain[i]))
  end
  for _, name in ipairs(box_names) do
    f(boxes[name], name)
  end
end

-- xorshift, so that a seed means the same everywhere
local state = seed
local function chance(n)
  state = state ~ state << 13
  state = state ~ state >> 7
  state = state ~ state << 17
  return (state >> 33) % n + 1
end

--- Call `f` with some options as the last argument, behind what lets calls come so far.
---@param f function
function M.options(f)
  for _ = 1, 20 do
    local opts = options[chance(#options)]
    f(opts)
    f("text", opts)
    f("GET", "/x", opts)
    f({ "true" }, opts)
    f(opts, print)
  end
end

--- Up to five values by chance.
---@return any ...
function M.any()
  local list, n = {}, chance(6) - 1
  for i = 1, n do
    local k = chance(PLAIN + #box_names)
    list[i] = plain[k]
    if k > PLAIN then
      list[i] = boxes[box_names[k - PLAIN]]
    end
  end
  return table.unpack(list, 1, n)
end

--- Make all boxes anew: one may have been closed by what was done with another.
function M.freshen()
  for _, name in ipairs(box_names) do
    if name == "tarn.editor" then
      boxes[name]:close()
    end
    boxes[name] = open[name]()
  end
end

return M
