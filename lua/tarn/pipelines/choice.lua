--- The pipelines that a command is asked for: one, or many.
--
-- What was asked decides, not how many are found: one id or name is one; several words, a glob and
-- "all" are many, even if only one pipeline fits. Many are listed once.

local collections = require "base.collections"
local fault = require "base.fault"
local find = require "tarn.pipelines.find"
local glob = require "base.glob"
local listing = require "tarn.pipelines.listing"
local pool = require "base.pool"
local strings = require "base.strings"
local suggestion = require "base.suggestion"

local M = {}

---@class tarn.Choice
---@field many boolean
---@field word? string    of one: its id or name, as it was given
---@field items table[]   of many: PipelineStateInfo, or GetPipelineResponse in `found`
---@field total? integer  of many: how many pipelines the workspace has, if they were listed
---@field listed? table[] of many: all of them

---@class tarn.Asked
---@field pipeline? string|string[]
---@field all? boolean

--- The words of an argument that is a text or a list.
---@param value? string|string[]
---@return string[]
function M.words(value)
  return type(value) == "string" and { value } or value or {}
end

--- True for a text with a sign of a glob.
---@param word string
---@return boolean
function M.is_glob(word)
  return word:find "[*?]" ~= nil
end

--- True if these arguments ask for many pipelines, as far as can be told without a request: a
-- pipeline may have a name that looks like a glob.
---@param asked tarn.Asked
---@return boolean
function M.may_be_many(asked)
  local words = M.words(asked.pipeline)
  return asked.all or #words > 1 or words[1] ~= nil and M.is_glob(words[1])
end

local function check(op, asked, words)
  if asked.all and #words > 0 then
    fault.usage(op, "--all means all pipelines: it goes with no name")
  elseif not asked.all and #words == 0 then
    fault.usage(op, "PIPELINE is missing",
      "give an id, a name, several of them, a glob such as 'dev_*', or --all")
  end
  for _, word in ipairs(words) do
    if word == "" then
      fault.usage(op, "the name of a pipeline is empty")
    end
  end
end

local function by_name(items)
  local keys = {}
  for _, item in ipairs(items) do
    keys[item] = strings.fold(item.name or "")
  end
  table.sort(items, function(a, b)
    if keys[a] ~= keys[b] then
      return keys[a] < keys[b]
    end
    return a.pipeline_id < b.pipeline_id
  end)
  return items
end

-- What the user may have meant by a glob that fits no name: the same with another beginning, or a
-- name that is similar.
local function hint_for(pattern, list)
  local stem = pattern:gsub("[*?]", "")
  local limit, prefixes, names, seen = #stem // 3 + 1, {}, {}, {}
  local is_beginning = pattern == stem .. "*" and #stem > 2
  for _, item in ipairs(list) do
    local name = item.name or ""
    local prefix = name:sub(1, #stem)
    if is_beginning and #prefix == #stem and utf8.len(prefix) and not seen[prefix] then
      seen[prefix], prefixes[#prefixes + 1] = true, prefix
    end
    if math.abs(#name - #stem) <= limit or #stem > 2 and name:sub(1, #stem) == stem then
      names[#names + 1] = name
    end
  end
  local prefix = is_beginning and suggestion.find(stem, prefixes)
  return prefix and ("did you mean '%s*'?"):format(prefix) or suggestion.hint(stem, names)
    or ("`tarn list` shows all %d pipelines"):format(#list)
end

-- The pipelines whose names a glob matches.
local function matching(ws, op, list, pattern)
  local matches, found = glob.matcher(pattern), {}
  for _, item in ipairs(list) do
    found[#found + 1] = matches(item.name or "") and item or nil
  end
  if #found == 0 then
    fault.not_found(op, ("no pipeline in %s has a name that fits '%s'"):format(ws:host(), pattern),
      hint_for(pattern, list))
  end
  return found
end

local function get(ws, id)
  local found = ws.native:pipeline_get(id)
  found.name = found.name or strings.non_empty((found.spec or {}).name) or ""
  return { pipeline_id = found.pipeline_id, name = found.name, state = found.state,
    latest_updates = found.latest_updates, creator_user_name = found.creator_user_name,
    found = found }
end

-- The pipelines of a list by their ids and by their names; a name of several has the last one and
-- is in `several`.
local function index_of(list)
  local index = { by_id = {}, by_name = {}, several = {} }
  for _, item in ipairs(list) do
    local name = item.name or ""
    index.several[name] = index.by_name[name] ~= nil or nil
    index.by_id[item.pipeline_id], index.by_name[name] = item, item
  end
  return index
end

-- The pipelines of one word. A name that exists to the letter comes before the same text as a glob.
local function of_word(ws, op, list, word, opts, index)
  if opts.is_id(word) then
    return { index.by_id[word:lower()] or get(ws, word:lower()) }
  elseif index.by_name[word] and not index.several[word] then
    return { index.by_name[word] }
  elseif M.is_glob(word) and #find.exact_among(list, word) == 0 then
    return matching(ws, op, list, word), true
  end
  return { find.among(ws, list, word, opts.whole) }
end

local function list_all(ws)
  local list = {}
  for item in listing.states(ws) do
    list[#list + 1] = item
  end
  return by_name(list)
end

-- The ids that the words are, each once; nil if a word is no id.
local function find_ids(words, is_id)
  local ids = {}
  for _, word in ipairs(words) do
    if not is_id(word) then
      return nil
    end
    collections.add_once(ids, word:lower())
  end
  return ids
end

--- The pipelines that these arguments ask for. Raises a fault `usage` for wrong arguments and for a
-- name that several pipelines have, and one with the status "not found" for a name or a glob that
-- fits none: then nothing was done for the others either.
---@param ws tarn.WorkspaceClient
---@param op string for faults
---@param asked tarn.Asked
---@param opts { is_id: (fun(word: string): boolean), whole?: boolean, list?: boolean,
--- bare?: boolean } whole: the beginning of a name is not enough; list: of many, list all pipelines
--- in any case; bare: of a pipeline that is given by its id, nothing else is needed
---@return tarn.Choice
function M.choose(ws, op, asked, opts)
  local words = M.words(asked.pipeline)
  check(op, asked, words)
  if not M.may_be_many(asked) then
    return { many = false, word = words[1], items = {} }
  end
  local ids = not asked.all and not opts.list and find_ids(words, opts.is_id)
  if ids then
    return { many = true, items = pool.map(ids, function(id)
      return opts.bare and { pipeline_id = id, name = id } or get(ws, id)
    end) }
  end
  local list = list_all(ws)
  if asked.all then
    return { many = true, items = list, total = #list, listed = list }
  end
  local items, seen, was_glob, index = {}, {}, false, index_of(list)
  for _, word in ipairs(words) do
    local found, is_pattern = of_word(ws, op, list, word, opts, index)
    was_glob = was_glob or is_pattern
    for _, item in ipairs(found) do
      if not seen[item.pipeline_id] then
        seen[item.pipeline_id], items[#items + 1] = true, item
      end
    end
  end
  if #words == 1 and not was_glob then
    return { many = false, word = items[1].pipeline_id, items = {} }
  end
  return { many = true, items = items, total = #list, listed = list }
end

return M
