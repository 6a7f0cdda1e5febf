--- Targets of notifications: a webhook, a program, a Lua script.
--
-- A target is { name, send(note) }. Its name never contains a secret.

local credential = require("native.databricks").credential
local fault = require "base.fault"
local find = require "engine.find"
local http = require "native.http"
local json = require "native.json"
local process = require "native.process"
local time = require "base.time"

local M = {}

local OP <const> = "notify"
local SECONDS <const> = 30         -- timeout of a webhook
local PROGRAM_SECONDS <const> = 60 -- timeout of a program
local ERROR_BYTES <const> = 200    -- shown of a program's standard error

---@class tarn.NotifyTarget
---@field name string
---@field send fun(note: table) raises a fault, which is `retryable` if it may succeed later

-- Seconds to wait as the header Retry-After says, or nil.
local function wait_of(response)
  local after = response.headers["retry-after"]
  local seconds = after and tonumber(after)
  local date = after and not seconds and time.find_http_date(after)
  return seconds or date and math.max(0, (date - time.now()) / 1000) or nil
end

--- POST the note as JSON.
---@param url string|tarn.Credential a URL that is not secret, or the credential that holds one
---@param name string
---@return tarn.NotifyTarget
function M.webhook(url, name)
  return { name = "webhook " .. name, send = function(note)
    local response = http.request("POST", url, { body = json.encode(note), retry = false,
      timeout = SECONDS, headers = { ["Content-Type"] = "application/json" } })
    local status = response.status
    if status < 200 or status > 299 then
      fault.raise { kind = "http", op = OP, status = status, wait = wait_of(response),
        message = ("the answer was %d"):format(status),
        retryable = status >= 500 or status == 429 or status == 408 }
    end
  end }
end

--- The webhook at a URL that is not secret. Its name has only the host.
---@param op string
---@param url string
---@return tarn.NotifyTarget
function M.webhook_of(op, url)
  local host = url:match "^https?://([^/?#@%s]+)" or url:match "^https?://[^/?#@%s]*@([^/?#%s]+)"
  if not host then
    fault.usage(op, "--notify-webhook is not a URL", "a URL begins with https://")
  end
  return M.webhook(url, host)
end

--- The webhook whose URL is in an environment variable or in a file.
---@param from { token_env?: string, token_file?: string }
---@return tarn.NotifyTarget
function M.secret_webhook(from)
  return M.webhook(credential(from), from.token_env and "$" .. from.token_env or from.token_file)
end

local function error_text(text)
  local line = text:match "[^\r\n]+"
  return line and ": " .. line:sub(1, ERROR_BYTES) or ""
end

--- Run a program, without a shell, with the note as JSON on its standard input.
---@param path string
---@return tarn.NotifyTarget
function M.program(path)
  return { name = "program " .. path, send = function(note)
    local done = process.run({ path }, { stdin = json.encode(note) .. "\n",
      timeout = PROGRAM_SECONDS })
    if done.status ~= 0 then
      fault.raise { kind = "io", op = OP, retryable = true,
        message = ("the exit status was %d%s"):format(done.status, error_text(done.stderr)) }
    end
  end }
end

--- Call the Lua function that `notify/NAME.lua` returns. The file is found like those of commands.
---@param op string
---@param name string
---@return tarn.NotifyTarget
function M.script(op, name)
  local source = name:find "^[%w_-]+$" and find.file("notify/" .. name .. ".lua")
  if not source then
    fault.usage(op, ("there is no script notify/%s.lua"):format(name),
      "put it into ~/.config/tarn/notify/, or into a folder notify/ below a --path")
  end
  local f = find.compile(source)()
  if type(f) ~= "function" then
    fault.usage(op, ("%s does not return a function"):format(source.path or source.name))
  end
  return { name = "script " .. name, send = f }
end

return M
