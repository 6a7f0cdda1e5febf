---@meta native.server
--- An HTTP server: each request is handled by a task of its own.
local server = {}

---@class tarn.ServerOptions
---@field port? integer       0 (default) takes a free one
---@field host? string        address to bind; default "127.0.0.1"
---@field max_body? integer   bytes; a larger request is answered 413. Default 16 MiB
---@field max_header? integer  bytes of a request's first line and header; the first line may have half of them. Answered 431 and 414. Default 32 KiB
---@field max_depth? integer   how deep a body with `secrets` may be nested; a deeper one is `malformed`. Default 512
---@field max_connections? integer default 1000. If there are so many, one that is idle or not done with its request makes room for a newer one, of the address that has the most of them
---@field max_per_address? integer connections from one address; the oldest that is idle or not done with its request makes room for a newer one. With `token` those that have shown it are not counted. Default: no bound
---@field timeout? number     seconds a connection may be idle, or be stuck in an answer that is not read; default 60
---@field header_timeout? number seconds for a TLS handshake, and then for a request's header; answered 408. Default 10
---@field request_timeout? number seconds for a request's body; answered 408. Default: no bound but `timeout` between its pieces
---@field token? tarn.ServerToken who shows it may call: see `access` of requests
---@field secrets? string[]    members of JSON bodies that are secret: see `secrets` of requests
---@field certificate? string  PEM file; with `key`: TLS 1.2 and 1.3, and Strict-Transport-Security in each answer
---@field key? string          PEM file

---@class tarn.Request
---@field method string
---@field path string                    as sent, still percent-encoded, without the query
---@field query string                   as sent, without the "?"; "" if none
---@field headers table<string,string>   names in lower case
---@field body string
---@field remote string                  the client's address
---@field access? "none"|"wrong"|"link"|"cookie"|"bearer" with the option `token`: how it shows it. Authorization and Cookie are not in `headers` then, `token` in the query is "***", and without the token a body is not even read
---@field secrets? table<string, tarn.Credential> with the option `secrets`: those of the outermost object of a JSON body, each in a box; in `body` and `query` each is "***"
---@field malformed? boolean             with the option `secrets`: the body is no JSON, or nested deeper than `max_depth`, and is not shown

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
-- goes away the handler's task is cancelled. Content-Length, Transfer-Encoding, Date and
-- Connection are the server's own headers. What is no request of HTTP/1.1 never reaches the
-- handler: it gets one answer, `{"error":{kind,code,message,status,op,request_id}}`, and the
-- connection ends.
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
