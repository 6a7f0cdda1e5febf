--- The types of expressions, as Spark finds them: of constants, arithmetic, CASE, and functions
--- that return one of their arguments. A type that is not known is nil.
--
-- A tracker is told the words, operators and operands of an expression in their order. Pure.

local words = require "sandbox.sql.words"

local M = {}

local RANKS <const> = { INT = 1, BIGINT = 2, DOUBLE = 3 }
local BY_RANK <const> = { "INT", "BIGINT", "DOUBLE" }

local LOGIC <const> = words.set
  "= == <> != < > <= >= <=> ! AND OR NOT IS IN LIKE BETWEEN EXISTS"
local ARITHMETIC <const> = words.set "+ - * % /"

--- The type of a number from its text: the smallest of INT, BIGINT and DECIMAL, or DOUBLE with an
-- exponent.
---@param text string
---@return string
function M.of_number(text)
  if text:find "[eE]" then
    return "DOUBLE"
  end
  local n = math.tointeger(tonumber(text))
  if text:find "^%d+$" and n and n <= 0x7fffffff then
    return "INT"
  elseif text:find "^%d+$" and n then
    return "BIGINT"
  end
  local whole, fraction = text:match "^0*(%d*)%.?(%d*)$"
  if not whole then
    return "DOUBLE"
  end
  return ("DECIMAL(%d,%d)"):format(math.max(#whole + #fraction, 1), #fraction)
end

--- The type that holds values of all these types.
---@param types (string|false)[] false: not known
---@return string?
function M.common(types)
  local result = "VOID"
  for _, kind in ipairs(types) do
    if not kind then
      return nil
    elseif result == "VOID" then
      result = kind
    elseif RANKS[result] and RANKS[kind] then
      result = BY_RANK[math.max(RANKS[result], RANKS[kind])]
    elseif kind ~= "VOID" and kind ~= result then
      return nil
    end
  end
  return result
end

-- The type of a sum of values of a type.
local function sum_type(kind)
  return kind == "INT" and "BIGINT" or (kind == "BIGINT" or kind == "DOUBLE") and kind or nil
end

--- The type of a function's result, nil if it is not known.
---@param name string in lower case
---@param types (string|false)[] of its arguments
---@return string?
function M.of_call(name, types)
  if name == "count" or name == "row_number" or name == "rank" or name == "dense_rank"
    or name == "count_if" or name == "approx_count_distinct" then
    return "BIGINT"
  elseif name == "max" or name == "min" or name == "coalesce" or name == "nvl" then
    return M.common(types)
  elseif name == "sum" then
    return sum_type(types[1])
  elseif name == "array_contains" or name == "isnull" or name == "isnotnull" then
    return "BOOLEAN"
  end
end

local Tracker = {}
Tracker.__index = Tracker

local function frame()
  return { operands = {}, branches = {} }
end

function M.new()
  return setmetatable({ frames = { frame() } }, Tracker)
end

-- Forget what stands before the next part of a CASE.
local function restart(top)
  top.operands, top.logic, top.arithmetic, top.divided, top.joined = {}, nil, nil, nil, nil
  top.integral = nil
end

local function type_of(top)
  local operands = top.operands
  if top.logic then
    return "BOOLEAN"
  elseif top.integral then
    return "BIGINT"
  elseif top.joined then
    return "STRING"
  elseif not top.arithmetic then
    return #operands == 1 and operands[1] or nil
  elseif #operands == 1 then
    return operands[1] or nil -- a sign
  end
  local common = M.common(operands)
  return RANKS[common] and (top.divided and "DOUBLE" or common) or nil
end

local function close_branch(top)
  if top.in_branch then
    top.branches[#top.branches + 1] = type_of(top) or false
  end
  restart(top)
end

-- What the words of CASE do.
local CASE <const> = {
  WHEN = function(top) close_branch(top) top.in_branch = false end,
  THEN = function(top) restart(top) top.in_branch = true end,
  ELSE = function(top) close_branch(top) top.in_branch = true end,
}

--- A word or an operator.
---@param word string in upper case
function Tracker:word(word)
  local top = self.frames[#self.frames]
  if word == "CASE" then
    self.frames[#self.frames + 1] = frame()
  elseif word == "END" and #self.frames > 1 then
    close_branch(top)
    self.frames[#self.frames] = nil
    self:operand(M.common(top.branches))
  elseif CASE[word] then
    CASE[word](top)
  elseif word == "NULL" or word == "TRUE" or word == "FALSE" then
    self:operand(word == "NULL" and "VOID" or "BOOLEAN")
  elseif word == "OVER" or word == "FILTER" then
    self.skip = true -- the window is no operand
  elseif LOGIC[word] then
    top.logic = true
  elseif ARITHMETIC[word] then
    top.arithmetic, top.divided = true, top.divided or word == "/"
  elseif word == "||" then
    top.joined = true
  elseif word == "DIV" then
    top.integral = true
  end
end

--- An operand of that type; nil: not known.
---@param kind string?
function Tracker:operand(kind)
  if self.skip then
    self.skip = false
    return
  end
  local operands = self.frames[#self.frames].operands
  operands[#operands + 1] = kind or false
end

--- The type of the whole expression.
---@return string?
function Tracker:result()
  return type_of(self.frames[1])
end

return M
