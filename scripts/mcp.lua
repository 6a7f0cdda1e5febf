local clients = require "server.mcp.clients"
local stdio = require "server.mcp.stdio"

return {
  summary = "Serve the commands as tools to an assistant (Model Context Protocol).",
  effect = "read",
  endless = true,
  details = [[
Speaks the Model Context Protocol on standard input and output: an assistant's program starts it.
Each command that the HTTP API has is a tool, and each script of your own; its header gives the
name, the arguments and the form of the result. Pages of the documentation, pipelines and updates
are resources.

Tools only read, unless --allow is given. What destroys something asks you first, by a form of the
assistant's program; where that program has none, it is refused. Credentials are never arguments or
results, and values that look like secrets are masked.

--install prints the entry for the settings of common programs.]],
  args = {
    { "allow", "choice", "What tools may do: read, write (change things) or destroy.",
      choices = { "read", "write", "destroy" }, default = "read" },
    { "install", "flag", "Print the entry for the settings of assistants' programs." },
  },
  examples = {
    { "mcp --install --profile prod", "print the entry for the workspace of a profile" },
    { "mcp --profile dev --allow write", "serve tools that may change things" },
  },
  see = { "serve", "new" },

  run = function(ctx, arg)
    if arg.install then
      return print(clients.entries(ctx.options.profile, arg.allow))
    end
    stdio.serve(ctx.options, arg.allow)
  end,
}
