--- Combine many messages into one. Pure but for the clock.

local json = require "native.json"
local time = require "base.time"

local M = {}

local NAMED <const> = 10 -- names in the text

--- The group of a message: its rule and workspace. Messages of a group may be combined; nil means
-- that the message is sent alone.
---@param note table
---@return string?
function M.group(note)
  if type(note.rule) == "string" and type(note.workspace) == "string" then
    return note.rule .. "\0" .. note.workspace
  end
end

-- Chat programs use <...> and & as markup, and a name may contain them.
local function escaped(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

--- The line for chat programs.
---@param note table
---@return string
function M.text(note)
  return escaped(("%s%s: %s"):format(type(note.profile) == "string" and "[" .. note.profile .. "] "
    or "", note.subject, note.message))
end

-- The first names, each once, and the number of others.
local function names_of(notes)
  local names, known, n = {}, {}, 0
  for _, note in ipairs(notes) do
    if not known[note.subject] then
      known[note.subject], n = true, n + 1
      names[#names + 1] = n <= NAMED and note.subject or nil
    end
  end
  return table.concat(names, ", ") .. (n > NAMED and (" and %d more"):format(n - NAMED) or "")
end

--- Combine messages of one group.
---@param notes table[]
---@return table note with `count` and `messages`, which has the own fields of each message
function M.of(notes)
  local first, list = notes[1], json.array {}
  for i, note in ipairs(notes) do
    list[i] = { key = note.key, pipeline_id = note.pipeline_id, message = note.message,
      pipeline_name = note.pipeline_name, update_id = note.update_id, link = note.link }
  end
  local whole = { version = 1, at = time.iso(time.now()), kind = first.kind, rule = first.rule,
    workspace = first.workspace, profile = first.profile, key = "digest|" .. first.key,
    subject = first.rule, count = #notes, messages = list,
    message = ("%d at once: %s"):format(#notes, names_of(notes)) }
  whole.text = M.text(whole)
  return whole
end

return M
