---@meta native.server
--- An HTTP server: each request is handled by a task of its own.
--
--     local server = require "native.server"
--     local s = server.listen({ port = 0 }, function(request)
--       return { status = 200, headers = { ["Content-Type"] = "text/plain" },
--         body = request.method .. " " .. request.path .. "\n" }
--     end)
--     print(require("native.http").request("GET", "http://127.0.0.1:" .. s.port .. "/x").body)
--     s:close()
--
-- Source: src/api/l_server.c; requests, replies and tokens are in src/api/server_*.c.
local server = {}

---@class tarn.ServerOptions
---@field port? integer       0, the default, chooses a free port
---@field host? string        the address to listen on; default "127.0.0.1"
---@field max_body? integer   bytes; a larger request is answered with 413. Default 16 MiB
---@field max_header? integer bytes of the request line and the header; the request line may have
--- half of them. A larger one is answered with 431 or 414. Default 32 KiB
---@field max_depth? integer  levels of a JSON body, with `secrets`; a deeper body is `malformed`.
--- Default 512
---@field max_connections? integer default 1000. A connection beyond it replaces one that is idle or
--- has not sent its whole request, of the address that has the most of them
---@field max_per_address? integer connections of one address. A connection beyond it replaces the
--- oldest that is idle or has not sent its whole request. With `token`, connections that have shown
--- it do not count. Default: no limit
---@field timeout? number     seconds that a connection may be idle, or that a client may not read
--- its answer; default 60
---@field header_timeout? number seconds in which a TLS handshake, and then a header, must arrive; a
--- slower one is answered with 408. Default 10
---@field request_timeout? number seconds in which a body must arrive; a slower one is answered with
--- 408. Default: no limit but `timeout` between its parts
---@field token? tarn.ServerToken the token of clients; `access` of a request says whether it was
--- sent
---@field secrets? string[]    members of JSON bodies that are secret: see `secrets` of a request
---@field certificate? string  PEM file; with `key`: TLS 1.2 and 1.3, and Strict-Transport-Security
--- in each answer
---@field key? string          PEM file

---@class tarn.Request
---@field method string
---@field path string                    as sent, percent-encoded, without the query
---@field query string                   as sent, without "?"; "" if there is none
---@field headers table<string,string>   names in lower case
---@field body string
---@field remote string                  the address of the client
---@field access? "none"|"wrong"|"link"|"cookie"|"bearer" with the option `token`: how the token was
--- sent. Authorization and Cookie are not in `headers` then, `token` in the query is "***", and
--- without the right token the body is not read
---@field secrets? table<string, tarn.Credential> with the option `secrets`: the secret members of
--- the outermost object of a JSON body, each in a box; in `body` and `query` they are "***"
---@field malformed? boolean             with the option `secrets`: true if the body is not JSON, or
--- is nested deeper than `max_depth`; it is not in `body` then

---@class tarn.Reply
---@field status? integer                default 200
---@field headers? table<string,string>
---@field body? string|tarn.ServerBody
---@field stream? fun(write: fun(bytes: string)) instead of a body: called in the task of the
--- request; `write` waits while the client is slow, and raises a fault `network` when it is gone
---@field truncate? integer              for tests: send only so many bytes of the body, then close
--- the connection
---@field reset? boolean                 for tests: close the connection with a TCP reset, without
--- an answer
---@field login? true|"secure"           with the option `token`: set the cookie that stands for the
--- token; "secure": for TLS only
---@field drip? { bytes: integer, seconds: number } for tests: send the body in pieces, with pauses

---@class tarn.Server to be closed, as a <close> variable
---@field port integer
local instance = {}

--- Listen and handle requests until `close`, or until the program ends. A fault `io` if the
-- address, the port, the certificate or the key cannot be used.
--
-- If the handler raises, or returns a wrong reply (an unknown field, a header with a line end), the
-- answer is 500, and the error is printed on stderr. Bodies over 1 KiB are compressed with gzip for
-- clients that accept it. HEAD is handled like GET and answered without the body. When the client
-- goes away, the handler's task is cancelled. The server itself sets Content-Length,
-- Transfer-Encoding, Date and Connection. A message that is not HTTP/1.1 never reaches the handler:
-- it gets one answer, `{"error":{kind,code,message,status,op,request_id}}`, and the connection
-- ends.
---@param opts tarn.ServerOptions
---@param handler fun(request: tarn.Request): tarn.Reply
---@return tarn.Server
function server.listen(opts, handler) end

--- The number of requests that the handler got so far, of those that are being handled, and of those
-- that were refused before the handler could see them: malformed, too large, too slow, or cut off.
---@return integer handled
---@return integer active
---@return integer refused 0 after `close`
function instance:stats() end

--- Accept no further connections; existing ones go on.
function instance:drain() end

--- Stop listening and close all connections. Closing twice is not an error.
function instance:close() end

---@class tarn.ServerToken a secret that Lua cannot read
local token = {}

--- Print a text, the token and a line end on stderr.
---@param before string
function token:reveal(before) end

--- A token for a server: a new one, or the one in a file, which is written with a new one if it
-- does not exist. A fault `io` if the file cannot be used, or if others than its owner can read
-- it.
---@param opts? { file?: string }
---@return tarn.ServerToken
function server.token(opts) end

---@class tarn.ServerBody bytes for many replies; `#body` is their number

--- Bytes that many replies send: they are copied and compressed only once.
---@param bytes string
---@return tarn.ServerBody
function server.body(bytes) end

--- The first half of the SHA-256 of some bytes, in 32 hexadecimal digits: it changes with the
-- bytes.
---@param bytes string
---@return string
function server.digest(bytes) end

return server
