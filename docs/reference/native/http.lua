---@meta native.http
--- HTTP requests to any host, for webhooks and links to results. They never carry Databricks
-- credentials and never follow a redirect. native.databricks sends requests to workspaces.
--
--     local http, json = require "native.http", require "native.json"
--     local response = http.request("POST", "https://hooks.example.com/tarn", {
--       headers = { ["Content-Type"] = "application/json" },
--       body = json.encode { text = "done" }, timeout = 10 })
--     print(response.status, response.body)
--
-- Source: src/api/l_http.c.
local http = {}

---@class tarn.HttpOptions
---@field headers? table<string,string>
---@field body? string
---@field timeout? number     seconds for all tries together; default 60
---@field connect_timeout? number seconds; default 10
---@field max_bytes? integer  of the answer's body, after decompression; default 64 MiB
---@field retry? boolean      up to four tries after a failure; default: true for GET, HEAD, PUT,
--- DELETE

---@class tarn.HttpResponse
---@field status integer
---@field headers table<string,string> names in lower case; repeated headers are joined by ", "
---@field body string

--- Send a request and wait for the answer. An answer with any status is returned. Without an answer
-- a fault `network` or `timeout` is raised; in a read-only process, a fault `usage` for all methods
-- but GET and HEAD. Faults and traces show only the host of the URL.
---@param method string
---@param url string|tarn.Credential a secret URL is given as a box of databricks.credential
---@param opts? tarn.HttpOptions
---@return tarn.HttpResponse
function http.request(method, url, opts) end

--- Percent-encode all bytes but letters, digits, "-", ".", "_" and "~".
---@param text string
---@return string
function http.escape(text) end

--- The text with "***" in place of secrets: those that this process has sent or has read to send
-- them, in any encoding (percent-encoded, escaped as in JSON, base64), and texts that look like a
-- token.
---@param text string
---@return string
function http.blank(text) end

--- Decode percent-encoded text.
---@param text string
---@param plus? boolean true: "+" is a blank, as in queries
---@return string
function http.unescape(text, plus) end

--- Encode bytes as base64.
---@param bytes string
---@return string
function http.base64_encode(bytes) end

--- Decode standard base64. A fault `parse` if the text is not base64.
---@param text string
---@return string bytes
function http.base64_decode(text) end

return http
