--- FROM, translated for SQLite: methods of the parser in sandbox.sql.dialect.

local expression = require "sandbox.sql.expression"
local sqlerror = require "sandbox.sql.error"

local M = {}

-- A word after a table that does not begin a clause is the table's alias.
function M:find_alias_name()
  local explicit = self:accept "AS"
  local token = self:peek()
  local free = token and (token.kind == "quoted"
    or token.kind == "word" and not expression.ENDS[token.upper] and token.upper ~= "SEMI"
    and token.upper ~= "ANTI")
  if free then
    self.i = self.i + 1
    return token.text
  elseif explicit then
    self:fail(token)
  end
end

function M:name_list()
  local list = {}
  repeat
    list[#list + 1] = self:name()
  until not self:accept ","
  return list
end

function M:find_column_names()
  if self:accept "(" then
    local list = self:name_list()
    self:expect ")"
    return list
  end
end

-- explode(...) and variant_explode(...), after the name: a row for each element.
function M:explode(view)
  self:expect "("
  local list = self:arguments "explode"
  local alias = self:find_alias_name() or "__each" .. #self.scope.tables
  local names = not view and self:find_column_names() or nil
  if view and self:accept "AS" then
    names = self:name_list()
  end
  local columns = { pos = "key", col = "value" }
  if names then
    columns[names[#names]:lower()] = "value"
    self.scope.laterals[names[#names]:lower()] = self.quote(alias) .. "." .. self.quote "value"
  end
  self:add_table({ alias = alias, columns = columns })
  return ("json_each(%s) AS %s"):format(list[1], self.quote(alias))
end

-- The argument of event_log: an id, or TABLE(name).
function M:event_log(from)
  self:expect "("
  local id, parts
  local token = self:take()
  if token.kind == "string" then
    id = token.text
  elseif token.kind == "param" then
    id = self:constant(token)
  elseif token.upper == "TABLE" then
    self:expect "("
    parts = self:chain(self:take())
    self:expect ")"
  else
    self:fail(token)
  end
  self:expect ")"
  return self.env.event_log(id, parts, from)
end

function M:relation()
  local token = self:take()
  local parts, from, found = nil, token.from, nil
  if token.upper == "IDENTIFIER" and self:at "(" then
    self.i = self.i + 1
    local name
    name, from = self:identifier_clause()
    parts = {}
    for part in name:gsub("`", ""):gmatch "[^.]+" do
      parts[#parts + 1] = part
    end
  elseif token.upper == "EVENT_LOG" and self:at "(" then
    found = self:event_log(from)
    parts = { "event_log" }
  elseif token.kind == "word" and self:at "(" then
    sqlerror.raise("42883", ("[UNRESOLVABLE_TABLE_VALUED_FUNCTION] Could not resolve `%s` to a "
      .. "table-valued function. SQLSTATE: 42883"):format(token.text))
  elseif token.kind == "quoted" or token.kind == "word" and not expression.ENDS[token.upper] then
    parts = self:chain(token)
  else
    self:fail(token)
  end
  local alias = self:find_alias_name()
  if #parts == 1 and self.ctes[parts[1]:lower()] then
    self:add_table({ alias = alias or parts[1] })
    return self.quote(parts[1]) .. (alias and " AS " .. self.quote(alias) or "")
  end
  found = found or self.env.table(parts, from)
  if not found then
    sqlerror.no_table(self.text, parts, from)
  end
  self:add_table({ alias = alias or parts[#parts], name = parts, fields = found.columns })
  return ("(%s) AS %s"):format(found.sql, self.quote(alias or parts[#parts]))
end

function M:derived()
  local query = self:query()
  self:expect ")"
  local alias = self:find_alias_name() or "__derived" .. self.i
  local names = self:find_column_names()
  if names then
    for i, name in ipairs(names) do
      names[i] = self.quote(name)
    end
    local inner = self.quote(alias)
    query = ("WITH %s(%s) AS (%s) SELECT * FROM %s")
      :format(inner, table.concat(names, ", "), query, inner)
  end
  self:add_table({ alias = alias })
  return ("(%s) AS %s"):format(query, self.quote(alias))
end

function M:from_item()
  self:accept "LATERAL"
  local head, after = self:word(), self:word(1)
  if (head == "EXPLODE" or head == "VARIANT_EXPLODE" or head == "EXPLODE_OUTER"
    or head == "VARIANT_EXPLODE_OUTER") then
    self.i = self.i + 1
    return self:explode(false)
  elseif not self:accept "(" then
    return self:relation()
  elseif after == "SELECT" or after == "WITH" or after == "VALUES" or self:at "(" then
    return self:derived()
  end
  local inner = self:from_list()
  self:expect ")"
  return "(" .. inner .. ")"
end

local JOIN_WORDS <const> = { INNER = true, LEFT = true, RIGHT = true, FULL = true, CROSS = true,
  OUTER = true, NATURAL = true }

function M:find_join()
  local words, start = {}, self.i
  while JOIN_WORDS[self:word() or ""] do
    words[#words + 1] = self:take().upper
  end
  if self:accept "JOIN" then
    return table.concat(words, " ") .. " JOIN "
  elseif #words > 0 then
    self:fail(self:peek())
  end
  self.i = start
end

function M:from_list()
  local out = { self:from_item() }
  while true do
    local join = self:find_join()
    if join then
      out[#out + 1] = join .. self:from_item()
      if self:accept "ON" then
        out[#out + 1] = "ON " .. self:expression()
      elseif self:accept "USING" then
        local names = self:find_column_names() or self:fail(self:peek())
        for i, name in ipairs(names) do
          names[i] = self.quote(name)
        end
        out[#out + 1] = ("USING (%s)"):format(table.concat(names, ", "))
      end
    elseif self:accept "," then
      out[#out + 1] = ", " .. self:from_item()
    elseif self:at "LATERAL" then
      self:expect "LATERAL"
      self:expect "VIEW"
      self:accept "OUTER"
      self:take() -- explode; Parser:explode refuses what does not go on like a call
      out[#out + 1] = ", " .. self:explode(true)
    else
      return table.concat(out, " ")
    end
  end
end

return M
