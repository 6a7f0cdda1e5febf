--- What an update refreshes, as text: its selections, also those that Tarn does not know.
--
-- Pure. The API adds ways to select, so a field that is not known and that selects something is
-- shown by its name: an update is "all" only if nothing says otherwise.

local json = require "native.json"

local M = {}

-- Fields of an update that select nothing: those of the API, and those that rows have beside them.
local OTHERS <const> = {}
for name in ([[ cause cluster_id config creation_time mode parameters pipeline_id state update_id
  name end_time duration_ms phases error causes cancellation_cause request_id attempt attempts
  source what ]]):gmatch "%S+" do
  OTHERS[name] = true
end

-- The known selections in the order in which they are shown, and the word in front of each.
local KNOWN <const> = {
  { "refresh_selection", "" }, { "refresh_selection_by_path", "" },
  { "full_refresh_selection", "full: " }, { "full_refresh_selection_by_path", "full: " },
  { "reset_checkpoint_selection", "reset: " },
}

local function is_set(value)
  if type(value) == "table" then
    return next(value) ~= nil
  end
  return value ~= nil and value ~= false and value ~= "" and value ~= json.null
end

local function list_text(value)
  if type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for i, item in ipairs(value) do
    parts[i] = type(item) == "table" and json.encode(item) or tostring(item)
  end
  return #parts > 0 and table.concat(parts, ",") or json.encode(value)
end

local function add_predicates(parts, overrides)
  for _, one in ipairs(type(overrides) == "table" and overrides or {}) do
    parts[#parts + 1] = type(one) == "table" and ("%s where %s"):format(
      tostring(one.flow_name), tostring(one.predicate_override)) or tostring(one)
  end
end

local function add_rewind(parts, rewind)
  if type(rewind) ~= "table" or next(rewind) == nil then
    return
  end
  local names = {}
  for i, one in ipairs(type(rewind.datasets) == "table" and rewind.datasets or {}) do
    names[i] = tostring(type(one) == "table" and one.identifier or one)
  end
  parts[#parts + 1] = ("rewind to %s%s"):format(tostring(rewind.rewind_timestamp),
    #names > 0 and ": " .. table.concat(names, ",") or "")
end

local WORDS <const> = { "refresh", "select", "reset", "rewind", "replace", "override" }

-- True for a field that is not known and selects something, as far as its name and value tell.
local function may_select(name, value)
  if type(value) == "table" then
    return true
  end
  for _, word in ipairs(WORDS) do
    if name:find(word, 1, true) then
      return true
    end
  end
  return false
end

local SPECIAL <const> = { full_refresh = true, validate_only = true, development = true,
  replace_where_overrides = true, rewind_spec = true }

local function add_unknown(parts, update)
  local names, known = {}, {}
  for _, entry in ipairs(KNOWN) do
    known[entry[1]] = true
  end
  for name, value in pairs(update) do
    if not (known[name] or OTHERS[name] or SPECIAL[name]) and is_set(value)
      and may_select(name, value) then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    parts[#parts + 1] = update[name] == true and name
      or ("%s: %s"):format(name, list_text(update[name]))
  end
end

--- What an update refreshes: "all", or its selections.
---@param update table as the API gives it, or a row of tarn.updates
---@return string
function M.text(update)
  local parts = {}
  parts[1] = update.validate_only == true and "validate"
    or update.full_refresh == true and "full refresh" or nil
  for _, entry in ipairs(KNOWN) do
    local value = update[entry[1]]
    if is_set(value) then
      parts[#parts + 1] = entry[2] .. list_text(value)
    end
  end
  add_predicates(parts, update.replace_where_overrides)
  add_rewind(parts, update.rewind_spec)
  add_unknown(parts, update)
  if #parts == 0 then
    parts[1] = "all"
  end
  if update.development == true then
    parts[#parts + 1] = "development mode"
  end
  return table.concat(parts, "; ")
end

return M
