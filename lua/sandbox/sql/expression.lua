--- Spark's expressions, translated for SQLite: methods of the parser in sandbox.sql.dialect.
--
-- The operators are copied one by one; sandbox.sql.operand translates what stands between them.

local functions = require "sandbox.sql.functions"
local kinds = require "sandbox.sql.kinds"
local words = require "sandbox.sql.words"

local M = {}

local set = words.set

-- Words that end an expression because they begin the next part of a query.
local ENDS <const> = set [[
FROM WHERE GROUP HAVING QUALIFY ORDER LIMIT UNION EXCEPT INTERSECT MINUS WINDOW OFFSET ON JOIN INNER
CROSS FULL NATURAL USING AS LATERAL LEFT RIGHT
]]

M.ENDS = ENDS

-- Words of expressions that are not names.
local OPERATORS <const> = set [[
AND OR NOT IN LIKE BETWEEN IS NULL CASE WHEN THEN ELSE END ASC DESC NULLS FIRST LAST DISTINCT OVER
PARTITION BY ROWS RANGE UNBOUNDED PRECEDING FOLLOWING CURRENT ROW EXISTS ESCAPE FILTER ALL TRUE
FALSE ORDER WHERE GROUPS EXCLUDE
]]

local SPELLED <const> = { ["=="] = "=", ["<=>"] = "IS", ["!"] = "NOT" }

local BARE <const> = set "+ - * / % = == <> != < > <= >= <=> || & | ~ ^ !"

-- Words after which an expression may end.
local VALUES <const> = set "END NULL TRUE FALSE ROW FIRST LAST ASC DESC PRECEDING FOLLOWING"

-- Operators that SQLite writes differently. Each function returns the translation, and whether
-- that ends in a value or in an operator.
local SPECIAL <const> = {
  -- A quotient is a double, and a division by zero an error.
  ["/"] = function(self)
    return ("* 1.0 / spark_divisor(%s)"):format((self:operand())), "value"
  end,
  DIV = function(self)
    return ("/ spark_divisor(%s)"):format((self:operand())), "value"
  end,
  LIKE = function(self)
    local pattern = self:operand()
    return "LIKE " .. pattern .. (self:at "ESCAPE" and "" or " ESCAPE '\\'"), "value"
  end,
  IN = function(self)
    if not self:at "(" then
      self:fail(self:peek()) -- SQLite would take a name for a table of this database
    end
    return "IN", "op"
  end,
  END = function(self)
    return self:suffixes "END", "value"
  end,
}

local function ends(self, token, inner)
  if token.kind == "op" then
    return token.text == ")" or token.text == "," or token.text == ";" or token.text == "]"
  end
  if token.kind ~= "word" or not ENDS[token.upper] then
    return false
  elseif inner and (token.upper == "ORDER" or token.upper == "WHERE") then
    return false -- OVER (... ORDER BY ...), FILTER (WHERE ...)
  elseif token.upper == "LEFT" or token.upper == "RIGHT" then
    return self.tokens[self.i + 1] and self.tokens[self.i + 1].text ~= "("
  elseif token.upper == "FROM" then
    return self.tokens[self.i - 1].upper ~= "DISTINCT" or self:word(-2) ~= "IS"
      and self:word(-2) ~= "NOT"
  end
  return true
end

-- `first(x)` is a call, although FIRST is also a word of ORDER BY.
function M:is_call(token)
  local after, name = self.tokens[self.i + 1], token.text:lower()
  return after and after.text == "(" and after.kind == "op"
    and (functions.plain[name] or functions.renamed[name] or functions.written[name])
end

--- An expression, up to a comma, a closing parenthesis or the next clause.
---@param inner? boolean inside parentheses
---@return string
function M:expression(inner)
  local out, track, before = {}, kinds.new(), nil
  while true do
    local token = self:peek()
    if not token or ends(self, token, inner) then
      break
    end
    local operand = before and before ~= "op"
    local is_word = token.kind == "word" and (OPERATORS[token.upper] or token.upper == "DIV"
      or token.upper == "FROM") and not self:is_call(token)
    if is_word or token.kind == "op" and BARE[token.text] then
      self.i = self.i + 1
      local word = token.upper or token.text
      track:word(word)
      out[#out + 1] = SPELLED[word] or word
      before = VALUES[word] and "value" or "op"
      if SPECIAL[word] then
        out[#out], before = SPECIAL[word](self)
        if before == "value" and word ~= "END" then
          track:operand(self.last_type)
        end
      end
    elseif operand and not inner then
      break -- an alias, or an error that the caller finds
    elseif operand and token.text ~= "(" then
      self:fail(token)
    else
      out[#out + 1] = self:operand()
      track:operand(self.last_type)
      before = "value"
    end
  end
  if before ~= "value" then
    self:fail(self:peek())
  end
  self.last_type = track:result()
  self.simple = #out == 1
  return table.concat(out, " ")
end

--- Expressions with commas between them.
---@param inner? boolean inside parentheses
---@return string
function M:expressions(inner)
  local out = {}
  repeat
    out[#out + 1] = self:expression(inner)
  until not self:accept ","
  return table.concat(out, ", ")
end

return M
