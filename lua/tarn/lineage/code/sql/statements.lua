--- Statements that define datasets and flows of a pipeline. Pure.
--
-- Sinks have no statement: only Python defines them.

local collections = require "base.collections"
local names = require "tarn.lineage.code.sql.name"
local query = require "tarn.lineage.code.sql.query"
local tokens = require "tarn.lineage.code.sql.tokens"

local M = {}

local is, set = tokens.is, collections.word_set

local MODIFIERS <const> = set "OR REPLACE REFRESH PRIVATE TEMPORARY TEMP GLOBAL STREAMING LIVE "
for _, word in ipairs { "INCREMENTAL", "MATERIALIZED", "EXTERNAL" } do
  MODIFIERS[word] = true
end
-- Objects that are no datasets.
local OTHERS <const> = set [[FUNCTION SCHEMA DATABASE CATALOG VOLUME CONNECTION SHARE RECIPIENT
  GROUP USER ROLE LOCATION CREDENTIAL POLICY STORAGE SERVICE FOREIGN BLOOMFILTER INDEX PROCEDURE
  WIDGET CLEAN PROVIDER AGGREGATE]]

---@class tarn.SqlStatement
---@field list tarn.SqlToken[]
---@field graph tarn.LineageGraph
---@field context tarn.LineageContext
---@field note fun(line: integer, what: string)
local Statement = {}
Statement.__index = Statement

-- ---- parts ----

-- The name at `i` and the index behind it; nil if it is not known, which is told.
function Statement:name(i, what, is_private)
  local line = (self.list[i] or self.list[#self.list]).line
  local parts, after, problem = names.parts(self.list, i, #self.list, self.context)
  local name
  if parts and not problem then
    name, problem = names.resolve(parts, self.context, is_private)
  end
  if not name or name.is_path then
    self.note(line, ("the name of %s is not known%s"):format(what,
      problem and ": " .. problem or ""))
    return nil
  end
  return name, after
end

function Statement:reader()
  return query.new(self.list, self.context, self.note)
end

-- The inputs of the query that begins at `i`.
function Statement:query(i, reader)
  local list = self.list
  reader = reader or self:reader()
  if query.begins(list, i, #list) then
    reader:body(i, #list)
  else
    self.note((list[i] or list[#list]).line, "the query is not understood")
  end
  return reader
end

-- The inputs of the query that begins at `i` or behind other words.
function Statement:query_behind(i)
  local list, from, reader = self.list, i, self:reader()
  while list[i] and not query.begins(list, i, #list) do
    i = is(list[i], "(") and tokens.closing(list, i, #list) + 1 or i + 1
  end
  reader:expression(from, math.min(i, #list + 1) - 1)
  return self:query(list[i] and i or from, reader)
end

function Statement:flow(flow, reader)
  flow.inputs = reader and reader.inputs or {}
  flow.bare = reader and reader.bare or {}
  self.graph.flows[#self.graph.flows + 1] = flow
end

local function comment_of(list, from, to)
  local at = tokens.find(list, from, to, { COMMENT = true })
  local text = at and list[at + 1]
  return text and text.kind == "text" and text.text or nil
end

-- ---- changes ----

-- The source of changes behind FROM: `FROM t`, `FROM STREAM(t)`, `FROM (query)`, `FROM SNAPSHOT t`.
function Statement:source(i)
  local list, reader = self.list, self:reader()
  local from = tokens.find(list, i, #list, { FROM = true })
  if not from or from == #list then
    self.note(list[#list].line, "the source of the changes is missing")
    return reader
  end
  if is(list[from + 1], "SNAPSHOT") and from + 1 < #list and not is(list[from + 2], "KEYS") then
    from = from + 1
  end
  reader:expression(reader:relation(from + 1, #list), #list)
  return reader
end

-- `{APPLY CHANGES | AUTO CDC} [ONCE] INTO target FROM source ...`
function Statement:changes(i, name)
  local list = self.list
  local into = tokens.find(list, i, #list, { INTO = true })
  local target, after
  if not into then
    self.note(list[i].line, "the target of the changes is missing")
  else
    target, after = self:name(into + 1, "the target")
  end
  if target then
    self:flow({ name = name or target.text, output = target.text, bare_output = target.bare,
      flow_type = "CHANGE" }, self:source(after))
  end
end

-- ---- inserts ----

-- `INSERT [ONCE] INTO [ONCE] [TABLE] target ... query`
function Statement:insert(i, name, comment)
  local list = self.list
  while is(list[i], "INSERT") or is(list[i], "INTO") or is(list[i], "OVERWRITE")
    or is(list[i], "ONCE") or is(list[i], "TABLE") do
    i = i + 1
  end
  local target, after = self:name(i, "the target")
  if target then
    self:flow({ name = name or target.text, output = target.text, bare_output = target.bare,
      flow_type = "APPEND", comment = comment }, self:query_behind(after))
  end
end

-- `name [COMMENT text] AS {INSERT INTO ... | AUTO CDC INTO ... | APPLY CHANGES INTO ...}`
function Statement:create_flow(i)
  local list = self.list
  local name = self:name(i, "the flow", true)
  local as = tokens.find(list, i + 1, #list, { AS = true })
  local body = as and list[as + 1]
  if not name then
    return
  elseif is(body, "INSERT") then
    self:insert(as + 1, name.text, comment_of(list, i + 1, as))
  elseif is(body, "AUTO") or is(body, "APPLY") then
    self:changes(as + 1, name.text)
  else
    self.note(list[1].line, "what the flow does is not understood")
  end
end

-- ---- datasets ----

local function type_of(words, kind)
  if kind == "VIEW" then
    return words.MATERIALIZED and "MATERIALIZED_VIEW" or "VIEW"
  elseif words.STREAMING or words.INCREMENTAL then
    return "STREAMING_TABLE"
  elseif words.LIVE or words.REFRESH or words.PRIVATE or words.TEMPORARY then
    return "MATERIALIZED_VIEW"
  end
  return "TABLE"
end

local function expectations_of(list, from, to)
  local n = 0
  for i = from, to do
    n = n + (is(list[i], "CONSTRAINT") and is(list[i + 2], "EXPECT") and 1 or 0)
  end
  return n
end

-- Words behind which a table is a copy of another.
local COPIES <const> = set "CLONE LIKE"
local BEGINS <const> = set "AS FLOW SELECT VALUES WITH FROM"
-- Words behind WITH in a clause, which begins no query.
local WITH_CLAUSES <const> = set "ROW SCHEMA METRICS"

-- Where the query or the flow of a dataset begins. Behind the clauses of a table AS may be missing.
local function flow_begin(list, from)
  local at = tokens.find(list, from, #list, BEGINS)
  while at and is(list[at], "WITH") and list[at + 1] and WITH_CLAUSES[list[at + 1].upper or ""] do
    at = tokens.find(list, at + 1, #list, BEGINS)
  end
  return at
end

-- The flow of a dataset behind its clauses: `AS query`, `FLOW AUTO CDC FROM ...`, `FLOW INSERT BY
-- NAME query`. A streaming table and a table may have none.
function Statement:own_flow(name, after, kind)
  local list = self.list
  local at = flow_begin(list, after)
  local flow = { name = name.text, output = name.text, bare_output = name.bare,
    comment = comment_of(list, after, at or #list) }
  if not at and (kind == "STREAMING_TABLE" or kind == "TABLE") then
    return
  elseif not at then
    self.note(list[#list].line, ("%s has no query"):format(name.text))
  elseif is(list[at], "AS") and list[at + 1] and list[at + 1].kind == "text" then
    self.note(list[at].line, "a view that is defined in YAML is not read")
  elseif is(list[at], "AS") then
    self:flow(flow, self:query(at + 1))
  elseif not is(list[at], "FLOW") then
    self:flow(flow, self:query(at))
  elseif is(list[at + 1], "AUTO") or is(list[at + 1], "APPLY") then
    flow.flow_type = "CHANGE"
    self:flow(flow, self:source(at + 1))
  else
    self:flow(flow, self:query_behind(at + 1))
  end
end

function Statement:dataset(words, kind, i)
  local list = self.list
  local type = type_of(words, kind)
  local is_private = words.PRIVATE or words.TEMPORARY or words.TEMP
  if is(list[i], "IF") and is(list[i + 1], "NOT") and is(list[i + 2], "EXISTS") then
    i = i + 3
  end
  if is(list[i], "AS") and query.begins(list, i + 1, #list) then
    return self.note(list[i].line, "the name of a dataset is missing")
  end
  local name, after = self:name(i, "a dataset", is_private)
  if not name then
    return
  end
  local begin = type == "TABLE" and (tokens.find(list, after, #list, COPIES)
    or flow_begin(list, after))
  if begin and not is(list[begin], "FLOW") then
    return self.note(list[1].line, ("CREATE TABLE ... %s defines no dataset of a pipeline: %s")
      :format(list[begin].upper, name.text))
  end
  self.graph.datasets[name.text] = { type = type, is_private = is_private,
    expectations = expectations_of(list, after, #list) }
  self:own_flow(name, after, type)
end

function Statement:create()
  local list, words, i = self.list, {}, 2
  while list[i] and MODIFIERS[list[i].upper or ""] do
    words[list[i].upper] = true
    i = i + 1
  end
  local kind = list[i] and list[i].upper or ""
  if kind == "TABLE" or kind == "VIEW" then
    self:dataset(words, kind, i + 1)
  elseif kind == "FLOW" then
    self:create_flow(i + 1)
  elseif not OTHERS[kind] then
    self.note(list[1].line, ("what CREATE %s makes is not understood"):format(
      list[i] and list[i].text or ""))
  end
end

--- Add the definition in a statement that begins with CREATE, APPLY, AUTO or INSERT.
---@param list tarn.SqlToken[]
---@param graph tarn.LineageGraph
---@param context tarn.LineageContext
---@param note fun(line: integer, what: string)
function M.add(list, graph, context, note)
  local self = setmetatable({ list = list, graph = graph, context = context, note = note },
    Statement)
  if is(list[1], "CREATE") then
    self:create()
  elseif is(list[1], "INSERT") then
    note(list[1].line, "INSERT outside of CREATE FLOW is no statement of pipelines; it is read as "
      .. "a flow")
    self:insert(1)
  else
    self:changes(1)
  end
end

return M
