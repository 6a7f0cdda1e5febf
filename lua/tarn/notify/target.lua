--- Who is told: a webhook, a program, a Lua script. A target is { name, send(note) }, and its
-- name never holds a secret.

local credential = require("native.databricks").credential
local fault = require "base.fault"
local find = require "engine.find"
local http = require "native.http"
local json = require "native.json"
local process = require "native.process"
local time = require "base.time"

local M = {}

local OP <const> = "notify"
local SECONDS <const> = 30  -- of a webhook
local PROGRAM_SECONDS <const> = 60
local SAID <const> = 200    -- bytes of what a program complained

---@class tarn.NotifyTarget
---@field name string
---@field send fun(note: table) raises a fault; one that is `retryable` is tried again

-- Seconds that an answer asks us to wait, or nil.
local function wait_of(response)
  local after = response.headers["retry-after"]
  local seconds = after and tonumber(after)
  local date = after and not seconds and time.find_http_date(after)
  return seconds or date and math.max(0, (date - time.now()) / 1000) or nil
end

--- POST the note as JSON.
---@param url string|tarn.Credential the box that hides a URL, or a URL that is no secret
---@param name string
---@return tarn.NotifyTarget
function M.webhook(url, name)
  return { name = "webhook " .. name, send = function(note)
    local response = http.request("POST", url, { body = json.encode(note), retry = false,
      timeout = SECONDS, headers = { ["Content-Type"] = "application/json" } })
    local status = response.status
    if status < 200 or status > 299 then
      fault.raise { kind = "http", op = OP, status = status, wait = wait_of(response),
        message = ("it answered %d"):format(status),
        retryable = status >= 500 or status == 429 or status == 408 }
    end
  end }
end

--- The webhook of a URL that is no secret: only its host is shown all the same.
---@param op string
---@param url string
---@return tarn.NotifyTarget
function M.webhook_of(op, url)
  local host = url:match "^https?://([^/?#@%s]+)" or url:match "^https?://[^/?#@%s]*@([^/?#%s]+)"
  if not host then
    fault.usage(op, "--notify-webhook is not the URL of a webhook", "it begins with https://")
  end
  return M.webhook(url, host)
end

--- The webhook whose URL is in a variable of the environment or in a file.
---@param from { token_env?: string, token_file?: string }
---@return tarn.NotifyTarget
function M.secret_webhook(from)
  return M.webhook(credential(from), from.token_env and "$" .. from.token_env or from.token_file)
end

local function complaint(text)
  local line = text:match "[^\r\n]+"
  return line and ": " .. line:sub(1, SAID) or ""
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
        message = ("it ended with %d%s"):format(done.status, complaint(done.stderr)) }
    end
  end }
end

--- Call the Lua function that `notify/NAME.lua` returns; found as commands are.
---@param op string
---@param name string
---@return tarn.NotifyTarget
function M.script(op, name)
  local source = name:find "^[%w_-]+$" and find.file("notify/" .. name .. ".lua")
  if not source then
    fault.usage(op, ("there is no script notify/%s.lua"):format(name),
      "it lies where commands of your own do: ~/.config/tarn/notify/, or below a --path")
  end
  local f = find.compile(source)()
  if type(f) ~= "function" then
    fault.usage(op, ("%s returns no function"):format(source.path or source.name))
  end
  return { name = "script " .. name, send = f }
end

return M
