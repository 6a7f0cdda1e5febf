local fault = require "base.fault"

return {
  summary = "Run tests of your own scripts, against the embedded workspace.",
  effect = "read",
  endless = true,
  details = [[
A test file calls `test("a sentence that is true", function(t) ... end)`. In a folder, all files
at any depth whose names end in _test.lua are run. `require("tarn").testing` gives a test an
embedded workspace, faults, a clock that the test moves, recorded traffic and golden texts: see
docs/scripting/testing.md.

Tests are isolated: a run has its own journal and its own embedded workspaces, which are deleted
at the end. Only the profiles demo and demo-dr can be opened; they are new in each run.]],
  args = {
    { "files", "list", "Files and folders; default: the working directory.", positional = true,
      optional = true },
    { "filter", "string", "Run only tests whose name or file name contains this text.",
      optional = true },
    { "update", "flag", "Write the golden texts anew." },
  },
  examples = {
    { "test tests", "run all tests in a folder" },
    { "test stale_test.lua --filter weekend", "run some tests of one file" },
  },
  see = { "new", "run", "sandbox" },
  render = {
    fields = { "file", "name", "outcome", "message", "seconds" },
    text = function(results, screen)
      require("testing.runner").print(results, function(text) screen:write(text) end)
    end,
  },

  run = function(ctx, arg)
    local suite = require "testing.suite"
    local files = suite.files(arg.files or { "." })
    if #files == 0 then
      fault.not_found("tarn test", "there is no file whose name ends in _test.lua",
        "name a file, or a folder with such files")
    end
    require("testing.golden").update = arg.update or os.getenv "UPDATE_GOLDEN" ~= nil
    return suite.run(ctx, files, { filter = arg.filter, timeout = ctx.options.timeout })
  end,
}
