--- The filter of an events listing (api B.1), as a condition of SQL.
--
-- `term (AND term)*`; a term compares level, id, timestamp, update_id or event_type with a quoted
-- literal, or tests whether it is IN a list of literals. Only timestamps have an order.
-- Pure: text in, SQL and parameters out.

local clock = require "sandbox.clock"
local errors = require "sandbox.http.errors"

local M = {}

local COLUMNS <const> = {
  level = "level", id = "id", timestamp = "ts", update_id = "update_id", event_type = "type",
}

local LEVELS <const> = { INFO = true, WARN = true, ERROR = true, METRICS = true }

local function refuse(filter, why)
  errors.invalid("Invalid filter \"%s\": %s.", filter, why)
end

-- Tokens: { kind = "word"|"literal"|"op", text }.
local function tokens_of(filter)
  local tokens, at = {}, 1
  while true do
    at = filter:find("%S", at)
    if not at then
      return tokens
    end
    local kind, from, to = nil, nil, nil
    for _, rule in ipairs { { "word", "^[%a_][%w_]*" }, { "literal", "^'[^']*'" },
      { "op", "^[<>]=?" }, { "op", "^=" }, { "op", "^[%(%),]" } } do
      from, to = filter:find(rule[2], at)
      if from then
        kind = rule[1]
        break
      end
    end
    if not kind then
      refuse(filter, ("unexpected character at position %d"):format(at))
    end
    local text = filter:sub(from, to)
    -- In a literal a doubled quote stands for one.
    while kind == "literal" and filter:sub(to + 1, to + 1) == "'" do
      local _, after = filter:find("^'[^']*'", to + 1)
      if not after then
        refuse(filter, "a literal does not end")
      end
      text, to = text .. filter:sub(to + 1, after), after
    end
    tokens[#tokens + 1] = { kind = kind, text = text }
    at = to + 1
  end
end

local function value_of(filter, column, token)
  if not token or token.kind ~= "literal" then
    refuse(filter, "expected a literal in single quotes")
  end
  local text = token.text:sub(2, -2):gsub("''", "'")
  if column == "level" and not LEVELS[text] then
    refuse(filter, ("'%s' is not a level"):format(text))
  elseif column == "ts" then
    local ms = clock.find_ms(text)
    return ms or refuse(filter, ("'%s' is not a timestamp"):format(text))
  end
  return text
end

local function is_word(token, word)
  return token and token.kind == "word" and token.text:upper() == word
end

local function parse_in(filter, tokens, at, column, params)
  if not tokens[at] or tokens[at].text ~= "(" then
    refuse(filter, "expected '(' after IN")
  end
  local marks = {}
  repeat
    params[#params + 1] = value_of(filter, column, tokens[at + 1])
    marks[#marks + 1] = "?"
    at = at + 2
  until not tokens[at] or tokens[at].text ~= ","
  if not tokens[at] or tokens[at].text ~= ")" then
    refuse(filter, "expected ')'")
  end
  return ("%s IN (%s)"):format(column, table.concat(marks, ", ")), at + 1
end

local function parse_term(filter, tokens, at, params)
  local name = tokens[at]
  local column = name and name.kind == "word" and COLUMNS[name.text:lower()]
  if not column then
    refuse(filter, ("'%s' is not a field that can be filtered on"):format(name and name.text or ""))
  end
  local op = tokens[at + 1]
  if is_word(op, "IN") then
    return parse_in(filter, tokens, at + 2, column, params)
  elseif not op or op.kind ~= "op" or op.text:find "[%(%),]" then
    refuse(filter, "expected an operator after " .. name.text)
  elseif op.text ~= "=" and column ~= "ts" then
    refuse(filter, ("'%s' is only for timestamp"):format(op.text))
  end
  params[#params + 1] = value_of(filter, column, tokens[at + 2])
  return ("%s %s ?"):format(column, op.text), at + 3
end

--- The condition for a filter. Appends its parameters to `params`.
---@param filter string
---@param params any[]
---@return string
function M.sql(filter, params)
  local tokens, terms, at = tokens_of(filter), {}, 1
  repeat
    if at > 1 then
      at = at + 1
    end
    terms[#terms + 1], at = parse_term(filter, tokens, at, params)
  until not is_word(tokens[at], "AND")
  if tokens[at] then
    refuse(filter, ("unexpected '%s'"):format(tokens[at].text))
  end
  return table.concat(terms, " AND ")
end

return M
