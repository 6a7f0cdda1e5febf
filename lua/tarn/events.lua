--- Events of pipelines: which ones, in as few pages as it takes, and what they say in a line.
--
-- What the API's own grammar can say is sent to the server (reference B.1), and looked at again
-- when the answer is there: part of the grammar is not documented, and a server that does not
-- know it either refuses it or gives more than was asked for.

local fault = require "base.fault"
local glob = require "base.glob"
local json = require "native.json"
local pages = require "base.pages"
local pool = require "base.pool"
local time = require "base.time"

local M = {}

local PAGE <const> = 250 -- the most the server gives at once (reference B.1)

-- ---- which events ----

---@class tarn.EventCriteria
---@field filter? string     for the server: all that its grammar can say
---@field documented? string the same without what is not documented
---@field matches fun(event: table): boolean
---@field is_local boolean   true if there is more than the server was told

local function words(text)
  local list = {}
  for word in text:gmatch "[^,%s]+" do
    list[#list + 1] = word
  end
  return list
end

local function quoted(text)
  return "'" .. text:gsub("'", "''") .. "'"
end

-- `name = 'a'` or `name in ('a','b')`.
local function one_of(name, list)
  if #list == 1 then
    return ("%s = %s"):format(name, quoted(list[1]))
  end
  local all = {}
  for i, word in ipairs(list) do
    all[i] = quoted(word)
  end
  return ("%s in (%s)"):format(name, table.concat(all, ","))
end

local function set_of(list)
  local set = {}
  for _, word in ipairs(list) do
    set[word] = true
  end
  return set
end

-- The names under which an event speaks of datasets: its own, its flow's, its expectations'.
local function datasets_of(event)
  local origin = event.origin or {}
  local names = { origin.dataset_name, origin.flow_name }
  local progress = type(event.details) == "table" and event.details.flow_progress
  local quality = progress and progress.data_quality
  for _, expectation in ipairs(quality and quality.expectations or {}) do
    names[#names + 1] = expectation.dataset
  end
  return names
end

-- "silver" finds main.s.silver, and "s.silver" does; a glob is for the whole name or its end.
local function dataset_matcher(pattern)
  local whole, tail = glob.matcher(pattern), glob.matcher("*." .. pattern)
  return function(event)
    for _, name in pairs(datasets_of(event)) do
      if type(name) == "string" and (whole(name) or tail(name)) then
        return true
      end
    end
    return false
  end
end

local function grep_matcher(text)
  text = text:lower()
  local function has(value)
    return type(value) == "string" and value:lower():find(text, 1, true) ~= nil
  end
  return function(event)
    if has(event.message) then
      return true
    end
    for _, exception in ipairs(M.exceptions(event)) do
      if has(exception.message) or has(exception.class_name) then
        return true
      end
    end
    return false
  end
end

local function add(criteria, test, term, is_documented)
  criteria.tests[#criteria.tests + 1] = test
  criteria.terms[#criteria.terms + 1] = term
  if is_documented then
    criteria.sure[#criteria.sure + 1] = term
  end
  criteria.is_local = criteria.is_local or not term
end

local function add_level(criteria, op, text)
  local levels = words(text:upper())
  for _, level in ipairs(levels) do
    if not level:find "^%u+$" then
      fault.usage(op, ("--level: '%s' is no level"):format(level), "INFO, WARN, ERROR, METRICS")
    end
  end
  local set = set_of(levels)
  add(criteria, function(event) return set[event.level] == true end, one_of("level", levels), true)
end

local function add_type(criteria, op, text)
  local types = words(text)
  for _, kind in ipairs(types) do
    if not kind:find "^[%w_]+$" then
      fault.usage(op, ("--type: '%s' is no type of event"):format(kind),
        "such as flow_progress, update_progress, user_action")
    end
  end
  local set = set_of(types)
  add(criteria, function(event) return set[event.event_type] == true end,
    one_of("event_type", types), false)
end

local function add_update(criteria, op, text)
  local id = text:lower()
  if not id:find "^[%x-]+$" then
    fault.usage(op, ("--update: '%s' is no id of an update"):format(text),
      "`tarn updates` lists them; the first characters are enough")
  end
  local whole = #id == 36
  add(criteria, function(event)
    local of = event.origin and event.origin.update_id
    return type(of) == "string" and of:sub(1, #id) == id
  end, whole and one_of("update_id", { id }) or nil, false)
end

local function add_time(criteria, op, ms)
  add(criteria, function(event)
    local at = M.at(event)
    return at == nil or op == ">=" and at >= ms or op == "<=" and at <= ms
  end, ("timestamp %s %s"):format(op, quoted(time.iso(ms))), true)
end

--- What is asked for, as a filter for the server and a test for each event. Lists are words with
-- commas; `since` and `until` are as for `time.since`.
---@param op string for faults
---@param wanted table level, type, update, since, until, dataset, grep: texts, or nil
---@return tarn.EventCriteria
function M.criteria(op, wanted)
  local c = { tests = {}, terms = {}, sure = {}, is_local = false }
  if wanted.since then
    c.since = time.since(op, "--since", wanted.since)
    add_time(c, ">=", c.since)
  end
  if wanted["until"] then
    local last = time.since(op, "--until", wanted["until"])
    if c.since and last < c.since then
      fault.usage(op, "--until is before --since")
    end
    add_time(c, "<=", last)
  end
  for _, option in ipairs { { "level", add_level }, { "type", add_type },
    { "update", add_update } } do
    local text = wanted[option[1]]
    if text then
      if #words(text) == 0 then
        fault.usage(op, ("--%s is empty"):format(option[1]))
      end
      option[2](c, op, text)
    end
  end
  if wanted.dataset then
    add(c, dataset_matcher(wanted.dataset))
  end
  if wanted.grep then
    add(c, grep_matcher(wanted.grep))
  end
  c.filter = #c.terms > 0 and table.concat(c.terms, " AND ") or nil
  c.documented = #c.sure > 0 and table.concat(c.sure, " AND ") or nil
  function c.matches(event)
    for _, test in ipairs(c.tests) do
      if not test(event) then
        return false
      end
    end
    return true
  end
  return c
end

-- ---- pages ----

--- The first page. Where the server refuses the part of the filter that is not documented, it
-- is asked without, and `criteria` remembers it.
---@param ws tarn.WorkspaceClient
---@param id string
---@param query table { max_results, order_by, and `extra`: terms in front of the criteria's }
---@param criteria? tarn.EventCriteria
---@return table page
function M.first_page(ws, id, query, criteria)
  local function ask(filter)
    local both = {}
    both[#both + 1] = query.extra
    both[#both + 1] = filter
    return ws.native:events(id, { max_results = query.max_results, order_by = query.order_by,
      filter = #both > 0 and table.concat(both, " AND ") or nil })
  end
  local filter = criteria and criteria.filter
  if not filter or filter == criteria.documented then
    return ask(filter)
  elseif criteria.refused then
    return ask(criteria.documented)
  end
  local page, e = fault.try(ask, filter)
  if page then
    return page
  elseif e.status ~= 400 then
    fault.raise(e)
  end
  page = ask(criteria.documented)
  criteria.refused, criteria.is_local = true, true
  return page
end

--- Lists of events, a page each; empty pages too. The next page is under way while one is
-- used, if `wants_more()` says so when the page before it has come.
---@param ws tarn.WorkspaceClient
---@param id string
---@param query table as for `first_page`
---@param criteria? tarn.EventCriteria
---@param wants_more fun(page: table[]): boolean
---@return fun(): table[]?
function M.pages(ws, id, query, criteria, wants_more)
  local next_page = function() return M.first_page(ws, id, query, criteria) end
  local function fetch(token)
    return ws.native:events(id, { page_token = token, max_results = query.max_results })
  end
  local next_token = pages.tokens "events.pages"
  return function()
    if not next_page then
      return nil
    end
    local page = next_page()
    local list = pages.list(page, "events", "events.pages")
    next_page = nil
    local token = next_token(page)
    if token and wants_more(list) then
      next_page = pool.begin(fetch, token)
    end
    return list
  end
end

--- Events of one pipeline, newest first; at most `max`, in as few calls as that takes.
---@param ws tarn.WorkspaceClient
---@param id string
---@param opts? { max?: integer, criteria?: tarn.EventCriteria, order_by?: string }
---@return fun(): table?
function M.list(ws, id, opts)
  opts = opts or {}
  local criteria, max = opts.criteria, opts.max or math.huge
  local found, at, given = {}, 0, 0
  -- What only we can tell apart may be rare: then whole pages.
  local size = criteria and criteria.is_local and PAGE or math.min(max, PAGE)
  local kept -- the page of `found`: it is asked about once more when it is used
  local function keep(list)
    if list ~= kept then
      kept, found, at = list, criteria and {} or list, 0
      for _, event in ipairs(criteria and list or {}) do
        if criteria.matches(event) then
          found[#found + 1] = event
        end
      end
    end
    return given + #found < max
  end
  local page = M.pages(ws, id, { max_results = size, order_by = opts.order_by }, criteria, keep)
  return function()
    while at >= #found do
      local list = given < max and page()
      if not list then
        return nil
      end
      keep(list)
    end
    if given >= max then
      return nil
    end
    at, given = at + 1, given + 1
    return found[at]
  end
end

--- Several sources of events, each newest first, as one.
---@param sources (fun(): table?)[]
---@return fun(): table?
function M.merge(sources)
  local heads
  return function()
    heads = heads or pool.map(sources, function(source) return source() or false end,
      { limit = 16 })
    local best
    for i, event in ipairs(heads) do
      if event and (not best or (event.timestamp or "") > (heads[best].timestamp or "")) then
        best = i
      end
    end
    if not best then
      return nil
    end
    local event = heads[best]
    heads[best] = sources[best]() or false
    return event
  end
end

--- All of them, as a list that is one in JSON too when it is empty.
---@param source fun(): table?
---@return table[]
function M.collect(source)
  local list = json.array {}
  for event in source do
    list[#list + 1] = event
  end
  return list
end

-- ---- one event ----

--- When it happened, in ms since 1970; nil if it does not say.
---@param event table
---@return integer?
function M.at(event)
  return type(event.timestamp) == "string" and time.find_iso(event.timestamp) or nil
end

--- Its exceptions, from the outermost to the cause.
---@param event table
---@return { class_name?: string, message?: string }[]
function M.exceptions(event)
  local e = event.error
  return type(e) == "table" and type(e.exceptions) == "table" and e.exceptions or {}
end

-- The fields that the API documents; whatever else comes is kept too, but not in CSV.
M.fields = { "timestamp", "level", "event_type", "message", "id", "maturity_level",
  "pipeline_id", "pipeline_name", "details", "error", "origin", "sequence", "truncation" }

--- An event as commands and the HTTP API give it: all that came, and whose it is.
---@param event table
---@param pipeline_id string
---@param known_only? boolean leave out what `fields` does not name
---@return table
function M.row(event, pipeline_id, known_only)
  local origin = type(event.origin) == "table" and event.origin or {}
  local row = {}
  if known_only then
    for _, name in ipairs(M.fields) do
      row[name] = event[name]
    end
  else
    for name, value in pairs(event) do
      row[name] = value
    end
  end
  row.maturity_level = event.maturity_level or json.null
  row.pipeline_id = pipeline_id
  row.pipeline_name = origin.pipeline_name
  return row
end

local function counts(event)
  local progress = type(event.details) == "table" and event.details.flow_progress
  if type(progress) ~= "table" then
    return ""
  end
  local parts, metrics = {}, progress.metrics or {}
  local rows = metrics.num_output_rows or metrics.num_upserted_rows
  if rows then
    parts[#parts + 1] = rows .. " rows"
  end
  if (metrics.backlog_files or 0) > 0 then
    parts[#parts + 1] = metrics.backlog_files .. " files wait"
  end
  local quality, failed = progress.data_quality or {}, 0
  for _, expectation in ipairs(quality.expectations or {}) do
    failed = failed + (expectation.failed_records or 0)
  end
  if failed > 0 then
    parts[#parts + 1] = failed .. " failed expectations"
  end
  if (quality.dropped_records or 0) > 0 then
    parts[#parts + 1] = quality.dropped_records .. " dropped"
  end
  return #parts > 0 and " (" .. table.concat(parts, ", ") .. ")" or ""
end

--- An event as lines of a log: what happened, and below it the exceptions without repeats.
---@param event table
---@param screen tarn.Screen
---@param with_name? boolean
function M.show(event, screen, with_name)
  local level = tostring(event.level or "")
  local head = { tostring(screen:time(event.timestamp or "")),
    screen:style(screen:mood(level), screen:pad(level, 7)) }
  if with_name then
    head[#head + 1] = screen:style("bold", "[" .. screen:clean(tostring(event.pipeline_name
      or event.pipeline_id)) .. "]")
  end
  screen:line(table.concat(head, "  "), "  ",
    screen:clean(tostring(event.message or event.event_type or "")), counts(event))
  local seen = {}
  for _, exception in ipairs(M.exceptions(event)) do
    local class = tostring(exception.class_name or ""):match "[^.]*$"
    local message = tostring(exception.message or ""):match "^[^\n]*"
    if not seen[message] then
      seen[message] = true
      screen:line("    ", screen:style("red", screen:clean(class .. ": " .. message)))
    end
  end
end

return M
