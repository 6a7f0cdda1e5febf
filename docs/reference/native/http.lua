---@meta native.http
--- HTTP to any host, for webhooks and external links.
--
--     local http, json = require "native.http", require "native.json"
--     local response = http.request("POST", "https://hooks.example.com/tarn", {
--       headers = { ["Content-Type"] = "application/json" },
--       body = json.encode { text = "done" }, timeout = 10 })
--     print(response.status, response.body)
--
-- Databricks credentials are not sent, and redirects are not followed.
local http = {}

---@class tarn.HttpOptions
---@field headers? table<string,string>
---@field body? string
---@field timeout? number     seconds in all; default 60
---@field connect_timeout? number seconds; default 10
---@field max_bytes? integer  of the answer's body, after decompression; default 64 MiB
---@field retry? boolean      as api G.3 says; default true for idempotent methods

---@class tarn.HttpResponse
---@field status integer
---@field headers table<string,string> names in lower case; repeated ones joined by ", "
---@field body string

--- One request. Any status is a response; no response is a fault (`network`, `timeout`).
-- No fault and no trace shows more of the URL than its host. One that is a secret may come in
-- the box that `databricks.credential` makes of a variable or a file.
---@param method string
---@param url string|tarn.Credential
---@param opts? tarn.HttpOptions
---@return tarn.HttpResponse
function http.request(method, url, opts) end

--- Percent-encode everything but unreserved characters.
---@param text string
---@return string
function http.escape(text) end

--- The text without the secrets that this process has sent, or has read to send them, however
-- they are written (percent-encoded, escaped as in JSON, in base64), and without what looks like
-- a token: "***" stands in their place.
---@param text string
---@return string
function http.blank(text) end

--- Undo percent-encoding. With `plus`, "+" is a blank.
---@param text string
---@param plus? boolean
---@return string
function http.unescape(text, plus) end

---@param bytes string
---@return string
function http.base64_encode(bytes) end

--- Raises a fault `parse` on what is not standard base64.
---@param text string
---@return string
function http.base64_decode(text) end

return http
