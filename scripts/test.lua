local fault = require "base.fault"

return {
  summary = "Run tests of your own scripts, against the embedded workspace.",
  effect = "read",
  endless = true,
  details = [[
A test file is Lua and calls `test("a sentence that is true", function(t) ... end)`. Of a folder
all files below it whose names end in _test.lua are run. `require("tarn").testing` gives a
test an embedded workspace, faults, a clock that it can move, recorded traffic and golden texts:
docs/scripting/testing.md.

Tests run apart: the journal and the embedded workspaces of a run are its own and are forgotten,
and no profile but demo and demo-dr, which are new each time, can be opened.]],
  args = {
    { "files", "list", "Files, and folders with files.", positional = true, optional = true },
    { "filter", "string", "Only tests whose name, or the name of whose file, holds this.", optional = true },
    { "update", "flag", "Write golden texts anew." },
  },
  examples = {
    { "test tests", "all tests below a folder" },
    { "test stale_test.lua --filter weekend", "some tests of one file" },
  },
  see = { "new", "run", "sandbox" },
  render = {
    fields = { "file", "name", "outcome", "message", "seconds" },
    text = function(results, out)
      require("testing.runner").print(results, function(text) out:write(text) end)
    end,
  },

  run = function(ctx, arg)
    local testing = require "testing.suite"
    local files = testing.files(arg.files or { "." })
    if #files == 0 then
      fault.not_found("tarn test", "no file whose name ends in _test.lua",
        "name a file, or a folder that has some")
    end
    require("testing.golden").update = arg.update or os.getenv "UPDATE_GOLDEN" ~= nil
    return testing.run(ctx, files, { filter = arg.filter, timeout = ctx.options.timeout })
  end,
}
