--- Candidates for a setting PATH=VALUE, for completion: fields as far as the next name or position,
-- and values behind "=". Pure.

local export = require "tarn.export"
local fault = require "base.fault"
local spec = require "tarn.spec"

local M = {}

local BOOLEANS <const> = { continuous = true, development = true, photon = true,
  serverless = true, allow_duplicate_names = true }
local WORDS <const> = { channel = { "CURRENT", "PREVIEW" },
  edition = { "ADVANCED", "CORE", "PRO" } }

local function add(words, word, what)
  words[#words + 1] = { word, what or "" }
end

-- ---- values ----

local function add_values(words, kept, path, catalogs)
  local seen, before = {}, path .. "="
  local function value(text, what)
    if not seen[text] then
      seen[text] = true
      add(words, before .. text, what)
    end
  end
  for _, row in ipairs(kept) do
    if row[1] == path and row[2] ~= "" then
      value(row[2], "as it is")
      if row[2] == "true" or row[2] == "false" then
        value(row[2] == "true" and "false" or "true")
      end
    end
  end
  for _, text in ipairs(BOOLEANS[path] and { "true", "false" } or WORDS[path] or {}) do
    value(text)
  end
  for _, name in ipairs(path == "catalog" and catalogs() or {}) do
    value(name[1], name[2])
  end
end

-- ---- fields ----

-- The text before the last name that is typed, and its keys; nil if it is no path.
local function split(typed)
  local before = typed:match "^(.*[.%]])[^.%]]*$" or ""
  local path = before:gsub("%.$", "")
  local keys = path ~= "" and fault.try(spec.parse, path) or {}
  return before, keys, path
end

-- What stands behind the name of a field: "=", or what leads to its fields.
local function ending(schema)
  if schema.list then
    return schema.kind == "value" and "[0]=" or "[0]."
  end
  return schema.kind == "value" and "=" or "."
end

-- The part of a path that is set, up to its next name or position.
local function next_part(path, before)
  local rest = path:sub(#before + 1)
  local head = rest:match "^[^.%[]*"
  local position = rest:match("^%[%d+%]", #head + 1) or ""
  local more = rest:sub(#head + #position + 1)
  return before .. head .. position .. (more == "" and "=" or more:sub(1, 1) == "." and "." or "")
end

local function add_fields(words, kept, typed)
  local before, keys, path = split(typed)
  local seen = {}
  local function field(word, what)
    if not seen[word] then
      seen[word] = true
      add(words, word, what)
    end
  end
  for _, row in ipairs(kept) do
    if row[1]:sub(1, #before) == before then
      -- the keys of a map may have dots
      local word = spec.is_in_map { keys[#keys], "" } and row[1] .. "=" or next_part(row[1], before)
      field(word, word:sub(-1) == "=" and row[2] or "set")
    end
  end
  local schemas = export.fields_below(keys)
  for _, name in ipairs(spec.sorted_keys(schemas, #keys == 0)) do
    if path == "" or before:sub(-1) == "." then
      field(before .. name .. ending(schemas[name]), "not set")
    end
  end
end

--- Add the candidates.
---@param words tarn.Name[] gets them
---@param kept tarn.Name[] the paths of the fields that are set, with their values
---@param typed string what has been typed
---@param catalogs fun(): tarn.Name[] the catalogs of the workspace
function M.add(words, kept, typed, catalogs)
  local path = typed:match "^(.-)="
  if path then
    add_values(words, kept, path, catalogs)
  else
    add_fields(words, kept, typed)
  end
end

return M
