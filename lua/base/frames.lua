--- The places of the user's code on the stack: his scripts, overrides, hooks, and entries at the
-- prompt. All other code is Tarn's.

local M = {}

---@class tarn.Frame
---@field source string the chunk: "@path/of/file.lua", or "=[3]" for an entry at the prompt
---@field name string   as in Lua's messages
---@field line integer  0: it is not known
---@field what? string  the name of the function, if it has one
---@field called? string the name of the function that it calls there
---@field inside boolean true if the error was raised in code of Tarn that it calls

local MOST <const> = 8
local DEEPEST <const> = 200 -- levels; deeper ones are of a recursion without an end

--- True for a chunk of the user's.
---@param source string as in debug.getinfo
---@return boolean
function M.is_own(source)
  return not source:find "^@bundle/" and not source:find "^=%[C%]" and source ~= "=?"
end

--- The frames of the user's code, innermost first.
---@param level integer as for debug.getinfo: 1 is the function that calls this one
---@param most? integer of frames, default 8
---@return tarn.Frame[]
function M.collect(level, most)
  local frames, inside, called = {}, false, nil
  for depth = level + 1, level + DEEPEST do
    local info = debug.getinfo(depth, "Sln")
    if not info or #frames >= (most or MOST) then
      break
    elseif M.is_own(info.source) and info.currentline > 0 then
      frames[#frames + 1] = { source = info.source, name = info.short_src,
        line = info.currentline, what = info.what ~= "main" and info.name or nil,
        called = called, inside = inside }
    elseif info.what ~= "C" then
      inside = true
    end
    called = info.name
  end
  return frames
end

--- The frame of a function of the user's that is on no stack any more, since it ended with
-- `return f(...)`: a tail call leaves no frame. Nil for a function of Tarn's.
---@param f function
---@return tarn.Frame?
function M.of(f)
  local info = type(f) == "function" and debug.getinfo(f, "S")
  if info and M.is_own(info.source) then
    return { source = info.source, name = info.short_src, line = info.linedefined, inside = true }
  end
end

return M
