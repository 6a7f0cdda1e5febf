--- What is typed at the prompt, as something that can be called.
--
-- An expression gives its value, with or without `=` before it. `local` at the outermost level
-- makes a variable that lives on, as a person expects who types one line after the other; only a
-- variable with an attribute (`<close>`, `<const>`) stays one of its line.

local lexer = require "repl.lexer"

local M = {}

local OPENS <const> = { ["do"] = true, ["function"] = true, ["if"] = true, ["repeat"] = true }
local CLOSES <const> = { ["end"] = true, ["until"] = true }

-- The names behind a `local`; the index of the token after them; nil if one has an attribute.
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

-- `local x = 1` -> `x = 1`; `local x` -> `x = nil`. Each stays at its column.
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

--- The text with its outermost `local`s taken away, so that their variables live on.
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

-- A statement that ends where the text ends may go on in the next line.
local function is_incomplete(why)
  return why:find "<eof>'?$" ~= nil
end

--- Compile. Nil and why if it is no Lua; and whether it is none only because the end is missing.
---@param text string
---@param name string of the chunk, for messages
---@param env table
---@return function? f
---@return string? why
---@return boolean? incomplete
function M.compile(text, name, env)
  local equals, rest = text:match "^(%s*)=(.*)$"
  local body = equals and equals .. " " .. rest or text
  -- the line end tells a text that does not end from one that goes on
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

--- True if nothing is in the text but blanks and comments.
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
