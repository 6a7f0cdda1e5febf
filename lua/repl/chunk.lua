--- Compiles the entries of the prompt.
--
-- An expression returns its value, with or without `=` before it. `local` at the outermost level
-- makes a variable of the session, because a real local variable would end with its line. Only a
-- variable with an attribute (`<close>`, `<const>`) stays local to its entry.

local lexer = require "base.lexer"

local M = {}

local OPENS <const> = { ["do"] = true, ["function"] = true, ["if"] = true, ["repeat"] = true }
local CLOSES <const> = { ["end"] = true, ["until"] = true }

-- The names that a `local` declares (nil if one of them has an attribute), and the index of the
-- token after them.
local function declared(tokens, at)
  local names = {}
  while tokens[at] and tokens[at].kind == "name" do
    names[#names + 1] = tokens[at].text
    at = at + 1
    if tokens[at] and tokens[at].text == "<" then
      return nil, at
    elseif not tokens[at] or tokens[at].text ~= "," then
      break
    end
    at = at + 1
  end
  return names, at
end

local function edit(edits, from, to, text)
  edits[#edits + 1] = { from = from, to = to, text = text }
end

-- `local x = 1` -> `x = 1`; `local x` -> `x = nil`. Blanks keep the columns of error messages.
local function release(tokens, i, edits)
  local token, after = tokens[i], tokens[i + 1]
  local blank = (" "):rep(#token.text)
  if after and after.text == "function" then
    return edit(edits, token.from, token.to, blank)
  end
  local names, at = declared(tokens, i + 1)
  if not names or #names == 0 then
    return
  end
  edit(edits, token.from, token.to, blank)
  if not tokens[at] or tokens[at].text ~= "=" then
    edit(edits, tokens[at - 1].to + 1, tokens[at - 1].to, " = nil")
  end
end

--- The text without `local` at the outermost level, so that the variables belong to the session.
---@param text string
---@return string
function M.without_locals(text)
  local tokens, depth, edits = lexer.tokens(text), 0, {}
  for i, token in ipairs(tokens) do
    if token.kind == "keyword" then
      if token.text == "local" and depth == 0 then
        release(tokens, i, edits)
      elseif OPENS[token.text] then
        depth = depth + 1
      elseif CLOSES[token.text] then
        depth = depth - 1
      end
    end
  end
  for i = #edits, 1, -1 do
    local one = edits[i]
    text = text:sub(1, one.from - 1) .. one.text .. text:sub(one.to + 1)
  end
  return text
end

-- A syntax error at the end of the text: the entry may go on in the next line.
local function is_incomplete(why)
  return why:find "<eof>'?$" ~= nil
end

--- Compile an entry.
---@param text string
---@param name string the name of the chunk in messages
---@param env table the variables of the session
---@return function? f nil if the text is not valid Lua
---@return string? why the syntax error
---@return boolean? incomplete true if more lines could make the text valid
function M.compile(text, name, env)
  local equals, rest = text:match "^(%s*)=(.*)$"
  local body = equals and equals .. " " .. rest or text
  -- The line end makes an unfinished quoted string an error at that string instead of at <eof>:
  -- it cannot go on in the next line, unlike a string in long brackets.
  local f, why = load("return " .. body .. "\n", "=" .. name, "t", env)
  local incomplete = not f and is_incomplete(why)
  if not f and not equals then
    f, why = load(M.without_locals(text) .. "\n", "=" .. name, "t", env)
  end
  if f then
    return f
  end
  return nil, why, incomplete or is_incomplete(why)
end

--- True if the text holds only blanks and complete comments.
---@param text string
---@return boolean
function M.is_empty(text)
  for _, token in ipairs(lexer.tokens(text)) do
    if token.kind ~= "comment" or token.open then
      return false
    end
  end
  return true
end

return M
