--- Find in a pipeline's SQL code which datasets and flows it defines and which tables they read.
--
-- Pure. Two functions are for others:
--
--     sql.add(text, graph, context)   -> reasons            definitions: files and cells
--     sql.reads(text, context)        -> inputs, reasons    a query, as in spark.sql("...")
--
-- `inputs` are names as `tarn.lineage.names` reads them, and paths as they are. A reason is a text
-- that says what is not known and begins with its line. `context` (tarn.LineageContext, in
-- tarn.lineage.code.place) says where the text is from; USE, SET and DECLARE change it, so that the
-- next cell of the same file goes on with it. Knows enough of SQL to find the names of datasets and
-- the relations in FROM and JOIN; other syntax is skipped.

local lexer = require "tarn.lineage.code.lexer"

local M = {}

local function set(text)
  local words = {}
  for word in text:gmatch "%S+" do
    words[word] = true
  end
  return words
end

local MODIFIERS <const> = set "OR REPLACE REFRESH PRIVATE TEMPORARY TEMP STREAMING LIVE TABLE "
MODIFIERS.MATERIALIZED, MODIFIERS.VIEW, MODIFIERS.IF = true, true, true
MODIFIERS.NOT, MODIFIERS.EXISTS, MODIFIERS.FLOW, MODIFIERS.ONCE = true, true, true, true

-- Functions with a FROM in their arguments.
local WITH_FROM <const> = set "EXTRACT TRIM SUBSTRING SUBSTR OVERLAY POSITION"

-- Words behind a relation that are not its alias.
local CLAUSES <const> = set [[WHERE GROUP ORDER HAVING LIMIT QUALIFY WINDOW UNION EXCEPT INTERSECT
  JOIN LEFT RIGHT INNER FULL CROSS NATURAL SEMI ANTI ON USING LATERAL TABLESAMPLE PIVOT UNPIVOT
  CLUSTER DISTRIBUTE SORT KEYS IGNORE APPLY SEQUENCE COLUMNS STORED TRACK VERSION TIMESTAMP]]

local function is(token, text)
  return token ~= nil and not token.quoted and (token.upper or token.text) == text
    and token.kind ~= "text"
end

-- A qualified name at `i`, as text, and the index behind it; nil if there is none.
local function find_name(tokens, i)
  local token, parts = tokens[i], {}
  while token and token.kind == "word" do
    parts[#parts + 1] = token.quoted and "`" .. token.text:gsub("`", "``") .. "`" or token.text
    if not is(tokens[i + 1], ".") then
      return table.concat(parts, "."), i + 1
    end
    i = i + 2
    token = tokens[i]
  end
end

-- ---- the inputs of a query ----

-- A relation behind FROM, JOIN or a comma: its name (nil for functions and subqueries) and the
-- index behind it.
local function relation(tokens, i)
  while is(tokens[i], "LATERAL") do
    i = i + 1
  end
  local closes = false
  if is(tokens[i], "STREAM") and not is(tokens[i + 1], ".") then
    closes = is(tokens[i + 1], "(")
    i = i + (closes and 2 or 1)
  end
  local name, after = find_name(tokens, i)
  if not name or is(tokens[after], "(") then
    return nil, i
  end
  return name, closes and after + 1 or after
end

-- The names of common table expressions: `x AS (` behind WITH or a comma.
local function cte_names(tokens, from, to)
  local names = {}
  for i = from, to - 2 do
    if tokens[i].kind == "word" and is(tokens[i + 1], "AS") and is(tokens[i + 2], "(")
      and (is(tokens[i - 1], "WITH") or is(tokens[i - 1], ",") or is(tokens[i - 1], "RECURSIVE"))
    then
      names[tokens[i].text:lower()] = true
    end
  end
  return names
end

local function skip_alias(tokens, i)
  if is(tokens[i], "AS") then
    return i + 2
  end
  local token = tokens[i]
  return token and token.kind == "word" and not CLAUSES[token.upper] and i + 1 or i
end

local function reads(tokens, from, to)
  local own, list, seen, functions = cte_names(tokens, from, to), {}, {}, {}
  local function take(i)
    repeat
      local name, after = relation(tokens, i)
      if name and not own[name:lower()] and not seen[name:lower()] then
        seen[name:lower()], list[#list + 1] = true, name
      end
      if not name then
        return
      end
      i = skip_alias(tokens, after)
      local more = is(tokens[i], ",")
      i = i + 1
    until not more or i > to
  end
  for i = from, to do
    local token = tokens[i]
    if is(token, "(") then
      functions[#functions + 1] = tokens[i - 1] and tokens[i - 1].upper or ""
    elseif is(token, ")") then
      functions[#functions] = nil
    elseif is(token, "JOIN") or is(token, "FROM") and not is(tokens[i - 1], "DISTINCT")
      and not WITH_FROM[functions[#functions] or ""] then
      take(i + 1)
    end
  end
  return list
end

--- The tables and paths that a query reads.
---@param text string
---@param context tarn.LineageContext
---@return string[] inputs
---@return string[] reasons what is not known, with its line
function M.reads(text, context) -- luacheck: no unused args
  local tokens = lexer.sql(text)
  return reads(tokens, 1, #tokens), {}
end

-- ---- definitions ----

-- The index of a word outside of all parentheses; nil if there is none.
local function find_word(tokens, from, to, word)
  local depth = 0
  for i = from, to do
    if is(tokens[i], "(") then
      depth = depth + 1
    elseif is(tokens[i], ")") then
      depth = depth - 1
    elseif depth == 0 and is(tokens[i], word) then
      return i
    end
  end
end

-- `[CREATE FLOW f AS] APPLY CHANGES INTO t FROM STREAM s ...`, and the same with AUTO CDC.
local function changes(tokens, from, to)
  local into = find_word(tokens, from, to, "INTO")
  local target = into and find_name(tokens, into + 1)
  return target and { output = target, inputs = reads(tokens, into, to), flow_type = "CHANGE" }
end

local function flow(tokens, from, to)
  local as = find_word(tokens, from, to, "AS")
  if as and is(tokens[as + 1], "INSERT") then
    local i = as + 2
    while is(tokens[i], "INTO") or is(tokens[i], "ONCE") do
      i = i + 1
    end
    local target, after = find_name(tokens, i)
    return target and { output = target, inputs = reads(tokens, after, to), flow_type = "APPEND" }
  end
  return as and changes(tokens, as, to)
end

local function comment_of(tokens, from, to)
  local at = find_word(tokens, from, to, "COMMENT")
  local text = at and tokens[at + 1]
  return text and text.kind == "text" and text.text or nil
end

local function dataset(tokens, words, i, to, graph)
  local kind = words.STREAMING and "STREAMING_TABLE" or words.VIEW and not words.MATERIALIZED
    and "VIEW" or "MATERIALIZED_VIEW"
  local name, after = find_name(tokens, i)
  if not name then
    return
  end
  local as = find_word(tokens, after, to, "AS")
  graph.datasets[name] = { type = kind, expectations = 0 }
  graph.flows[#graph.flows + 1] = { name = name, output = name,
    inputs = as and reads(tokens, as, to) or {}, comment = comment_of(tokens, after, as or to) }
end

local function statement(tokens, from, to, graph)
  if is(tokens[from], "APPLY") or is(tokens[from], "AUTO") then
    graph.flows[#graph.flows + 1] = changes(tokens, from, to)
    return
  elseif not is(tokens[from], "CREATE") then
    return
  end
  local words, i = {}, from + 1
  while tokens[i] and not tokens[i].quoted and MODIFIERS[tokens[i].upper or ""] do
    words[tokens[i].upper] = true
    i = i + 1
  end
  if words.FLOW then
    graph.flows[#graph.flows + 1] = flow(tokens, i, to) or nil
  elseif words.TABLE or words.VIEW then
    dataset(tokens, words, i, to, graph)
  end
end

--- Add what SQL text defines to a graph.
---@param text string
---@param graph tarn.LineageGraph
---@param context tarn.LineageContext
---@return string[] reasons what is not known, with its line
function M.add(text, graph, context) -- luacheck: no unused args
  local tokens = lexer.sql(text)
  local from = 1
  for i = 1, #tokens + 1 do
    if i > #tokens or is(tokens[i], ";") then
      if i > from then
        statement(tokens, from, i - 1, graph)
      end
      from = i + 1
    end
  end
  return {}
end

return M
