--- The tokens of Lua text, complete or not. Completion, the marks under an error and the prompt's
-- rewriting of `local` use them.

local M = {}

---@class tarn.Token
---@field kind "name"|"keyword"|"string"|"number"|"comment"|"op"
---@field text string
---@field from integer
---@field to integer    the last byte
---@field open? boolean true for a string or comment whose end is missing
---@field body? integer the first byte of a string's content

--- Lua's reserved words.
---@type string[]
M.keywords = { "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto",
  "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while" }

local is_keyword = {}
for _, word in ipairs(M.keywords) do
  is_keyword[word] = true
end

-- True if a long bracket opens at `from`; then also its last byte (nil if its end is missing) and
-- the first byte of its content.
local function long_end(text, from)
  local level = text:match("^%[(=*)%[", from)
  if level then
    local _, to = text:find("]" .. level .. "]", from + #level + 2, true)
    return true, to, from + #level + 2
  end
end

local function string_end(text, from)
  local quote, i = text:sub(from, from), from + 1
  while i <= #text do
    local c = text:sub(i, i)
    if c == "\\" then
      i = i + 1
    elseif c == quote then
      return i
    elseif c == "\n" then
      return nil
    end
    i = i + 1
  end
end

local function comment(text, from)
  local long, to = long_end(text, from + 2)
  if long then
    return { kind = "comment", from = from, to = to or #text, open = not to }
  end
  return { kind = "comment", from = from, to = (text:find("\n", from, true) or #text + 1) - 1 }
end

local function quoted(text, from)
  local long, to, body = long_end(text, from)
  if not long then
    to, body = string_end(text, from), from + 1
  end
  return { kind = "string", from = from, to = to or #text, open = not to, body = body }
end

local OPERATORS <const> = { "...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>" }

local function operator(text, from)
  for _, op in ipairs(OPERATORS) do
    if text:sub(from, from + #op - 1) == op then
      return { kind = "op", from = from, to = from + #op - 1 }
    end
  end
  return { kind = "op", from = from, to = from }
end

local function token_at(text, from)
  if text:find("^%-%-", from) then
    return comment(text, from)
  elseif text:find("^[\"']", from) or text:find("^%[=*%[", from) then
    return quoted(text, from)
  end
  local _, to = text:find("^[%a_][%w_]*", from)
  if to then
    local word = text:sub(from, to)
    return { kind = is_keyword[word] and "keyword" or "name", from = from, to = to }
  end
  _, to = text:find("^%.?%d[%w_.]*", from)
  if to then
    return { kind = "number", from = from, to = to }
  end
  return operator(text, from)
end

--- All tokens of a text.
---@param text string
---@return tarn.Token[]
function M.tokens(text)
  local list, at = {}, text:find "%S"
  while at do
    local token = token_at(text, at)
    token.text = text:sub(token.from, token.to)
    list[#list + 1] = token
    at = text:find("%S", token.to + 1)
  end
  return list
end

return M
