---@meta native.fault
--- The type of faults, which C and Lua share.
--
--     local metatable = require("native.fault").metatable
--     local ok, e = pcall(require("native.fs").read, "/no/such/file")
--     if not ok and getmetatable(e) == metatable then print(e.kind, e.code, e.message) end
local fault = {}

--- The metatable of every fault (`tarn.fault`); `tostring(f)` is "op: message (kind)".
---@type table
fault.metatable = nil

---@class tarn.Fault
---@field kind "network"|"timeout"|"http"|"auth"|"sql"|"parse"|"io"|"conflict"|"usage"|"cancelled"|"bug"
---@field op string            who failed, by the name a script knows
---@field message string       one line for a person; never a token, never a URL query
---@field status? integer      HTTP status, if a response came
---@field code? string         Databricks error_code, if there is one
---@field request_id? string   what the workspace calls the request
---@field hint? string         one line: what to do about it
---@field retryable boolean    the same call may well succeed later
---@field retry_after? number  seconds that the other side asked to be left alone for
---@field ambiguous? boolean   the request may have taken effect all the same
---@field cause? tarn.Fault    what it was made from, if a layer added meaning
---@field traceback? string    kind "bug" only

return fault
