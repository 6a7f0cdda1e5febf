--- Tokens of Spark SQL: words, texts, numbers, parameters and signs, without comments. Pure.

local M = {}

---@class tarn.SqlToken
---@field kind "word"|"text"|"number"|"parameter"|"sign"
---@field text string     of a text: its value; of a parameter `${x}`: its name
---@field upper? string   of a word without back quotes
---@field quoted? boolean a word in back quotes
---@field line integer
---@field at integer      first byte
---@field stop integer    last byte
---@field open? boolean   a text, a name or a comment that does not end

-- Blanks that are not ASCII: no-break, thin and ideographic spaces, byte order marks.
local BLANKS <const> = { "\xc2\xa0", "\xe2\x80[\x80-\x8b\xaf]", "\xe3\x80\x80", "\xef\xbb\xbf" }
local SIGNS <const> = { ["||"] = true, ["|>"] = true, ["=>"] = true, ["->"] = true, ["::"] = true,
  ["<>"] = true, ["!="] = true, ["<="] = true, [">="] = true }
local ESCAPES <const> = { n = "\n", t = "\t", r = "\r", b = "\b", ["0"] = "\0" }

local function blank(source, at)
  local stop = select(2, source:find("^%s+", at))
  if stop then
    return stop + 1
  end
  for _, pattern in ipairs(BLANKS) do
    stop = select(2, source:find("^" .. pattern, at))
    if stop then
      return stop + 1
    end
  end
end

-- The position behind a comment; true if the comment does not end. Comments in `/*` nest. A
-- backslash before the end of a line goes on with a comment in `--`.
local function comment(source, at)
  if source:find("^%-%-", at) then
    local stop = at
    repeat
      stop = source:find("\n", stop + 1, true)
    until not stop or not source:find("^\\\r?\n", stop - (source:find("^\r", stop - 1) and 2 or 1))
    return stop or #source + 1
  elseif not source:find("^/%*", at) then
    return nil
  end
  local depth = 1
  at = at + 2
  while depth > 0 do
    local found, _, sign = source:find("([/*][*/])", at)
    if not found then
      return #source + 1, true
    elseif sign == "/*" or sign == "*/" then
      depth, at = depth + (sign == "/*" and 1 or -1), found + 2
    else
      at = found + 1
    end
  end
  return at
end

-- The value of a text between quotes, and the position behind it; nil if it does not end. In a raw
-- text a backslash escapes nothing, and a doubled quote is no quote. In a name only the latter is.
local function quoted(source, at, quote, is_raw)
  local parts = {}
  local has_escapes = not is_raw and quote ~= "`"
  local special = has_escapes and "[\\" .. quote .. "]" or quote
  while true do
    local found = source:find(special, at)
    if not found then
      return nil
    end
    parts[#parts + 1] = source:sub(at, found - 1)
    local next_one = source:sub(found + 1, found + 1)
    if source:sub(found, found) == "\\" then
      -- LIKE reads the backslash before % and _ itself
      parts[#parts + 1] = ESCAPES[next_one] or (next_one:find "[%%_]" and "\\" or "") .. next_one
    elseif next_one == quote and not is_raw then
      parts[#parts + 1] = quote
    else
      return table.concat(parts), found + 1
    end
    at = found + 2
  end
end

-- `r'...'`, `x'...'`, '...', "...", $$...$$ and $tag$...$tag$.
local function text_at(source, at)
  local prefix, quote = source:match("^([rRxX]?)(['\"])", at)
  if quote then
    return true, quoted(source, at + #prefix + 1, quote, prefix:lower() == "r")
  end
  local tag = source:match("^%$[%a_]*%$", at)
  if tag then
    local found, stop = source:find(tag, at + #tag, true)
    return true, found and source:sub(at + #tag, found - 1), found and stop + 1
  end
  return false
end

local function number(source, at)
  local stop = select(2, source:find("^%d+%.%d*", at)) or select(2, source:find("^%d+", at))
  stop = select(2, source:find("^[eE][+-]?%d+%f[^%w_]", stop + 1)) or stop
  stop = select(2, source:find("^[dDfFlLsSyY]%f[^%w_]", stop + 1))
    or select(2, source:find("^[bB][dD]%f[^%w_]", stop + 1)) or stop
  return not source:find("^[%w_]", stop + 1) and stop + 1 or nil
end

-- The part of a word before a blank that is not ASCII.
local function before_blank(word)
  for _, pattern in ipairs(word:find "[\x80-\xff]" and BLANKS or {}) do
    word = word:match("^(.-)" .. pattern) or word
  end
  return word
end

-- Read what begins at `at`: a token's fields and the position behind it.
local function read(source, at, before)
  local is_text, value, after = text_at(source, at)
  if is_text then
    return { kind = "text", text = value or "", open = not value }, after or #source + 1
  end
  local c = source:sub(at, at)
  if c == "`" then
    value, after = quoted(source, at + 1, "`")
    return { kind = "word", text = value or "", quoted = true, open = not value },
      after or #source + 1
  end
  local name = source:match("^%${([^%s{}]+)}", at)
  if name then
    return { kind = "parameter", text = name }, at + #name + 3
  end
  after = c:find "%d" and not (before and before.text == ".") and number(source, at)
  if after then
    return { kind = "number", text = source:sub(at, after - 1) }, after
  end
  local word = source:match("^[%w_\x80-\xff]+", at)
  if word then
    word = before_blank(word)
    return { kind = "word", text = word, upper = word:upper() }, at + #word
  end
  local two = source:sub(at, at + 1)
  return { kind = "sign", text = SIGNS[two] and two or c }, at + (SIGNS[two] and 2 or 1)
end

-- Counts lines as the reading goes on.
local function counter(source, first)
  local line, seen = first, 1
  return function(at)
    for _ in source:sub(seen, at - 1):gmatch "\n" do
      line = line + 1
    end
    seen = at
    return line
  end
end

--- The tokens of a text.
---@param source string
---@param first? integer number of the first line, else 1
---@return tarn.SqlToken[]
function M.of(source, first)
  local list, at, line_of = {}, 1, counter(source, first or 1)
  while at <= #source do
    local after, is_open = blank(source, at), nil
    if not after then
      after, is_open = comment(source, at)
    end
    if is_open then
      list[#list + 1] = { kind = "sign", text = "/*", open = true, line = line_of(at), at = at,
        stop = #source }
    elseif not after then
      local token
      token, after = read(source, at, list[#list])
      token.line, token.at, token.stop = line_of(at), at, after - 1
      list[#list + 1] = token
    end
    at = after
  end
  return list
end

--- True if a token is this keyword or sign. A word in back quotes is no keyword.
---@param token? tarn.SqlToken
---@param text string in upper case
---@return boolean
function M.is(token, text)
  return token ~= nil and (token.upper or token.kind == "sign" and token.text) == text
end

-- The index of the closing parenthesis of each opening one.
local function pairs_of(list)
  local closes, open = {}, {}
  for i, token in ipairs(list) do
    if M.is(token, "(") then
      open[#open + 1] = i
    elseif M.is(token, ")") and open[1] then
      closes[table.remove(open)] = i
    end
  end
  return closes
end

--- The index of the parenthesis that closes the one at `i`; `to + 1` if there is none.
---@param list tarn.SqlToken[]
---@param i integer
---@param to integer
---@return integer
function M.closing(list, i, to)
  list.closes = list.closes or pairs_of(list)
  return math.min(list.closes[i] or to + 1, to + 1)
end

--- The index of the first of some keywords outside of parentheses; nil if there is none.
---@param list tarn.SqlToken[]
---@param from integer
---@param to integer
---@param words table<string, boolean>
---@return integer?
function M.find(list, from, to, words)
  local i = from
  while i <= to do
    if M.is(list[i], "(") then
      i = M.closing(list, i, to)
    elseif list[i].upper and words[list[i].upper] and not M.is(list[i - 1], ".") then
      return i
    end
    i = i + 1
  end
end

return M
