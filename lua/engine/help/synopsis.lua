--- How commands and options are written: "tarn get [OPTIONS] PIPELINE", "-o, --output text|json".

local argspec = require "engine.header.argspec"

local M = {}

local PLACEHOLDERS <const> = { integer = "N", number = "N", path = "FILE", workspace = "PROFILE",
  catalog = "CATALOG", pipeline = "PIPELINE", list = "VALUE", string = "TEXT" }

--- An option for the left column of a list, where all long names begin in the same column.
---@param spec tarn.ArgSpec
---@return string
function M.padded_option(spec)
  local short = spec.short and "-" .. spec.short .. ", " or "    "
  local left = short .. argspec.option(spec[1])
  if spec[2] == "flag" then
    return left
  elseif spec[2] == "choice" then
    return left .. " " .. table.concat(spec.choices, "|")
  end
  return left .. " " .. (spec.value or PLACEHOLDERS[spec[2]])
end

--- An option: "-o, --output text|json".
---@param spec tarn.ArgSpec
---@return string
function M.option(spec)
  return (M.padded_option(spec):gsub("^ +", ""))
end

--- A command with its arguments: "tarn get [OPTIONS] PIPELINE". An option that must be given stands
-- before them: "tarn promote --to PROFILE PIPELINE".
---@param name string without "tarn"
---@param specs tarn.ArgSpec[]
---@return string
function M.usage(name, specs)
  local words, required, options = {}, {}, false
  for _, spec in ipairs(specs) do
    if argspec.is_positional(spec) then
      local word = spec[1]:upper() .. (spec[2] == "list" and "..." or "")
      words[#words + 1] = argspec.is_required(spec) and word or "[" .. word .. "]"
    elseif argspec.is_required(spec) then
      required[#required + 1] = M.option(spec)
    else
      options = true
    end
  end
  table.move(words, 1, #words, #required + 1, required)
  if options then
    table.insert(required, 1, "[OPTIONS]")
  end
  table.insert(required, 1, "tarn " .. name)
  return table.concat(required, " ")
end

-- The help of an argument, with what its declaration tells.
local function help_of(spec)
  local text = spec[3]
  if spec[2] == "choice" and argspec.is_positional(spec) then
    text = text .. " One of " .. table.concat(spec.choices, ", ") .. "."
  end
  if spec[2] == "list" and not argspec.is_positional(spec) and not text:find "epeatable" then
    text = text .. " Repeatable."
  end
  if argspec.is_required(spec) and not argspec.is_positional(spec) then
    text = text .. " Required."
  end
  local default = spec.default
  if default ~= nil and default ~= false and type(default) ~= "table" then
    text = text .. (" Default: %s."):format(tostring(default))
  end
  return text
end

--- The rows of the lists of arguments: how each is written, and what it does.
---@param specs tarn.ArgSpec[]
---@return { [1]: string, [2]: string }[] arguments with a position
---@return { [1]: string, [2]: string }[] options
function M.rows(specs)
  local positional, options = {}, {}
  for _, spec in ipairs(specs) do
    if argspec.is_positional(spec) then
      positional[#positional + 1] = { spec[1]:upper(), help_of(spec) }
    else
      options[#options + 1] = { M.padded_option(spec), help_of(spec) }
    end
  end
  return positional, options
end

return M
