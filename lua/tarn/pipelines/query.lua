--- The pipelines of a workspace that fit criteria: what `tarn list` lists.
--
-- The server's filter is used where it can be: it knows names, with their case, and the paths of
-- notebooks, one of both at a time. State, health and creator are in the list itself. Catalog and
-- tags are in the settings of a pipeline, which need a call for each.

local dashboard = require "tarn.dashboard"
local fault = require "base.fault"
local glob = require "base.glob"
local json = require "native.json"
local listing = require "tarn.pipelines.listing"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local spec = require "tarn.spec"
local strings = require "base.strings"

local M = {}

local AT_ONCE <const> = 64 -- settings that are read at once

--- The fields of a row that only the settings have.
M.SETTINGS = { "catalog", "schema", "tags" }

---@class tarn.PipelineCriteria globs, if nothing else is said
---@field name? string
---@field state? string     of the API, or a word of the dashboard
---@field health? string    "healthy", "unhealthy" or "unknown"
---@field creator? string
---@field catalog? string
---@field tags? string[]    each is KEY or KEY=VALUE
---@field notebook? string
---@field case? boolean     true: upper and lower case differ
---@field max? integer      the most pipelines to find, in the order of their names
---@field settings? boolean true: rows have the fields `SETTINGS` in any case
---@field progress? fun(done: integer) is told how many settings have been read
---@field unread? fun(row: tarn.PipelineRow, e: tarn.Fault) is told of each pipeline whose settings
--- cannot be read, so that it is unknown whether the pipeline fits

-- ---- what the list knows ----

-- A test for a field, which may be missing. Without a pattern, all values pass.
local function matcher(pattern, case)
  if not pattern then
    return function() return true end
  end
  local matches = glob.matcher(pattern, case)
  return function(value)
    return type(value) == "string" and matches(value)
  end
end

local function row_matcher(wanted)
  local by_name = matcher(wanted.name, wanted.case)
  local by_creator = matcher(wanted.creator, wanted.case)
  local by_state = matcher(wanted.state)
  local health = wanted.health and wanted.health:upper()
  return function(row)
    return by_name(row.name) and by_creator(row.creator)
      and (not wanted.state or by_state(row.state) or by_state(dashboard.status(row)))
      and (not health or health == (row.health == json.null and "UNKNOWN" or row.health))
  end
end

-- ---- what the server's filter knows ----

-- True for a name that the server's LIKE finds, perhaps with others: quotes, backslashes, letters
-- that can be written in two ways, and blanks at the ends are read differently.
local function is_of_like(name)
  return not name:find "['\\\x80-\xff]" and not name:find "^%s" and not name:find "%s$"
end

-- The paths of a notebook, as a pipeline may have them: with and without /Workspace.
local function notebook_filters(path)
  local short = path:gsub("^/Workspace/", "/")
  return { ("notebook='%s'"):format(short), ("notebook='/Workspace%s'"):format(short) }
end

-- The server's filter finds notebooks by their whole paths only, and no files.
local function is_of_filter(path)
  return not path:find "[*?'\\]" and not path:find "%.%l+$" and path:sub(1, 1) == "/"
end

-- The filters whose pipelines, taken together, are those to look at, and whether they are all that
-- the criteria ask for. Without a filter: all pipelines.
local function filters_of(wanted)
  local others = wanted.state or wanted.health or wanted.creator or wanted.catalog or wanted.tags
  if wanted.notebook and is_of_filter(wanted.notebook) then
    return notebook_filters(wanted.notebook), false
  elseif wanted.name and wanted.case and is_of_like(wanted.name) then
    local like = wanted.name:gsub("%*+", "%%"):gsub("%?", "_")
    return { ("name LIKE '%s'"):format(like) }, not others and not wanted.notebook
      and not wanted.name:find "[%%_]" -- which are wildcards to the server
  end
  return { false }, not others and not wanted.name and not wanted.notebook
end

-- ---- what the settings know ----

local function tag_matchers(wanted)
  local list = {}
  for i, text in ipairs(wanted.tags or {}) do
    local key, value = text:match "^(.-)=(.*)$"
    list[i] = { key = glob.matcher(key or text, wanted.case),
      value = glob.matcher(value or "*", wanted.case) }
  end
  return list
end

local function has_tag(tags, tag)
  for key, value in pairs(tags) do
    if tag.key(key) and tag.value(tostring(value)) then
      return true
    end
  end
  return false
end

-- The paths of a pipeline's code: of notebooks, files and folders, without /Workspace.
local function code_paths(settings)
  local list = {}
  for _, library in ipairs(settings.libraries or {}) do
    for _, kind in ipairs { "notebook", "file" } do
      list[#list + 1] = type(library[kind]) == "table" and library[kind].path or nil
    end
    local folder = type(library.glob) == "table" and library.glob.include
    list[#list + 1] = type(folder) == "string" and folder:gsub("/%*%*$", "") or nil
  end
  for i, path in ipairs(list) do
    list[i] = path:gsub("^/Workspace/", "/")
  end
  return list
end

local function settings_matcher(wanted)
  local by_catalog, tags = matcher(wanted.catalog, wanted.case), tag_matchers(wanted)
  local path = wanted.notebook and not is_of_filter(wanted.notebook)
    and wanted.notebook:gsub("^/Workspace/", "/")
  local by_path = path and glob.matcher(path, true)
  return function(row, settings)
    local in_hive = row.catalog == json.null and row.schema ~= json.null
    local fits = by_catalog(in_hive and "hive_metastore" or row.catalog)
    for _, tag in ipairs(tags) do
      fits = fits and has_tag(row.tags, tag)
    end
    local found = not by_path
    for _, one in ipairs(by_path and fits and code_paths(settings) or {}) do
      found = found or by_path(one)
    end
    return fits and found
  end
end

local function add_settings(row, settings)
  row.catalog = strings.non_empty(settings.catalog) or json.null
  row.schema = strings.non_empty(settings.schema) or strings.non_empty(settings.target)
    or json.null
  row.tags = type(settings.tags) == "table" and settings.tags or {}
end

-- ---- reading ----

-- The pipelines of one filter after another, each once. A workspace that refuses the order is asked
-- without it.
local function candidates(ws, wanted)
  local filters, exact = filters_of(wanted)
  local at, next_item, seen = 0, nil, {}
  local function open(order_by)
    return listing.states(ws, { filter = filters[at] or nil, order_by = order_by,
      max = exact and wanted.max or nil, ahead = not wanted.max })
  end
  local function first()
    if not wanted.max then
      next_item = open()
      return next_item()
    end
    next_item = open "name"
    local item, e = fault.try(next_item)
    if e and e.status ~= 400 then
      fault.raise(e)
    elseif e then
      next_item = open()
      return next_item()
    end
    return item
  end
  return function()
    while filters[at] ~= nil or at == 0 do
      local item
      if next_item then
        item = next_item()
      else
        at = at + 1
        item = filters[at] ~= nil and first() or nil
      end
      if not item then
        next_item = nil
      elseif not seen[item.pipeline_id] then
        seen[item.pipeline_id] = #filters > 1
        return item
      end
    end
  end
end

local function fitting_rows(ws, wanted)
  local next_item, fits = candidates(ws, wanted), row_matcher(wanted)
  return function()
    for item in next_item do
      local row = pipelines.row(item)
      if fits(row) then
        return row
      end
    end
  end
end

-- The row with its settings; false if it does not fit, is gone, or cannot be read.
local function read_settings(ws, row, fits, unread)
  local found, e = fault.try(ws.native.pipeline_get, ws.native, row.pipeline_id)
  if not found then
    if e.kind == "cancelled" or not unread and e.status ~= 404 then
      fault.raise(e)
    elseif e.status ~= 404 then
      unread(row, e)
    end
    return false
  end
  local settings = spec.without_nulls(found.spec or {})
  add_settings(row, settings)
  return fits(row, settings) and row
end

-- At most `max` of the rows; `false` is no row.
local function at_most(max, next_row, state, first, closing)
  local given = 0
  return function()
    while not max or given < max do
      local row = next_row(state, first)
      if row == nil then
        return nil
      elseif row then
        given = given + 1
        return row
      end
    end
  end, nil, nil, closing
end

--- True if the criteria need the settings of each pipeline that fits them otherwise.
---@param wanted tarn.PipelineCriteria
---@return boolean
function M.needs_settings(wanted)
  return wanted.settings or wanted.catalog ~= nil or wanted.tags ~= nil
    or wanted.notebook ~= nil and not is_of_filter(wanted.notebook) or false
end

--- The pipelines that fit, as rows. With `max`, no more pages are read than needed; without it,
-- they come in the order of the workspace.
---@param ws tarn.WorkspaceClient
---@param wanted tarn.PipelineCriteria
---@return fun(): tarn.PipelineRow? next, nil, nil, any closing
function M.rows(ws, wanted)
  local rows = fitting_rows(ws, wanted)
  if not M.needs_settings(wanted) then
    return at_most(wanted.max, rows)
  end
  local fits, done = settings_matcher(wanted), 0
  local limit = wanted.max and math.min(AT_ONCE, wanted.max) or AT_ONCE
  return at_most(wanted.max, pool.stream(rows, function(row)
    local read = read_settings(ws, row, fits, wanted.unread)
    done = done + 1
    if wanted.progress then
      wanted.progress(done)
    end
    return read
  end, { limit = limit }))
end

return M
