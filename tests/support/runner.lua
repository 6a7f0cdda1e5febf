--- Runs tests in the place they are called from, without the walls of `tarn test`:
--
--     build/tarn run tests/support/runner.lua [--filter TEXT] FILE...

local fault = require "base.fault"
local runner = require "testing.runner"

local files, filter, words = {}, nil, { ... }
local i = 1
while i <= #words do
  if words[i] == "--filter" then
    filter = words[i + 1]
    i = i + 1
  else
    files[#files + 1] = words[i]
  end
  i = i + 1
end
table.sort(files)

local failed = runner.print(runner.results(files, { filter = filter }), function(text)
  io.stdout:write(text)
end)
if failed > 0 then
  fault.raise { kind = "http", op = "tests", message = ("%d failed"):format(failed) }
end
