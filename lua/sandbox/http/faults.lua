--- Faults on demand: what a workspace, a proxy or a network may do to a client (api G.5).
--
-- A file in JSON or Lua holds a list of rules. The first rule that applies to a request decides
-- what happens to it. The request header `X-Sandbox-Fault: 429;retry_after=2` asks for a fault of
-- that request alone. sandbox.http.troubles has one function for each fault.

local fs = require "native.fs"
local json = require "native.json"
local errors = require "sandbox.http.errors"
local ids = require "sandbox.ids"
local troubles = require "sandbox.http.troubles"

local M = {}

---@class sandbox.Rule
---@field action string        a name in sandbox.http.troubles
---@field method? string       only requests with this method
---@field path? string         only requests with this path; `*` stands for any text
---@field workspace? string    only requests to this workspace (the token chooses it)
---@field nth? integer         only the nth request that fits (from 1)
---@field count? integer       at most this number of requests
---@field probability? number  only this share of requests (0 to 1); the same requests in each run
---@field ... any              options of the action

--- The reply to a request to which a rule applies.
---@param rule sandbox.Rule
---@param request table
---@param answer fun(request: table): table gives the reply without the fault
---@return table reply
function M.apply(rule, request, answer)
  return troubles[rule.action](rule, request, answer)
end

local RULE_FIELDS <const> = {
  action = "string", method = "string", path = "string", workspace = "string", nth = "number",
  count = "number", probability = "number",
}

local OPTIONS <const> = {
  latency = { ms = true }, ["429"] = { retry_after = true }, ["503"] = { retry_after = true },
  truncate = { bytes = true }, drip = { bytes = true, seconds = true },
}

-- What is wrong with a rule, or nil.
local function find_problem(rule)
  if type(rule) ~= "table" then
    return "is not a table"
  elseif not troubles[rule.action] then
    local names = {}
    for name in pairs(troubles) do
      names[#names + 1] = name
    end
    table.sort(names)
    return ("there is no action '%s'; the actions are: %s"):format(tostring(rule.action),
      table.concat(names, ", "))
  end
  for field, value in pairs(rule) do
    local kind = RULE_FIELDS[field]
    if kind and type(value) ~= kind then
      return ("'%s' must be a %s"):format(field, kind)
    elseif not kind and not (OPTIONS[rule.action] or {})[field] then
      return ("%s has no option '%s'"):format(rule.action, tostring(field))
    end
  end
end

-- A path in which `*` stands for any text, as a Lua pattern.
local function lua_pattern(text)
  return "^" .. text:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*") .. "$"
end

--- The rules in a file: JSON, or Lua that returns them; a list, or a table whose field `rules` is
-- one.
---@param path string
---@return sandbox.Rule[]
function M.read(path)
  local text = fs.read(path)
  local value
  if path:find "%.lua$" then
    local chunk, problem = load(text, "@" .. path, "t", {})
    if not chunk then
      error(problem, 0)
    end
    value = chunk()
  else
    value = json.decode(text)
  end
  value = type(value) == "table" and value.rules or value
  if type(value) ~= "table" then
    error(path .. " has no list of rules", 0)
  end
  M.check(value)
  return value
end

--- Raise an error for the first rule that is wrong; the message has its number and field.
---@param rules sandbox.Rule[]
function M.check(rules)
  for i, rule in ipairs(rules) do
    local problem = find_problem(rule)
    if problem then
      error(("fault rule %d: %s"):format(i, problem), 0)
    end
  end
end

local Faults = {}
Faults.__index = Faults

--- Rules, each with its counters.
---@param rules? sandbox.Rule[]
function M.new(rules)
  M.check(rules or {})
  local list = {}
  for i, rule in ipairs(rules or {}) do
    list[i] = { rule = rule, seen = 0, used = 0, number = i,
      pattern = rule.path and lua_pattern(rule.path) }
  end
  return setmetatable({ list = list }, Faults)
end

local function fits(entry, request, workspace)
  local rule = entry.rule
  if rule.method and rule.method ~= request.method
    or entry.pattern and not request.path:find(entry.pattern)
    or rule.workspace and rule.workspace ~= workspace then
    return false
  end
  entry.seen = entry.seen + 1
  if rule.nth and rule.nth ~= entry.seen or rule.count and entry.used >= rule.count then
    return false
  end
  local chance = ids.pick(entry.number << 32 ~ entry.seen, 1000000) / 1000000
  return not rule.probability or chance < rule.probability
end

-- A header's value, such as `429;retry_after=2`, as a rule.
local function from_header(text)
  local rule = {}
  for part in text:gmatch "[^;]+" do
    local key, value = part:match "^%s*([%w_]+)%s*=%s*(.-)%s*$"
    if key then
      rule[key] = tonumber(value) or value ~= "false" and value
    else
      rule.action = part:match "^%s*(.-)%s*$"
    end
  end
  local problem = find_problem(rule)
  if problem then
    errors.invalid("X-Sandbox-Fault: %s", problem)
  end
  return rule
end

--- The rule that applies to a request, or nil. A wrong X-Sandbox-Fault is refused with 400.
---@param request table
---@param workspace? string name of the workspace that the token chooses
---@return sandbox.Rule?
function Faults:find(request, workspace)
  local header = request.headers["x-sandbox-fault"]
  if header then
    return from_header(header)
  end
  for _, entry in ipairs(self.list) do
    if fits(entry, request, workspace) then
      entry.used = entry.used + 1
      return entry.rule
    end
  end
end

--- Give a page token that the fault `empty_page` changed its original text.
---@param request table
function M.restore(request)
  if request.query:find("empty.", 1, true) then
    request.query = request.query:gsub("page_token=empty%.", "page_token=")
  end
end

return M
