--- What is known about the values of Python code that is read and not run. Pure.
--
-- A value is a table with its kind `k`:
--   text      parts: strings, and holes { hole = value } for what is not known
--   number    v                 bool      v                 none
--   list      items, kind "list"|"tuple"|"set", open: there may be more items
--   dict      entries { key, value }, open
--   func      of a `def` or a lambda       class, object   of the code itself
--   method    of, name: an attribute that is to be called
--   builtin   name                         import          path: from another file
--   module, word, decorator                of the pipelines module
--   session, conf, reader, frame           of Spark
--   any       options: one of several values, such as after an `if`
--   unknown   why: a phrase for the reason

local M = {}

local MOST_OPTIONS <const> = 24

-- Bytes. Code can double a text at each step.
local LONGEST <const> = 1000000

M.NONE = { k = "none" }

--- A value of which nothing is known.
---@param why string a phrase: "`x` is not known"
---@return table
function M.unknown(why)
  return { k = "unknown", why = why }
end

--- A text.
---@param v string
---@return table
function M.text(v)
  return { k = "text", parts = { v } }
end

--- A number or a boolean; another value of Lua is none.
---@param v any
---@return table
function M.plain(v)
  local kind = type(v)
  return kind == "string" and M.text(v) or kind == "number" and { k = "number", v = v }
    or kind == "boolean" and { k = "bool", v = v } or M.NONE
end

--- A list, tuple or set.
---@param items table[]
---@param kind? "list"|"tuple"|"set"
---@param open? boolean
---@return table
function M.list(items, kind, open)
  return { k = "list", items = items, kind = kind or "list", open = open }
end

--- The string of a text without holes.
---@param value? table
---@return string?
function M.string(value)
  if value and value.k == "text" and (#value.parts == 0 or #value.parts == 1
    and type(value.parts[1]) == "string") then
    return value.parts[1] or ""
  end
end

--- True for a text without holes, a number or a boolean.
---@param value table
---@return boolean
function M.is_known(value)
  return M.string(value) ~= nil or value.k == "number" or value.k == "bool"
end

--- A key by which values that are equal and known are the same; nil for others.
---@param value table
---@param depth? integer of a list in lists
---@return string?
function M.key(value, depth)
  depth = depth or 0
  local text = M.string(value)
  if depth > 10 then
    return nil
  elseif text then
    return "s:" .. text
  elseif value.k == "number" then
    return ("n:%.17g"):format(value.v)
  elseif value.k == "bool" then
    return value.v and "n:1" or "n:0"
  elseif value.k == "none" then
    return "none"
  elseif value.k == "list" and not value.open then
    local keys = {}
    for i, item in ipairs(value.items) do
      local key = M.key(item, depth + 1)
      if not key then
        return nil
      end
      keys[i] = ("%d:%s"):format(#key, key)
    end
    return value.kind .. "(" .. table.concat(keys, ",") .. ")"
  end
end

local function add_option(list, seen, value)
  if value.k == "any" then
    for _, option in ipairs(value.options) do
      add_option(list, seen, option)
    end
    return
  end
  local key = M.key(value) or value
  if not seen[key] then
    seen[key] = true
    list[#list + 1] = value
  end
end

--- One of several values.
---@param values table[]
---@return table
function M.any(values)
  local list, seen = {}, {}
  for _, value in ipairs(values) do
    add_option(list, seen, value)
  end
  if #list > MOST_OPTIONS then
    return M.unknown "it has too many possible values"
  end
  return #list == 1 and list[1] or #list == 0 and M.NONE or { k = "any", options = list }
end

--- The possible values of a value.
---@param value table
---@return table[]
function M.options(value)
  return value.k == "any" and value.options or { value }
end

--- Call a function with each option of some values, and join the results.
---@param list table[]
---@param f fun(...): table
---@return table
function M.each(list, f)
  local at
  for i, value in ipairs(list) do
    if value.k == "any" then
      at = i
      break
    end
  end
  if not at then
    return f(table.unpack(list))
  end
  local results = {}
  for _, option in ipairs(list[at].options) do
    local copy = table.move(list, 1, #list, 1, {})
    copy[at] = option
    results[#results + 1] = M.each(copy, f)
  end
  return M.any(results)
end

--- Whether a value counts as true; nil if that is not known.
---@param value table
---@return boolean?
function M.truth(value)
  local text = M.string(value)
  if text then
    return text ~= ""
  elseif value.k == "text" then
    for _, part in ipairs(value.parts) do
      if type(part) == "string" and part ~= "" then
        return true
      end
    end
    return nil
  elseif value.k == "number" then
    return value.v ~= 0
  elseif value.k == "bool" then
    return value.v
  elseif value.k == "none" then
    return false
  elseif value.k == "list" or value.k == "dict" then
    local filled = #(value.items or value.entries) > 0
    return filled or (not value.open and filled or nil)
  elseif value.k == "any" then
    local first = M.truth(value.options[1])
    for _, option in ipairs(value.options) do
      if M.truth(option) ~= first then
        return nil
      end
    end
    return first
  elseif value.k == "unknown" or value.k == "import" or value.k == "method" then
    return nil
  end
  return true
end

--- Two texts in one.
---@param a table
---@param b table
---@return table
function M.concat(a, b)
  if a.k ~= "text" or b.k ~= "text" then
    return M.unknown(M.why(a.k ~= "text" and a or b))
  end
  local parts = {}
  for _, list in ipairs { a.parts, b.parts } do
    for _, part in ipairs(list) do
      local last = parts[#parts]
      if type(part) == "string" and type(last) == "string" then
        if #last + #part > LONGEST then
          return M.unknown "a text is too long"
        end
        parts[#parts] = parts[#parts] .. part
      else
        parts[#parts + 1] = part
      end
    end
  end
  return { k = "text", parts = parts }
end

local function number_text(v)
  return math.type(v) == "integer" and tostring(v) or ("%.15g"):format(v)
end

--- The text of a value, as `str` and f-strings write it.
---@param value table
---@param spec? string format
---@return table text
function M.to_text(value, spec)
  if value.k == "any" then
    return M.each({ value }, function(option) return M.to_text(option, spec) end)
  elseif value.k == "number" and spec and spec:find "^0?%d*d?$" and math.type(value.v) == "integer"
  then
    return M.text(("%" .. spec:gsub("d", "") .. "d"):format(value.v))
  elseif spec and spec ~= "" and spec ~= "s" then
    return { k = "text", parts = { { hole = M.unknown "a format is not known" } } }
  elseif value.k == "text" then
    return value
  elseif value.k == "number" then
    return M.text(number_text(value.v))
  elseif value.k == "bool" then
    return M.text(value.v and "True" or "False")
  elseif value.k == "none" then
    return M.text "None"
  end
  return { k = "text", parts = { { hole = value } } }
end

--- Why a value is no known text.
---@param value table
---@return string
function M.why(value)
  if value.k == "unknown" then
    return value.why
  elseif value.k == "import" then
    return ("`%s` is from another file"):format(value.path)
  elseif value.k == "any" then
    for _, option in ipairs(value.options) do
      if option.k ~= "text" or not M.string(option) then
        return M.why(option)
      end
    end
    return "it depends on a condition"
  elseif value.k == "text" then
    for _, part in ipairs(value.parts) do
      if type(part) == "table" then
        return M.why(part.hole)
      end
    end
  elseif value.k == "none" then
    return "it is None"
  elseif value.open then
    return "some of its items are not known"
  end
  return "its value is not a text"
end

return M
