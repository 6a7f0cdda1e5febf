--- The pipelines that a name stands for.
--
-- The first look asks the server for names that begin with the text. Its LIKE has `%`, `_` and
-- perhaps `\` as signs of its own, it may not undouble an apostrophe, and it compares letters by
-- their bytes. So where a name has signs that may go wrong, or nothing was found, a second look
-- lists all pipelines and compares the names here.

local fault = require "base.fault"
local listing = require "tarn.pipelines.listing"
local strings = require "base.strings"
local text = require "native.text"

local M = {}

local SHOWN <const> = 5 -- candidates in a message

--- The pipelines whose names begin with these bytes, by the server's filter.
---@param ws tarn.WorkspaceClient
---@param prefix string
---@return table[] PipelineStateInfo
function M.starting_with(ws, prefix)
  local found = {}
  local filter = ("name LIKE '%s%%'"):format((prefix:gsub("'", "''")))
  for item in listing.states(ws, { filter = filter }) do
    -- '%' and '_' in a name are wildcards for the server
    if (item.name or ""):sub(1, #prefix) == prefix then
      found[#found + 1] = item
    end
  end
  return found
end

-- ---- the second look ----

-- True if the server's filter may miss the name: signs with a meaning in LIKE or in a literal,
-- blanks at the ends, which some servers cut off, and letters that can be written in two ways.
local function is_doubtful(name)
  return name:find "['\\%%\x80-\xff]" ~= nil or name:find "^%s" ~= nil or name:find "%s$" ~= nil
end

local function trimmed(name)
  return name:match "^%s*(.-)%s*$"
end

-- How two names are the same, the strictest way first: in their bytes, in Unicode's composed form,
-- and without blanks at their ends.
local SAME <const> = {
  function(name) return name end,
  function(name) return text.composed(name) end,
  function(name) return trimmed(text.composed(name)) end,
}

-- Among all pipelines, those of exactly this name, by the strictest way that finds any, and those
-- whose names contain it, ignoring case.
local function look_among(next_item, name)
  local exact, similar = { {}, {}, {} }, {}
  local part = strings.fold(trimmed(text.composed(name)))
  for item in next_item do
    local other = item.name or ""
    for i, form in ipairs(SAME) do
      if form(other) == form(name) then
        table.insert(exact[i], item)
        break
      end
    end
    if strings.fold(text.composed(other)):find(part, 1, true) then
      similar[#similar + 1] = item
    end
  end
  for _, found in ipairs(exact) do
    if #found > 0 then
      return found, similar
    end
  end
  return {}, similar
end

local function look_again(ws, name)
  return look_among(listing.states(ws), name)
end

local function same_bytes(items, name)
  local list = {}
  for _, item in ipairs(items) do
    list[#list + 1] = item.name == name and item or nil
  end
  return list
end

--- The ids of the pipelines that have exactly this name, in its bytes. There may be several.
---@param ws tarn.WorkspaceClient
---@param name string
---@return string[]
function M.ids_of(ws, name)
  local found = same_bytes(M.starting_with(ws, name), name)
  if #found == 0 and is_doubtful(name) then
    found = same_bytes(look_again(ws, name), name)
  end
  local ids = {}
  for i, item in ipairs(found) do
    ids[i] = item.pipeline_id
  end
  return ids
end

-- ---- words ----

--- What tells pipelines of one name apart: who made it, and its newest run.
---@param item table PipelineStateInfo
---@return string
function M.about(item)
  local newest = (item.latest_updates or {})[1]
  local run = newest and newest.state and ("%s%s"):format(newest.state,
    newest.creation_time and " " .. newest.creation_time or "") or "never run"
  return ("by %s, %s"):format(item.creator_user_name or "an unknown user", run)
end

local function candidates(items, with_more)
  local lines = {}
  for i, item in ipairs(items) do
    if i > SHOWN then
      lines[i] = ("and %d more"):format(#items - SHOWN)
      break
    end
    lines[i] = ("%s (%s%s)"):format(item.name, item.pipeline_id,
      with_more and ", " .. M.about(item) or "")
  end
  return table.concat(lines, ", ")
end

local function not_found(ws, name, similar)
  fault.raise {
    kind = "http", op = "pipelines.find", status = 404, code = "RESOURCE_DOES_NOT_EXIST",
    retryable = false,
    message = ("no pipeline is named '%s' in %s"):format(name, ws:host()),
    hint = #similar > 0 and "did you mean " .. candidates(similar)
      or "`tarn list` shows all pipelines",
  }
end

local function ambiguous(name, found)
  local one_name = true
  for _, item in ipairs(found) do
    one_name = one_name and item.name == found[1].name
  end
  fault.raise {
    kind = "usage", op = "pipelines.find", retryable = false,
    message = ("'%s' may be any of %s"):format(name, candidates(found, one_name)),
    hint = one_name and "give the id, since they have the same name"
      or "give more of the name, or the id",
  }
end

--- The id of the pipeline that a name, or the unique beginning of one, stands for. Raises a fault
-- if there is none (status 404) or more than one (kind `usage`, with the candidates).
---@param ws tarn.WorkspaceClient
---@param name string
---@return string
function M.id(ws, name)
  local found = M.starting_with(ws, name)
  local choice, similar = same_bytes(found, name), {}
  if #choice == 0 and (#found == 0 or is_doubtful(name)) then
    choice, similar = look_again(ws, name)
  end
  choice = #choice > 0 and choice or found
  if #choice == 0 then
    not_found(ws, name, similar)
  elseif #choice > 1 then
    ambiguous(name, choice)
  end
  return choice[1].pipeline_id
end

local function each(list)
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

--- The pipelines of a list that have exactly this name, by the strictest way that finds any.
---@param list table[] PipelineStateInfo, all pipelines of the workspace
---@param name string
---@return table[]
function M.exact_among(list, name)
  return (look_among(each(list), name))
end

--- As `id`, among all pipelines of the workspace, which the caller has listed.
---@param ws tarn.WorkspaceClient
---@param list table[] PipelineStateInfo
---@param name string
---@param whole? boolean true: the beginning of a name is not enough
---@return table PipelineStateInfo
function M.among(ws, list, name, whole)
  local choice, similar = look_among(each(list), name)
  if #choice == 0 and not whole then
    for _, item in ipairs(list) do
      choice[#choice + 1] = (item.name or ""):sub(1, #name) == name and item or nil
    end
  end
  if #choice == 0 then
    not_found(ws, name, similar)
  elseif #choice > 1 then
    ambiguous(name, choice)
  end
  return choice[1]
end

return M
