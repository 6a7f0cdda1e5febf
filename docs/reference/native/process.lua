---@meta native.process
--- Runs other programs, with a list of arguments and never through a shell. Other tasks run
-- meanwhile. In a read-only process, no program can be run (a fault `usage`).
--
--     local process = require "native.process"
--     local result = process.run({ "sort", "-u" }, { stdin = "b\na\nb\n", timeout = 5 })
--     print(result.status, result.stdout)
--
-- Source: src/api/l_process.c.
local process = {}

---@class tarn.ProcessOptions
---@field stdin? string       bytes for the program's standard input
---@field timeout? number     seconds; default 60. Then the program is killed: a fault `timeout`
---@field env? table<string,string|false> variables to set, or with false to unset, in the program
---@field cwd? string         the working directory of the program
---@field max_bytes? integer  of stdout and of stderr each; default 16 MiB
---@field inherit? boolean    true: the program uses stdin, stdout and stderr of Tarn

---@class tarn.ProcessResult
---@field status integer   the exit status, or 128 + the number of the signal
---@field stdout string
---@field stderr string

--- Run a program and wait for its end. A fault `io` if it cannot be started, or prints too much.
---@param argv string[] the program, which is searched for in PATH, and its arguments
---@param opts? tarn.ProcessOptions
---@return tarn.ProcessResult
function process.run(argv, opts) end

--- The process id of Tarn.
---@return integer
function process.pid() end

return process
