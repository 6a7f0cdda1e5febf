--- String literals of Python: prefixes, escapes, and the expressions in f-strings. Pure.

local M = {}

---@class tarn.PythonHole an expression in an f-string
---@field source string
---@field line integer
---@field spec? string  the format, such as "03d"

---@alias tarn.PythonParts (string|tarn.PythonHole)[]

local ESCAPES <const> = { n = "\n", t = "\t", r = "\r", a = "\a", b = "\b", f = "\f", v = "\v",
  ["\\"] = "\\", ["'"] = "'", ['"'] = '"', ["\n"] = "" }

local function code_point(digits, escape)
  local code = tonumber(digits, 16)
  return code and code < 0x110000 and utf8.char(code) or escape
end

-- Replace the escapes of a literal that is not raw. Unknown escapes stay, as in Python.
local function unescape(text)
  if not text:find("\\", 1, true) then
    return text
  end
  local out, at = {}, 1
  while at <= #text do
    local stop = text:find("\\", at, true)
    if not stop or stop == #text then
      out[#out + 1] = text:sub(at)
      break
    end
    out[#out + 1] = text:sub(at, stop - 1)
    local c = text:sub(stop + 1, stop + 1)
    local hex = c == "x" and text:match("^%x%x", stop + 2)
      or c == "u" and text:match("^%x%x%x%x", stop + 2)
      or c == "U" and text:match("^" .. ("%x"):rep(8), stop + 2)
    local octal = text:match("^[0-7][0-7]?[0-7]?", stop + 1)
    if hex then
      out[#out + 1] = code_point(hex, text:sub(stop, stop + 1 + #hex))
      at = stop + 2 + #hex
    elseif octal then
      out[#out + 1] = utf8.char(tonumber(octal, 8))
      at = stop + 1 + #octal
    else
      out[#out + 1] = ESCAPES[c] or "\\" .. c
      at = stop + 2
    end
  end
  return table.concat(out)
end

--- The quote of the string literal at `at` and its prefix; nil if there is none.
---@param source string
---@param at integer
---@return string? quote one or three characters
---@return string? prefix in lower case
function M.opening(source, at)
  local prefix, quote = source:match("^([rRbBuUfFtT]?[rRbBuUfFtT]?)([\"'])", at)
  if not quote then
    return nil
  end
  local triple = quote:rep(3)
  if source:sub(at + #prefix, at + #prefix + 2) == triple then
    quote = triple
  end
  return quote, prefix:lower()
end

-- The position of the quote that ends a literal; nil if it does not end. A literal with one quote
-- ends in its line.
local function find_end(source, at, quote)
  local pattern = "[\\\n" .. quote:sub(1, 1) .. "]"
  local i = at
  while true do
    i = source:find(pattern, i)
    if not i then
      return nil
    end
    local c = source:sub(i, i)
    if c == "\\" then
      i = i + 2
    elseif source:sub(i, i + #quote - 1) == quote then
      return i
    elseif c == "\n" and #quote == 1 then
      return nil
    else
      i = i + 1
    end
  end
end

-- f-strings in f-strings in f-strings; deeper ones are read as plain text.
local DEEPEST <const> = 8

-- The position behind a literal inside of an f-string's expression, which may be an f-string too.
local function skip_literal(source, at, depth)
  local after, _, closed = M.read(source, at, 1, depth + 1)
  return closed and after or at + 1
end

-- The positions of the end of an expression, and of the bracket that closes it, in an f-string;
-- nil if it is not closed.
local function expression_end(source, at, depth_of_strings)
  local depth, stop, i = 0, nil, at
  while i <= #source do
    local c = source:sub(i, i)
    if M.opening(source, i) and not stop and not source:sub(i - 1, i - 1):find "[%w_]" then
      i = skip_literal(source, i, depth_of_strings) - 1
    elseif c == "}" and depth == 0 then
      return stop or i, i
    elseif c:find "[%(%[{]" then
      depth = depth + 1
    elseif c:find "[%)%]}]" then
      depth = depth - 1
    elseif depth == 0 and not stop and (c == ":" or c == "!" and source:sub(i + 1, i + 1) ~= "=")
    then
      stop = i
    end
    i = i + 1
  end
end

local function newlines(text)
  return select(2, text:gsub("\n", ""))
end

-- Read the parts of an f-string from `at` on, to its end quote. Returns the position of that quote;
-- nil if there is none.
local function formatted(source, at, quote, decode, line, depth)
  local parts, literal, i, from = {}, {}, at, at
  local function flush()
    if #literal > 0 then
      parts[#parts + 1] = decode(table.concat(literal))
      literal = {}
    end
  end
  while i <= #source do
    local c = source:sub(i, i)
    if source:sub(i, i + #quote - 1) == quote then
      flush()
      return i, parts
    elseif c == "\n" and #quote == 1 then
      return nil
    elseif c == "\\" then
      literal[#literal + 1] = source:sub(i, i + 1)
      i = i + 2
    elseif (c == "{" or c == "}") and source:sub(i + 1, i + 1) == c then
      literal[#literal + 1] = c
      i = i + 2
    elseif c == "{" then
      local stop, closed = expression_end(source, i + 1, depth)
      if not stop then
        return nil
      end
      flush()
      parts[#parts + 1] = { source = (source:sub(i + 1, stop - 1):gsub("=%s*$", "")),
        line = line + newlines(source:sub(from, i)),
        spec = stop < closed and source:sub(stop + 1, closed - 1) or nil }
      i = closed + 1
    else
      local plain = source:match("^[^\\\n{}\"']+", i) or c
      literal[#literal + 1] = plain
      i = i + #plain
    end
  end
end

--- Read the string literal at `at`.
---@param source string
---@param at integer
---@param line integer of `at`
---@param depth? integer of literals in f-strings
---@return integer after the position behind the literal
---@return tarn.PythonParts parts
---@return boolean closed false: the literal does not end
function M.read(source, at, line, depth)
  depth = depth or 0
  local quote, prefix = M.opening(source, at)
  local from = at + #prefix + #quote
  local decode = prefix:find "r" and function(text) return text end or unescape
  if prefix:find "[ft]" and depth < DEEPEST then
    local stop, parts = formatted(source, from, quote, decode, line, depth)
    if stop then
      return stop + #quote, parts, true
    end
  else
    local stop = find_end(source, from, quote)
    if stop then
      return stop + #quote, { decode(source:sub(from, stop - 1)) }, true
    end
  end
  local rest = #quote == 1 and source:find("\n", from, true) or #source + 1
  return rest, { decode(source:sub(from, rest - 1)) }, false
end

return M
