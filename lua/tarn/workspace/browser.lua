--- Open an address in the user's browser.

local commandline = require "engine.args.commandline"
local fault = require "base.fault"
local fs = require "native.fs"
local process = require "native.process"

local M = {}

local TIMEOUT <const> = 86400 -- seconds that a browser in the terminal may stay open

local function has(name)
  return (os.getenv(name) or "") ~= ""
end

-- The programs to try. $BROWSER is a list, separated by ":"; %s in it stands for the address.
local function programs()
  local list = {}
  for text in (os.getenv "BROWSER" or ""):gmatch "[^:]+" do
    list[#list + 1] = commandline.split(text)
  end
  if #list == 0 and fs.find_stat "/System/Library" then
    list[1] = { "open" }
  elseif #list == 0 and (has "DISPLAY" or has "WAYLAND_DISPLAY") then
    list[1] = { "xdg-open" }
  end
  return list
end

local function with_address(words, url)
  local argv, is_placed = {}, false
  for i, word in ipairs(words) do
    local from = word:find("%s", 1, true)
    is_placed = is_placed or from ~= nil
    argv[i] = from and word:sub(1, from - 1) .. url .. word:sub(from + 2) or word
  end
  argv[#argv + 1] = not is_placed and url or nil
  return argv
end

-- Runs its arguments in the background; status 127 if there is no such program.
local BEHIND <const> = 'command -v "$1" >/dev/null || exit 127; "$@" </dev/null >/dev/null 2>&1 &'

local function started(words, opts)
  return opts and opts.behind and { "/bin/sh", "-c", BEHIND, "sh", table.unpack(words) } or words
end

--- Open an address. Returns why it was not opened, or nil.
---@param url string
---@param opts? { behind?: boolean } behind: go on while the browser runs
---@return string?
function M.open(url, opts)
  local why = "no browser was found: $BROWSER names one"
  for _, words in ipairs(programs()) do
    if words[1] == "none" then
      return "$BROWSER is none"
    elseif words[1] then
      local result, e = fault.try(process.run, started(with_address(words, url), opts),
        { inherit = true, timeout = TIMEOUT })
      if result and result.status == 0 then
        return nil
      elseif e and e.kind == "cancelled" then
        fault.raise(e)
      end
      why = e and e.message or ("%s ended with status %d"):format(words[1], result.status)
    end
  end
  return why
end

--- True if standard output is a terminal, on which somebody can be shown a browser.
---@return boolean
function M.is_at_hand()
  return require("native.term").is_tty "out"
end

return M
