--- Spark SQL text as tokens.
--
-- Pure. A token has `kind` ("word", "quoted", "string", "number", "param", "op"), `text`
-- (words as written, `upper` in capitals; strings and quoted names without their quotes) and
-- `from` and `to`, the positions of its first and last byte. `glued`: no blank stands before it.

local M = {}

local OPERATORS <const> = { "<=>", "::", "||", "->", "<=", ">=", "<>", "!=", "==", "=>" }

local ESCAPES <const> = { n = "\n", t = "\t", r = "\r", b = "\b", ["0"] = "\0" }

local function skip_blanks(text, at)
  while true do
    local _, last = text:find("^%s+", at)
    if not last then
      _, last = text:find("^%-%-[^\n]*", at)
    end
    if not last and text:find("^/%*", at) then
      _, last = text:find("*/", at + 2, true)
      last = last or #text
    end
    if not last then
      return at
    end
    at = last + 1
  end
end

-- The value of a string in quotes, and where it ends; nil if it does not end. A backslash escapes,
-- and a doubled quote stands for one.
local function find_string(text, at, quote)
  local out, i = {}, at + 1
  while i <= #text do
    local char = text:sub(i, i)
    if char == "\\" then
      local escaped = text:sub(i + 1, i + 1)
      local like = escaped == "%" or escaped == "_" -- Spark keeps these escapes for LIKE
      out[#out + 1] = ESCAPES[escaped] or (like and "\\" .. escaped or escaped)
      i = i + 2
    elseif char ~= quote then
      out[#out + 1] = char
      i = i + 1
    elseif text:sub(i + 1, i + 1) == quote then
      out[#out + 1] = quote
      i = i + 2
    else
      return table.concat(out), i
    end
  end
end

local function operator(text, at)
  for _, op in ipairs(OPERATORS) do
    if text:sub(at, at + #op - 1) == op then
      return op
    end
  end
  return text:sub(at, at)
end

local function ends_operand(token)
  return token and (token.kind == "word" or token.kind == "quoted" or token.text == ")"
    or token.text == "]")
end

local function next_token(text, at, before, glued)
  local char = text:sub(at, at)
  local word = text:match("^[%a_\x80-\xff][%w_\x80-\xff]*", at)
  if word then
    return { kind = "word", text = word, upper = word:upper() }, at + #word
  elseif char == "'" or char == '"' then
    local value, last = find_string(text, at, char)
    if value then
      return { kind = "string", text = value }, last + 1
    end
    return { kind = "op", text = char }, at + 1
  elseif char == "`" then
    local name = text:match("^`([^`]+)`", at)
    if name then
      return { kind = "quoted", text = name }, at + #name + 2
    end
  end
  local number = text:match("^%d+%.?%d*[eE][+-]?%d+", at) or text:match("^%d+%.?%d*", at)
    or text:match("^%.%d+", at)
  if number and not (char == "." and glued and ends_operand(before)) then
    return { kind = "number", text = number }, at + #number
  end
  local name = char == ":" and not (glued and ends_operand(before))
    and text:match("^:([%a_][%w_]*)", at)
  if name then
    return { kind = "param", text = name }, at + #name + 1
  end
  local op = operator(text, at)
  return { kind = "op", text = op }, at + #op
end

--- The tokens of a statement, without comments.
---@param text string
---@return table[]
function M.tokens(text)
  local tokens, at = {}, 1
  while true do
    local from = skip_blanks(text, at)
    if from > #text then
      return tokens
    end
    local token, after = next_token(text, from, tokens[#tokens], from == at and from > 1)
    token.from, token.to, token.glued = from, after - 1, from == at and from > 1
    tokens[#tokens + 1] = token
    at = after
  end
end

--- Line and column (from 0, as Spark counts them) of a position.
---@param text string
---@param from integer
---@return integer line, integer column
function M.position(text, from)
  local before = text:sub(1, from - 1)
  local _, lines = before:gsub("\n", "")
  return lines + 1, #before:match "[^\n]*$"
end

return M
