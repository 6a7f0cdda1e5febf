--- Tokens of SQL and Python: words, string literals and signs, without comments. Pure.

local M = {}

---@class tarn.CodeToken
---@field kind "word"|"text"|"sign"
---@field text string     of a string literal: the part between the quotes
---@field upper? string   of a word
---@field line integer
---@field column integer  number of characters before it in its line
---@field first boolean   only blanks are before it in its line
---@field computed? boolean an f-string with placeholders
---@field quoted? boolean a word in back quotes

local function counter(source)
  local line, from, at = 1, 1, 1
  return function(position)
    for newline in source:sub(at, position - 1):gmatch "()\n" do
      line, from = line + 1, at + newline
    end
    at = position
    return line, position - from, source:sub(from, position - 1):find "^%s*$" ~= nil
  end
end

local function new_list(source)
  local list, where = {}, counter(source)
  return list, function(position, kind, text, more)
    local line, column, first = where(position)
    local token = more or {}
    token.kind, token.text, token.line, token.column, token.first = kind, text, line, column, first
    token.upper = kind == "word" and text:upper() or nil
    list[#list + 1] = token
  end
end

-- The position behind a string literal, and its content. An escaped quote does not end it, nor does
-- a doubled quote in SQL.
local function quoted(source, at, quote, twice)
  local from, i = at + #quote, at + #quote
  while true do
    local stop = source:find(quote, i, true)
    local escape = source:find("\\", i, true)
    if not stop then
      return #source + 1, source:sub(from)
    elseif escape and escape < stop then
      i = escape + 2
    elseif twice and source:sub(stop + 1, stop + 1) == quote then
      i = stop + 2
    else
      return stop + #quote, source:sub(from, stop - 1)
    end
  end
end

-- Read a word, a sign or a blank. Returns the position behind it.
local function plain(source, at, add)
  local word = source:match("^[%w_\x80-\xff]+", at)
  if word then
    add(at, "word", word)
    return at + #word
  end
  local c = source:sub(at, at)
  if not c:find "%s" then
    add(at, "sign", c)
  end
  return at + 1
end

--- The tokens of SQL.
---@param source string
---@return tarn.CodeToken[]
function M.sql(source)
  local list, add = new_list(source)
  local at = 1
  while at <= #source do
    local c, two = source:sub(at, at), source:sub(at, at + 1)
    if two == "--" then
      at = source:find("\n", at, true) or #source + 1
    elseif two == "/*" then
      local _, stop = source:find("*/", at + 2, true)
      at = (stop or #source) + 1
    elseif c == "'" or c == '"' then
      local after, text = quoted(source, at, c, true)
      add(at, "text", text)
      at = after
    elseif c == "`" then
      local stop = source:find("`", at + 1, true) or #source + 1
      add(at, "word", source:sub(at + 1, stop - 1), { quoted = true })
      at = stop + 1
    else
      at = plain(source, at, add)
    end
  end
  return list
end

--- The tokens of Python.
---@param source string
---@return tarn.CodeToken[]
function M.python(source)
  local list, add = new_list(source)
  local at = 1
  while at <= #source do
    local c = source:sub(at, at)
    local prefix = source:match("^[rRbBuUfF]*", at)
    local quote = source:match('^"""', at + #prefix) or source:match("^'''", at + #prefix)
      or source:match("^[\"']", at + #prefix)
    if c == "#" then
      at = source:find("\n", at, true) or #source + 1
    elseif quote and #prefix <= 2 then
      local after, text = quoted(source, at + #prefix, quote)
      add(at, "text", text,
        { computed = prefix:lower():find "f" ~= nil and text:find "{" ~= nil or nil })
      at = after
    else
      at = plain(source, at, add)
    end
  end
  return list
end

return M
