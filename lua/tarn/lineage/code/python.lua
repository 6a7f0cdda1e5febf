--- Find in a pipeline's Python code which datasets and flows it defines and which tables they read.
--
-- Pure. Finds decorated functions, calls that create tables and flows, and reads of tables by
-- literal names. A computed name is reported with its line.

local lexer = require "tarn.lineage.code.lexer"
local sql = require "tarn.lineage.code.sql"

local M = {}

local MODULES <const> = { dlt = true, dp = true, pipelines = true, sdp = true }

local function is(token, text)
  return token ~= nil and token.kind ~= "text" and token.text == text
end

-- The index behind the bracket that closes the one at `i`.
local function behind(tokens, i)
  local depth = 0
  for k = i, #tokens do
    if is(tokens[k], "(") or is(tokens[k], "[") or is(tokens[k], "{") then
      depth = depth + 1
    elseif is(tokens[k], ")") or is(tokens[k], "]") or is(tokens[k], "}") then
      depth = depth - 1
      if depth == 0 then
        return k + 1
      end
    end
  end
  return #tokens + 1
end

-- The arguments of a call whose parenthesis is at `i`, by name and by position. An argument is its
-- token if it has only one, else { computed = true }.
local function arguments(tokens, i)
  local stop, args, n = behind(tokens, i) - 1, {}, 0
  local k = i + 1
  while k < stop do
    local key
    if tokens[k].kind == "word" and is(tokens[k + 1], "=") and not is(tokens[k + 2], "=") then
      key, k = tokens[k].text, k + 2
    else
      n = n + 1
      key = n
    end
    local from, depth = k, 0
    while k < stop and not (depth == 0 and is(tokens[k], ",")) do
      local c = tokens[k].kind == "sign" and tokens[k].text
      depth = depth + ((c == "(" or c == "[" or c == "{") and 1
        or (c == ")" or c == "]" or c == "}") and -1 or 0)
      k = k + 1
    end
    args[key] = k == from + 1 and tokens[from] or { computed = true, line = tokens[i].line }
    k = k + 1
  end
  return args
end

-- The literal name in an argument; nil and true if the argument is computed.
local function name_of(arg)
  if not arg then
    return nil, false
  elseif arg.kind == "text" and not arg.computed then
    return arg.text, false
  end
  return nil, true
end

-- `module.word` at `i`: the word and the index behind it.
local function module_call(tokens, i)
  local token = tokens[i]
  if token and token.kind == "word" and MODULES[token.text] and is(tokens[i + 1], ".")
    and not is(tokens[i - 1], ".") and tokens[i + 2] and tokens[i + 2].kind == "word" then
    return tokens[i + 2].text, i + 3
  end
end

-- ---- reads ----

local function note(problems, token, what)
  problems[#problems + 1] = ("line %d: %s"):format(token.line, what)
end

-- Add the inputs of the call at `i`, if it is a call that reads tables.
local function add_read(tokens, i, inputs, problems)
  local word, before = tokens[i].text, tokens[i - 1]
  if not is(tokens[i + 1], "(") or not is(before, ".") then
    return
  end
  local root = tokens[i - 2] and tokens[i - 2].text
  local is_read = word == "table"
    or (word == "read" or word == "read_stream") and MODULES[root or ""]
  if not is_read and word ~= "sql" then
    return
  end
  local args = arguments(tokens, i + 1)
  local name, computed = name_of(args[1] or args.tableName or args.name or args.sqlQuery)
  if computed then
    note(problems, tokens[i], word == "sql" and "a statement is computed"
      or "the name of a table is computed")
  elseif name and word == "sql" then
    for _, input in ipairs((sql.reads(name, {}))) do
      inputs[#inputs + 1] = input
    end
  elseif name then
    inputs[#inputs + 1] = name
  end
end

local function reads(tokens, from, to, problems)
  local inputs = {}
  for i = from, to do
    if tokens[i].kind == "word" then
      add_read(tokens, i, inputs, problems)
    end
  end
  return inputs
end

-- ---- definitions ----

local DATASETS <const> = { table = true, materialized_view = "MATERIALIZED_VIEW",
  streaming_table = "STREAMING_TABLE", view = "VIEW", temporary_view = "VIEW",
  create_table = true, create_view = "VIEW" }

local function streams(tokens, from, to)
  for i = from, to do
    if is(tokens[i], "readStream") or is(tokens[i], "read_stream") then
      return true
    end
  end
  return false
end

-- The decorators of pipelines from `i` on, { word, args, token } each, and the index behind all
-- decorators.
local function decorators(tokens, i)
  local list = {}
  while is(tokens[i], "@") do
    local word, after = module_call(tokens, i + 1)
    local line_end = i + 1
    if word then
      list[#list + 1] = { word = word, token = tokens[i],
        args = is(tokens[after], "(") and arguments(tokens, after) or {} }
      line_end = is(tokens[after], "(") and behind(tokens, after) or after
    else
      while tokens[line_end] and not tokens[line_end].first do
        line_end = is(tokens[line_end], "(") and behind(tokens, line_end) or line_end + 1
      end
    end
    i = line_end
  end
  return list, i
end

-- The last token of the function whose `def` is at `i`: its body is indented deeper.
local function end_of(tokens, i)
  local k = math.min(behind(tokens, i + 2), #tokens)
  while tokens[k + 1] and not (tokens[k + 1].first and tokens[k + 1].column <= tokens[i].column) do
    k = k + 1
  end
  return k
end

local function define(decorator, tokens, i, stop, graph, problems)
  local function_name = tokens[i + 1] and tokens[i + 1].text
  local args = decorator.args
  local kind = DATASETS[decorator.word]
  local is_flow = decorator.word == "append_flow"
  local name, computed
  if is_flow then
    name, computed = name_of(args.target)
  else
    name, computed = name_of(args.name or args[1])
  end
  if computed then
    note(problems, decorator.token, "the name of a dataset is computed")
    return
  end
  name = name or not is_flow and function_name
  if not name then
    return -- a `def` without a name: the code is incomplete
  end
  local inputs = reads(tokens, i, stop, problems)
  if kind then
    graph.datasets[name] = { expectations = 0, type = kind ~= true and kind
      or streams(tokens, i, stop) and "STREAMING_TABLE" or "MATERIALIZED_VIEW" }
  end
  graph.flows[#graph.flows + 1] = { name = function_name, output = name, inputs = inputs,
    comment = (name_of(args.comment)) }
end

local CHANGES <const> = { apply_changes = true, create_auto_cdc_flow = true,
  apply_changes_from_snapshot = true, create_auto_cdc_from_snapshot_flow = true }
local TARGETS <const> = { create_streaming_table = true, create_target_table = true,
  create_streaming_live_table = true }

-- Add a call of the pipelines module outside of decorators.
local function call(word, tokens, i, graph, problems)
  local args = arguments(tokens, i)
  if TARGETS[word] then
    local name, computed = name_of(args.name or args[1])
    if name then
      graph.datasets[name] = { type = "STREAMING_TABLE", expectations = 0 }
    elseif computed then
      note(problems, tokens[i], "the name of a dataset is computed")
    end
  elseif CHANGES[word] then
    local target, odd_target = name_of(args.target or args[1])
    local source, odd_source = name_of(args.source or args[2])
    if odd_target or odd_source then
      note(problems, tokens[i], "the target or the source of changes is computed")
    end
    if target then
      graph.flows[#graph.flows + 1] = { name = target, output = target, flow_type = "CHANGE",
        inputs = { source } }
    end
  elseif word == "create_sink" then
    local name = name_of(args.name or args[1])
    if name then
      graph.sinks[name] = { format = (name_of(args.format or args[2])) }
    end
  end
end

--- Add the definitions of Python code to a graph.
---@param source string
---@param graph tarn.LineageGraph
---@return string[] problems names that are computed, with their lines
function M.add(source, graph)
  local tokens, problems, i = lexer.python(source), {}, 1
  while i <= #tokens do
    local word, after = module_call(tokens, i)
    if is(tokens[i], "@") and tokens[i].first then
      local list, def = decorators(tokens, i)
      local stop = is(tokens[def], "def") and end_of(tokens, def)
      for _, decorator in ipairs(stop and list or {}) do
        if DATASETS[decorator.word] or decorator.word == "append_flow" then
          define(decorator, tokens, def, stop, graph, problems)
        end
      end
      i = stop and #list > 0 and stop + 1 or math.max(def, i + 1)
    elseif word and is(tokens[after], "(") then
      call(word, tokens, after, graph, problems)
      i = behind(tokens, after)
    else
      local outside = {}
      if tokens[i].kind == "word" then
        add_read(tokens, i, outside, problems)
      end
      for _, name in ipairs(outside) do
        note(problems, tokens[i], name .. " is read outside of a dataset's function")
      end
      i = i + 1
    end
  end
  return problems
end

return M
