---@meta native.server
--- An HTTP server that handles each request in a task of its own.
--
--     local server = require "native.server"
--     local s = server.listen({ port = 0 }, function(request)
--       return { status = 200, headers = { ["Content-Type"] = "text/plain" },
--         body = request.method .. " " .. request.path .. "\n" }
--     end)
--     print(require("native.http").request("GET", "http://127.0.0.1:" .. s.port .. "/x").body)
--     s:close()
local server = {}

---@class tarn.ServerOptions
---@field port? integer       0 (default) takes a free one
---@field host? string        address to bind; default "127.0.0.1"
---@field max_body? integer   bytes; a larger request is answered 413. Default 16 MiB
---@field too_large? string   the body of that answer, JSON; default: a line of text
---@field max_connections? integer default 1000
---@field timeout? number     seconds a connection may be idle; default 60
---@field max_per_address? integer connections of one client; default: no bound
---@field max_header? integer  bytes of memory for a connection, its header included; default 32 KiB
---@field request_timeout? number seconds in which a request must have come in whole, counted from the one before; default: no bound
---@field token? tarn.ServerToken who shows it may call: see `access` of requests
---@field secrets? string[]    members of JSON bodies that are secret: see `secrets` of requests
---@field certificate? string  PEM file; with `key`: TLS
---@field key? string          PEM file

---@class tarn.Request
---@field method string
---@field path string                    as sent, still percent-encoded, without the query
---@field query string                   as sent, without the "?"; "" if none
---@field headers table<string,string>   names in lower case
---@field body string
---@field remote string                  the client's address
---@field access? "none"|"wrong"|"link"|"cookie"|"bearer" with the option `token`: how it shows it. Authorization and Cookie are not in `headers` then, `token` in the query is "***", and without the token there is no `body`
---@field secrets? table<string, tarn.Credential> with the option `secrets`: those of the outermost object of a JSON body, each in a box; in `body` and `query` each is "***"
---@field malformed? boolean             with the option `secrets`: the body is no JSON, and is not shown

---@class tarn.Reply
---@field status? integer                default 200
---@field headers? table<string,string>
---@field body? string|tarn.ServerBody
---@field stream? fun(write: fun(bytes: string)) in place of body: called in the same task; write waits while the client is slow, and raises when it is gone
---@field truncate? integer              send only so many bytes of the body, though the length says all, and hang up
---@field reset? boolean                 hang up with a TCP reset instead of answering
---@field login? true|"secure"            with the option `token`: set the cookie that shows it; "secure": over TLS only
---@field drip? { bytes: integer, seconds: number } send the body in pieces with a pause between

---@class tarn.Server
---@field port integer
local instance = {}

--- Listen and handle requests until `close`, or until the program ends. An error in
-- `handler`, or a reply that is none (an unknown field, a header with a line end in it), is
-- answered 500 and printed on stderr. gzip where the client accepts it and the body is over
-- 1 KiB. HEAD comes to the handler like GET and is answered without the body. When the client
-- goes away the handler's task is cancelled. Content-Length, Date and Connection are the
-- server's own headers.
---@param opts tarn.ServerOptions
---@param handler fun(request: tarn.Request): tarn.Reply
---@return tarn.Server
function server.listen(opts, handler) end

--- Requests handled so far, and those in hand.
---@return integer handled, integer active
function instance:stats() end

--- Take no more connections; those that are there go on.
function instance:drain() end

--- Stop listening and drop the connections. Closing twice is not an error.
function instance:close() end

---@class tarn.ServerToken a secret that Lua cannot read
local token = {}

--- Write `before`, the token and a line end to stderr.
---@param before string
function token:reveal(before) end

--- A token for servers: a new one, or the one in a file that only its owner may read. A file
-- that is not there is written, with a new one.
---@param opts? { file?: string }
---@return tarn.ServerToken
function server.token(opts) end

---@class tarn.ServerBody bytes for many replies; `#body` is how many

--- Bytes that many replies send: they are copied once, and compressed once.
---@param bytes string
---@return tarn.ServerBody
function server.body(bytes) end

--- The first half of the SHA-256 of these bytes, in hexadecimal digits: to tell whether
-- something has changed.
---@param bytes string
---@return string
function server.digest(bytes) end

return server
