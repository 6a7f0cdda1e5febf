--- The context of the cursor in a piece of Lua: in a string, after a dot, inside a call's braces.

local lexer = require "base.lexer"

local M = {}

---@class tarn.Context
---@field kind "string"|"field"|"method"|"name"|"none"
---@field typed string    the part of the word before the cursor
---@field from integer    the first byte of that part
---@field chain? string[] the names before a field: { "w", "native" }
---@field call? string[]  the names of the function whose argument this is
---@field key? string     the field whose value a string in a table is
---@field method? boolean true if the call is written with a colon

-- The names that end at token `i`: `a.b:c` -> { "a", "b", "c" }; and whether a colon came last.
local function chain_to(tokens, i)
  local names, method = {}, false
  while tokens[i] and tokens[i].kind == "name" do
    table.insert(names, 1, tokens[i].text)
    local before = tokens[i - 1]
    if not before or before.text ~= "." and before.text ~= ":" then
      return names, method
    end
    method = method or #names == 1 and before.text == ":"
    i = i - 2
  end
  return nil, false -- after a bracket or a call: its value is known only by running it
end

-- The index of the innermost bracket that is still open at token `i`; nil if there is none.
local function opener(tokens, i)
  local depth = 0
  for at = i, 1, -1 do
    local text = tokens[at].kind == "op" and tokens[at].text
    if text == ")" or text == "}" or text == "]" then
      depth = depth + 1
    elseif text == "(" or text == "{" or text == "[" then
      if depth == 0 then
        return at
      end
      depth = depth - 1
    end
  end
end

-- The call around token `i`: `f(`, `f {`, `f ({`.
local function call_around(tokens, i)
  local at = opener(tokens, i)
  if not at then
    return nil
  end
  local in_table = tokens[at].text == "{"
  if in_table and tokens[at - 1] and tokens[at - 1].text == "(" then
    at = at - 1
  end
  local names, method = chain_to(tokens, at - 1)
  return names, method, in_table
end

local function in_string(tokens, last, found)
  found.kind, found.from = "string", last.body
  local before = tokens[#tokens - 1]
  if before and before.text == "=" and #tokens > 2 and tokens[#tokens - 2].kind == "name" then
    found.key = tokens[#tokens - 2].text
    found.call, found.method = call_around(tokens, #tokens - 3)
  elseif before and before.kind == "name" then
    found.call, found.method = chain_to(tokens, #tokens - 1)
  else
    found.call, found.method = call_around(tokens, #tokens - 1)
  end
  return found
end

-- True if a new field of a table may begin after token `i`.
local function begins_field(tokens, i)
  local before = tokens[i]
  return before and (before.text == "{" or before.text == "," or before.text == ";")
end

--- The context at the end of `text`.
---@param text string
---@return tarn.Context
function M.find(text)
  local tokens = lexer.tokens(text)
  local last = tokens[#tokens]
  local found = { kind = "name", typed = "", from = #text + 1 }
  if last and last.kind == "string" and last.open then
    in_string(tokens, last, found)
    found.typed = text:sub(found.from)
    return found
  elseif last and last.kind == "comment" and (last.open or text:sub(-1) ~= "\n") then
    found.kind = "none"
    return found
  end
  local i = #tokens
  if last and last.to == #text and (last.kind == "name" or last.kind == "keyword") then
    found.typed, found.from = last.text, last.from
    i = i - 1
  elseif last and last.to == #text and last.kind == "number" then
    found.kind = "none"
    return found
  end
  local before = tokens[i]
  if before and (before.text == "." or before.text == ":") then
    found.kind = before.text == "." and "field" or "method"
    found.chain = chain_to(tokens, i - 1)
    found.kind = found.chain and found.kind or "none"
  elseif begins_field(tokens, i) then
    local names, _, in_table = call_around(tokens, i)
    found.call = in_table and names or nil
  end
  return found
end

return M
