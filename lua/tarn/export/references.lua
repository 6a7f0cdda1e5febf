--- Texts that a bundle would take for references, such as `${var.region}`.
--
-- Pure. A bundle resolves references in all values, and in no key. `$${var.region}` stands for the
-- text `${var.region}` since version 1.15.0 of the Databricks CLI; older versions end with an error
-- or put in a value. Other texts with `${` are no references, and a bundle leaves them alone.

local json = require "native.json"
local specs = require "tarn.spec"

local M = {}

--- The versions of the Databricks CLI that read `$${`.
M.NEEDS_CLI = ">= 1.15.0"

-- Signs beyond ASCII that are neither letters nor digits.
local function is_symbol(code)
  return code < 0xc0 and not (code == 0xaa or code == 0xb5 or code == 0xba)
    or code == 0xd7 or code == 0xf7 or code >= 0x2000 and code <= 0x2bff
    or code >= 0x3000 and code <= 0x3004 or code >= 0x3008 and code <= 0x3020
    or code >= 0xe000 and code <= 0xf8ff or code >= 0xfe00 and code <= 0xfe6f
    or code >= 0x1f000
end
M.is_symbol = is_symbol

-- "L" for a letter, "N" for a digit, and the character itself for any other.
local function classes(text)
  if not utf8.len(text) then
    return ""
  end
  return (text:gsub(utf8.charpattern, function(character)
    if #character > 1 then
      return is_symbol(utf8.codepoint(character)) and "?" or "L"
    end
    return character:find "%a" and "L" or character:find "%d" and "N" or character
  end))
end

local function is_name(part)
  return part:find "^_*L[LN_-]*$" ~= nil and part:find "[LN]$" ~= nil
end

-- True for what stands between the braces of a reference: names with dots between them, and
-- positions in brackets behind each.
local function is_reference(inner)
  local text = classes(inner)
  while true do
    local name, rest = text:match "^([^.%[]*)(.*)$"
    while rest:find "^%[N+%]" do
      rest = rest:gsub("^%[N+%]", "")
    end
    if not is_name(name) then
      return false
    elseif rest == "" then
      return true
    elseif rest:sub(1, 1) ~= "." then
      return false
    end
    text = rest:sub(2)
  end
end

--- A text in which each reference is escaped.
---@param text string
---@return string
---@return boolean changed
function M.escape(text)
  local changed = false
  local escaped = text:gsub("%${([^{}]*)}", function(inner)
    if is_reference(inner) then
      changed = true
      return "$${" .. inner .. "}"
    end
  end)
  return escaped, changed
end

local function is_plain(value)
  return type(value) ~= "table" or getmetatable(value) ~= nil and not json.is_array(value)
end

local function copy_of(value, keys, escaped)
  if type(value) == "string" then
    local text, changed = M.escape(value)
    if changed then
      escaped[#escaped + 1] = specs.path(keys)
    end
    return text
  elseif is_plain(value) then
    return value
  end
  local is_list = json.is_array(value)
  local copy = is_list and json.array {} or {}
  for _, key in ipairs(specs.sorted_keys(value)) do
    if value[key] ~= json.null then
      keys[#keys + 1] = key
      copy[is_list and #copy + 1 or key] = copy_of(value[key], keys, escaped)
      keys[#keys] = nil
    end
  end
  return copy
end

--- A copy of settings without nulls, in which no text is a reference.
---@param settings table
---@return table
---@return string[] escaped the paths of the texts that were escaped
function M.literal(settings)
  local escaped = {}
  return copy_of(settings, {}, escaped), escaped
end

return M
