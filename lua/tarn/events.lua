--- Read and filter the events of pipelines.
--
--     local events = require "tarn.events"
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     local criteria = events.criteria("my script", { level = "warn,error", since = "30d" })
--     for event in events.list(ws, found.pipeline_id, { criteria = criteria, max = 5 }) do
--       print(event.timestamp, event.level, event.message)
--     end
--
-- The terms of a filter that the API's grammar has are sent to the server, and each event is tested
-- again when it comes: a part of the grammar is not documented, and a server that does not know it
-- refuses the filter or returns more events.

local fault = require "base.fault"
local fields = require "tarn.events.fields"
local json = require "native.json"
local pages = require "base.pages"
local pool = require "base.pool"
local size = require "tarn.events.size"

local M = {}

--- The most events that a workspace returns at once; a query may always ask for so many.
M.PAGE = size.MOST

---@class tarn.EventCriteria
---@field filter? string     the terms that the server's grammar has
---@field documented? string the terms that are documented
---@field matches fun(event: table): boolean
---@field is_local boolean   true if only `matches` tests some of the terms

--- Criteria for events: a filter for the server and a test for each event. Raises a fault of kind
-- `usage` for a value that is wrong.
---@param op string for faults
---@param wanted table level, type, update, since, until, dataset, grep: texts or nil; `level` and
--- `type` are lists with commas, `since` and `until` are as for `tarn.time.since`
---@return tarn.EventCriteria
function M.criteria(op, wanted)
  return require("tarn.events.criteria").new(op, wanted)
end

-- ---- pages ----

--- One page of events. A workspace that refuses so many events gets the request again with fewer.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param query table max_results, filter, order_by, page_token
---@return table page
function M.page(ws, id, query)
  return size.ask(ws, id, query)
end

--- The first page of events. If the server refuses the terms that are not documented, it is asked
-- without them, and `criteria` remembers that.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param query table { max_results, order_by, extra }; `extra` is a term before the criteria
---@param criteria? tarn.EventCriteria
---@return table page
function M.first_page(ws, id, query, criteria)
  local function ask(filter)
    local both = {}
    both[#both + 1] = query.extra
    both[#both + 1] = filter
    return M.page(ws, id, { max_results = query.max_results, order_by = query.order_by,
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

-- A function that returns a page without the events of the two pages before it: new events move
-- older ones to the next page. Older pages are forgotten, since a log may be long.
local function without_repeats()
  local before, last = {}, {}
  return function(list)
    local kept, here = json.array {}, {}
    for _, event in ipairs(list) do
      local id = event.id
      if id == nil or not (here[id] or last[id] or before[id]) then
        kept[#kept + 1] = event
      end
      here[id or event] = true
    end
    before, last = last, here
    return kept
  end
end

--- An iterator over pages: lists of events, which may be empty. The next page is fetched while the
-- caller uses one. An event that comes again in the next pages is left out.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param query table as for `first_page`
---@param criteria? tarn.EventCriteria
---@param wants_more fun(page: table[]): boolean whether the page after this one is wanted
---@return fun(): table[]?
function M.pages(ws, id, query, criteria, wants_more)
  local next_page = function() return M.first_page(ws, id, query, criteria) end
  local function fetch(token)
    return M.page(ws, id, { page_token = token, max_results = query.max_results })
  end
  local next_token, new_events = pages.tokens "events.pages", without_repeats()
  return function()
    if not next_page then
      return nil
    end
    local page = next_page()
    local list = new_events(pages.list(page, "events", "events.pages"))
    next_page = nil
    local token = next_token(page)
    if token and wants_more(list) then
      next_page = pool.begin(fetch, token)
    end
    return list
  end
end

--- An iterator over events of one pipeline, newest first, with as few calls as possible.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param opts? { max?: integer, criteria?: tarn.EventCriteria, order_by?: string, page?: integer }
--- `page`: the most events of a page, where few may be enough
---@return fun(): table?
function M.list(ws, id, opts)
  opts = opts or {}
  local criteria, max = opts.criteria, opts.max or math.huge
  local found, at, given = {}, 0, 0
  -- Events that only a local test finds may be rare, so whole pages are read.
  local most = math.min(opts.page or M.PAGE, M.PAGE)
  local wanted = criteria and criteria.is_local and most or math.min(max, most)
  local kept -- the page that `found` comes from: `keep` is called twice for it
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
  local page = M.pages(ws, id, { max_results = wanted, order_by = opts.order_by }, criteria, keep)
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

--- Merge several iterators over events, each newest first, into one.
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

--- All events of an iterator as a list; an empty list is `[]` in JSON too.
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

--- The timestamp of an event; nil if it has none.
---@param event table
---@return integer? ms
function M.at(event)
  return fields.at(event)
end

--- The exceptions of an event, from the outermost to the cause.
---@param event table
---@return { class_name?: string, message?: string }[]
function M.exceptions(event)
  return fields.exceptions(event)
end

--- The fields that the API documents. Others are kept too, except in CSV.
M.fields = { "timestamp", "level", "event_type", "message", "id", "maturity_level",
  "pipeline_id", "pipeline_name", "details", "error", "origin", "sequence", "truncation" }

--- An event as commands and the HTTP API return it: all its fields, and those of its pipeline.
---@param event table
---@param pipeline_id string
---@param known_only? boolean only the fields that `fields` names
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

--- Print an event as lines of a log: its message, and below it its exceptions without repeats.
---@param event table
---@param screen tarn.Screen
---@param with_name? boolean
function M.show(event, screen, with_name)
  require("tarn.events.show")(event, screen, with_name)
end

return M
