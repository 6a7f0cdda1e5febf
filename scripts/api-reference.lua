local reference = require "engine.reference"

return {
  summary = "Print the reference: all commands, options, modules and functions.",
  effect = "read",
  details = [[
As text, each part is a page in Markdown; docs/reference has these pages. -o json prints
everything as data, for programs that generate stubs, forms or clients. Your own commands and
modules are included.]],
  args = {
    { "part", "choice", "Print only this part of the text.", choices = reference.parts,
      optional = true, positional = true },
  },
  examples = {
    { "api-reference library", "print the page of the library" },
    { "api-reference -o json", "print everything, for another program" },
  },
  see = { "types", "help" },

  run = function(ctx, arg)
    ctx.render = { text = function(data, screen)
      for _, part in ipairs(arg.part and { arg.part } or reference.parts) do
        screen:write(reference.markdown(data, part))
      end
    end }
    return reference.read()
  end,
}
