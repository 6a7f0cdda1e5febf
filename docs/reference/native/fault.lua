---@meta native.fault
--- The type of faults: the errors that C and Lua raise when a server, a file or the user causes a
-- problem. An error of the program itself is a string, as in plain Lua. base.fault (`tarn.fault`)
-- raises and catches faults.
--
--     local metatable = require("native.fault").metatable
--     local ok, e = pcall(require("native.fs").read, "/no/such/file")
--     if not ok and getmetatable(e) == metatable then print(e.kind, e.code, e.message) end
--
-- Source: src/api/l_fault.c.
local fault = {}

--- The metatable of every fault; tostring(f) is "op: message (kind)".
---@type table
fault.metatable = nil

---@class tarn.Fault
---@field kind "network"|"timeout"|"http"|"auth"|"sql"|"parse"|"io"|"conflict"|"usage"|"cancelled"|"bug"|"script"
---@field op string            the operation that failed: "http.request"
---@field message string       one line for a person; never a token or the query of a URL
---@field status? integer      the HTTP status, if there was an answer
---@field code? string         the error_code of Databricks, or a code of Tarn such as READ_ONLY
---@field request_id? string   the workspace's id of the request
---@field hint? string         one line: what to do about the fault
---@field retryable boolean    true if the same call may succeed later
---@field retry_after? number  seconds to wait before another try, if the server said so
---@field ambiguous? boolean   true if the request may have taken effect nevertheless
---@field cause? tarn.Fault    the fault from which this one was made
---@field traceback? string    for the kind "bug": where the error happened. A bug in a script
--- of the user's is shown as kind "script", with `file` and `line`

return fault
