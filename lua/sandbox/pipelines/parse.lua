--- Finds the datasets that source code defines, and what they read.
--
-- Knows enough of pipeline SQL and of the Python decorators for the graph of usual code; it is not
-- a parser of either language. Pure: text in, tables out.

local M = {}

---@class sandbox.Dataset
---@field name string            as written: bare, or qualified
---@field type "STREAMING_TABLE"|"MATERIALIZED_VIEW"|"VIEW"
---@field flow_type string       of flow_definition
---@field inputs string[]        as written, without LIVE.
---@field expectations table[]   { name, constraint, action = "ALLOW"|"DROP"|"FAIL" }
---@field language "SQL"|"PYTHON"
---@field comment? string
---@field replace_where? boolean its flow replaces the rows of a predicate
---@field path? string          of the object that defines it

local function strip_sql(text)
  return (text:gsub("%-%-[^\n]*", ""):gsub("/%*.-%*/", ""))
end

local function unquote(name)
  return (name:gsub("`", ""):gsub("^[lL][iI][vV][eE]%.", ""))
end

local NAME <const> = "([%w_%.`]+)"

-- The pattern for a keyword in upper or lower case.
local function any_case(word)
  return (word:gsub("%a", function(c) return "[" .. c:upper() .. c:lower() .. "]" end))
end

local FROM <const>, JOIN <const> = any_case "FROM", any_case "JOIN"
local STREAM <const> = any_case "STREAM"

local function sql_inputs(body)
  local inputs, seen, names = {}, {}, {}
  for name in body:gmatch(NAME .. "%s+" .. any_case "AS" .. "%s*%(%s*" .. any_case "SELECT") do
    names[name:lower()] = true -- a common table expression, which is not an input
  end
  for _, word in ipairs { FROM, JOIN } do
    for rest in body:gmatch("%f[%w_]" .. word .. "%s+([^\n;]*)") do
      local name = rest:match("^" .. STREAM .. "%s*%(%s*" .. NAME .. "%s*%)")
        or rest:match("^" .. STREAM .. "%s+" .. NAME) or rest:match("^" .. NAME .. "%s*()")
      local call = rest:gsub("^" .. STREAM .. "%s+", ""):match("^" .. NAME .. "%s*%(")
      name = name and unquote(name)
      if name and not seen[name] and not names[name:lower()]
        and (not call or call:lower() == "stream") then
        seen[name], inputs[#inputs + 1] = true, name
      end
    end
  end
  return inputs
end

local function sql_expectations(head)
  local list = {}
  for name, condition, rest in head:gmatch(any_case "CONSTRAINT" .. "%s+" .. NAME .. "%s+"
    .. any_case "EXPECT" .. "%s*(%b())([^\n]*)") do
    rest = rest:upper()
    list[#list + 1] = {
      name = unquote(name),
      constraint = condition:sub(2, -2),
      action = rest:find "DROP%s+ROW" and "DROP" or rest:find "FAIL%s+UPDATE" and "FAIL" or "ALLOW",
    }
  end
  return list
end

local function sql_kind(words)
  words = words:upper()
  if words:find "STREAMING" then
    return "STREAMING_TABLE", "APPEND"
  elseif words:find "MATERIALIZED" or words:find "TABLE" then
    return "MATERIALIZED_VIEW", "MATERIALIZED_VIEW"
  elseif words:find "VIEW" then
    return "VIEW", "VIEW"
  end
end

local function sql_statement(statement, found)
  -- The words before the name come from a closed set: remove them one by one.
  local words, rest = "", statement:match("^%s*" .. any_case "CREATE" .. "%s+(.*)$")
  while rest do
    local word, after = rest:match "^(%a+)%s+(.*)$"
    if not word or not (" OR REPLACE REFRESH PRIVATE TEMPORARY STREAMING LIVE TABLE MATERIALIZED "
      .. "VIEW IF NOT EXISTS "):find(" " .. word:upper() .. " ", 1, true) then
      break
    end
    words, rest = words .. " " .. word, after
  end
  local kind, flow_type = sql_kind(words)
  local name = kind and rest and rest:match("^" .. NAME)
  if not name then
    return
  end
  local head, body = rest:match("^(.-)%f[%w]" .. any_case "AS" .. "%s+(.*)$")
  found[#found + 1] = {
    name = unquote(name), type = kind, flow_type = flow_type, language = "SQL",
    inputs = sql_inputs(body or ""), expectations = sql_expectations(head or rest),
    comment = (head or rest):match(any_case "COMMENT" .. "%s+'([^']*)'"),
    replace_where = (head or rest):upper():find "REPLACE%s+WHERE" and true or nil,
  }
end

local function sql_changes(statement, found)
  local target, source = statement:match(any_case "INTO" .. "%s+" .. NAME .. "%s+" .. FROM
    .. "%s+" .. STREAM .. "%s*%(?%s*" .. NAME)
  for _, dataset in ipairs(found) do
    if target and dataset.name == unquote(target) then
      dataset.flow_type = "CHANGE"
      dataset.inputs[#dataset.inputs + 1] = unquote(source)
    end
  end
end

--- The datasets of SQL source.
---@param text string
---@return sandbox.Dataset[]
function M.sql(text)
  local found = {}
  for statement in (strip_sql(text) .. ";"):gmatch "(.-);" do
    if statement:upper():find "^%s*APPLY%s+CHANGES" or statement:upper():find "AUTO%s+CDC" then
      sql_changes(statement, found)
    else
      sql_statement(statement, found)
    end
  end
  return found
end

local READERS <const> = {
  "%.table%(%s*[\"']([^\"']+)[\"']", "%.read%(%s*[\"']([^\"']+)[\"']",
  "%.read_stream%(%s*[\"']([^\"']+)[\"']",
}

local function python_inputs(body)
  local inputs, seen = {}, {}
  for _, reader in ipairs(READERS) do
    for name in body:gmatch(reader) do
      name = unquote(name)
      if not seen[name] then
        seen[name], inputs[#inputs + 1] = true, name
      end
    end
  end
  return inputs
end

local ACTIONS <const> = { expect = "ALLOW", expect_or_drop = "DROP", expect_or_fail = "FAIL" }

local function python_expectations(decorators)
  local list = {}
  for word, name, constraint in decorators:gmatch
    "@d[lp]t?%.(expect[%a_]*)%(%s*[\"']([^\"']+)[\"']%s*,%s*[\"'](.-)[\"']%s*%)" do
    if ACTIONS[word] then
      list[#list + 1] = { name = name, constraint = constraint, action = ACTIONS[word] }
    end
  end
  return list
end

local function python_kind(decorators, body)
  local word = decorators:match "@d[lp]t?%.(table)" or decorators:match "@d[lp]t?%.([%a_]*view)"
  if word == "materialized_view" then
    return "MATERIALIZED_VIEW", "MATERIALIZED_VIEW"
  elseif word == "table" then
    if body:find "readStream" or body:find "read_stream" then
      return "STREAMING_TABLE", "APPEND"
    end
    return "MATERIALIZED_VIEW", "MATERIALIZED_VIEW"
  elseif word then
    return "VIEW", "VIEW"
  end
end

local function python_function(decorators, name, body, found)
  local kind, flow_type = python_kind(decorators, body)
  if kind then
    found[#found + 1] = {
      name = unquote(decorators:match "name%s*=%s*[\"']([^\"']+)[\"']" or name),
      type = kind, flow_type = flow_type, language = "PYTHON", inputs = python_inputs(body),
      expectations = python_expectations(decorators),
      comment = decorators:match "comment%s*=%s*[\"']([^\"']+)[\"']",
      replace_where = decorators:find("replace_where", 1, true) and true or nil,
    }
  end
end

local function python_calls(text, found)
  for call in text:gmatch "create_streaming_table(%b())" do
    local name = call:match "name%s*=%s*[\"']([^\"']+)[\"']" or call:match "[\"']([^\"']+)[\"']"
    if name then
      found[#found + 1] = {
        name = unquote(name), type = "STREAMING_TABLE", flow_type = "APPEND", language = "PYTHON",
        inputs = {}, expectations = {},
      }
    end
  end
  for _, word in ipairs { "apply_changes", "create_auto_cdc_flow" } do
    for call in text:gmatch(word .. "(%b())") do
      local target = call:match "target%s*=%s*[\"']([^\"']+)[\"']"
      local source = call:match "source%s*=%s*[\"']([^\"']+)[\"']"
      for _, dataset in ipairs(found) do
        if target and source and dataset.name == unquote(target) then
          dataset.flow_type = "CHANGE"
          dataset.inputs[#dataset.inputs + 1] = unquote(source)
        end
      end
    end
  end
end

--- The datasets of Python source.
---@param text string
---@return sandbox.Dataset[]
function M.python(text)
  local found, decorators, name, body = {}, {}, nil, {}
  local function close()
    if name then
      python_function(table.concat(decorators, "\n"), name, table.concat(body, "\n"), found)
    end
    decorators, name, body = {}, nil, {}
  end
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    if line:find "^@" then
      if name then
        close()
      end
      decorators[#decorators + 1] = line
    elseif line:find "^def " and #decorators > 0 and not name then
      name = line:match "^def%s+([%w_]+)"
    elseif name and line:find "^%S" then
      close()
    elseif name then
      body[#body + 1] = line
    elseif #decorators > 0 and line:find "%S" then
      decorators[#decorators + 1] = line -- arguments of a decorator over several lines
    end
  end
  close()
  python_calls(text, found)
  return found
end

return M
