local reference = require "engine.reference"

return {
  summary = "Print all commands, options, modules and functions.",
  effect = "read",
  details = [[
As text a page in Markdown (docs/reference.md is made so); with -o json the same as data, for
programs that write stubs, forms or clients. Your own commands and modules are in it.]],
  args = {},
  examples = { { "api-reference -o json", "for another program" } },
  see = { "types", "help" },
  render = {
    text = function(data, out) out:write(reference.markdown(data)) end,
  },

  run = function() return reference.read() end,
}
