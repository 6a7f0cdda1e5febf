---@meta native.process
--- Run other programs, without a shell.
--
--     local process = require "native.process"
--     local result = process.run({ "sort", "-u" }, { stdin = "b\na\nb\n", timeout = 5 })
--     print(result.status, result.stdout)
local process = {}

---@class tarn.ProcessOptions
---@field stdin? string
---@field timeout? number     seconds; default 60. Afterwards the child is killed: fault `timeout`
---@field env? table<string,string|false> set, or with false unset, in the child
---@field cwd? string
---@field max_bytes? integer  of stdout and of stderr; default 16 MiB
---@field inherit? boolean    the child uses our stdin, stdout and stderr

---@class tarn.ProcessResult
---@field status integer   exit status, or 128 + signal
---@field stdout string
---@field stderr string

--- Run a program and wait for its end. A program that cannot be started is a fault `io`.
---@param argv string[]
---@param opts? tarn.ProcessOptions
---@return tarn.ProcessResult
function process.run(argv, opts) end

--- The process id of this program.
---@return integer
function process.pid() end

return process
