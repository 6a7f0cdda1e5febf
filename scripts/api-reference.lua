local reference = require "engine.reference"

return {
  summary = "Print all commands, options, modules and functions.",
  effect = "read",
  details = [[
As text a page in Markdown for each part (docs/reference is made so); with -o json all of it as
data, for programs that write stubs, forms or clients. Your own commands and modules are in it.]],
  args = {
    { "part", "choice", "One part of the text.", choices = reference.parts, optional = true,
      positional = true },
  },
  examples = {
    { "api-reference library", "the modules that scripts use, as a page" },
    { "api-reference -o json", "everything, for another program" },
  },
  see = { "types", "help" },

  run = function(ctx, arg)
    ctx.render = { text = function(data, out)
      for _, part in ipairs(arg.part and { arg.part } or reference.parts) do
        out:write(reference.markdown(data, part))
      end
    end }
    return reference.read()
  end,
}
