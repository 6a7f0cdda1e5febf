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
-- next cell of the same file goes on with it. `context.line` is the number of lines before the
-- text.
--
-- Statements are separated by semicolons. Parameters are replaced in a statement when it is its
-- turn, since SET may give them values.

local collections = require "base.collections"
local parameters = require "tarn.lineage.code.sql.parameters"
local place = require "tarn.lineage.code.place"
local query = require "tarn.lineage.code.sql.query"
local session = require "tarn.lineage.code.sql.session"
local statements = require "tarn.lineage.code.sql.statements"
local tokens = require "tarn.lineage.code.sql.tokens"

local M = {}

local set = collections.word_set

-- Statements that neither define nor write a dataset.
local HARMLESS <const> = set [[SHOW DESCRIBE DESC EXPLAIN ALTER DROP GRANT REVOKE DENY COMMENT
  OPTIMIZE VACUUM ANALYZE REFRESH CACHE UNCACHE CLEAR RESET ADD LIST MSCK REPAIR UNDROP SYNC FSCK
  GET PUT REMOVE]]
-- Statements that write tables, and that a pipeline does not run.
local WRITES <const> = set "MERGE COPY UPDATE DELETE TRUNCATE CALL EXECUTE BEGIN RESTORE"
local SESSION <const> = set "USE SET DECLARE"
local DEFINES <const> = set "CREATE APPLY AUTO INSERT"

local function new_notes(context)
  local reasons, seen = {}, {}
  return reasons, function(line, what)
    local reason = place.reason(context, line, what)
    if not seen[reason] then
      seen[reason] = true
      reasons[#reasons + 1] = reason
    end
  end
end

-- How a statement begins, in a few words.
local function beginning(list)
  local first = list[1]
  return first.kind == "text" and "a text" or first.text:sub(1, 40)
end

-- More parentheses in parentheses than anybody writes; reading them recurs.
local DEPTH <const> = 200

-- Tell of texts, names, comments and parentheses that do not end: what follows is not read right.
-- False if the statement is not to be read.
local function check_ends(list, note)
  local open = {}
  for _, token in ipairs(list) do
    if tokens.is(token, "(") then
      open[#open + 1] = token
      if #open > DEPTH then
        note(token.line, "the parentheses are nested too deeply to be read")
        return false
      end
    elseif tokens.is(token, ")") and not table.remove(open) then
      note(token.line, "this parenthesis closes none")
    end
    if token.open then
      note(token.line, ("the %s that begins here does not end"):format(
        token.kind == "text" and "text" or token.kind == "word" and "name" or "comment"))
    end
  end
  if open[1] then
    note(open[#open].line, "the parenthesis that begins here does not end")
  end
  return true
end

-- Words behind CREATE that no expression has there.
local CREATED <const> = set "OR STREAMING MATERIALIZED LIVE TEMPORARY TEMP PRIVATE FLOW TABLE VIEW"

-- True if a statement begins at `i` although the one before is not ended.
local function begins_another(list, i)
  local token, following, before = list[i], list[i + 1], list[i - 1]
  if tokens.is(before, ".") or tokens.is(before, "AS") or tokens.is(before, "FLOW") then
    return false
  elseif tokens.is(token, "CREATE") then
    return following ~= nil and CREATED[following.upper or ""] or false
  end
  return tokens.is(list[i + 2], "INTO") and (tokens.is(token, "APPLY")
    and tokens.is(following, "CHANGES") or tokens.is(token, "AUTO") and tokens.is(following, "CDC"))
end

-- Call `f` with the tokens of each statement, its parameters replaced. A missing semicolon is told.
-- Compound statements of SQL scripting are cut at their semicolons; their first part tells of them.
local function each(text, context, note, f)
  local list, from = tokens.of(text), 1
  for i = 1, #list + 1 do
    local is_end = i > #list or tokens.is(list[i], ";")
    local is_another = not is_end and i > from and begins_another(list, i)
    if (is_end or is_another) and i > from then
      local source = text:sub(list[from].at, list[i - 1].stop)
      local filled = parameters.fill(source, context.configuration or {})
      f(tokens.of(filled, list[from].line), filled)
    end
    if is_another then
      note(list[i].line, "the statement before this line is not ended by a semicolon")
    end
    from = is_end and i + 1 or is_another and i or from
  end
end

--- The tables and paths that a query reads.
---@param text string
---@param context tarn.LineageContext
---@return string[] inputs
---@return string[] reasons what is not known, with its line
function M.reads(text, context)
  local inputs = {}
  local reasons, note = new_notes(context)
  each(text, context, note, function(list)
    if not check_ends(list, note) then
      return
    elseif not query.begins(list, 1, #list) then
      note(list[1].line, ("the statement that begins with %s is no query"):format(
        beginning(list)))
      return
    end
    local reader = query.new(list, context, note)
    reader:body(1, #list)
    table.move(reader.inputs, 1, #reader.inputs, #inputs + 1, inputs)
  end)
  return inputs, reasons
end

local function statement(list, source, graph, context, note)
  local word = list[1].upper or list[1].text
  if not check_ends(list, note) then
    return
  elseif SESSION[word] then
    session.run(list, source, context, note)
  elseif DEFINES[word] then
    statements.add(list, graph, context, note)
  elseif WRITES[word] then
    note(list[1].line, ("a pipeline does not run %s: what it writes is not read"):format(word))
  elseif query.begins(list, 1, #list) then
    if tokens.find(list, 1, #list, { INSERT = true }) then
      note(list[1].line, "INSERT behind WITH or FROM is not read")
    end
  elseif not HARMLESS[word] then
    note(list[1].line, ("the statement that begins with %s is not understood"):format(
      beginning(list)))
  end
end

--- The line of the first statement in a text; nil if it has none.
---@param text string
---@return integer?
function M.first_line(text)
  local first = tokens.of(text)[1]
  return first and first.line
end

--- Add what SQL text defines to a graph.
---@param text string
---@param graph tarn.LineageGraph
---@param context tarn.LineageContext
---@return string[] reasons what is not known, with its line
function M.add(text, graph, context)
  local reasons, note = new_notes(context)
  each(text, context, note, function(list, source)
    statement(list, source, graph, context, note)
  end)
  return reasons
end

return M
