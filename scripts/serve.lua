local auth = require "server.auth"
local collections = require "base.collections"
local fault = require "base.fault"
local serve = require "server.start"

local function check(ctx, arg)
  if (arg.cert == nil) ~= (arg.key == nil) then
    fault.usage(ctx.op, "--cert and --key go together")
  elseif not auth.is_loopback(arg.bind) and not arg.cert and not arg.insecure_bind then
    fault.usage(ctx.op, ("other machines can reach %s, and would send the token unencrypted")
      :format(arg.bind), "use TLS (--cert and --key), or --insecure-bind if a proxy provides it")
  elseif arg.public_url and not arg.public_url:find "^https?://[%w.:%[%]-]+$" then
    fault.usage(ctx.op, "--public-url must be a scheme and a host: https://tarn.example.com")
  end
end

return {
  summary = "Serve the HTTP API and the web page.",
  effect = "read",
  endless = true,
  details = [[
Each path under /api/dlt is a command with the same arguments; /api/openapi.json describes all
paths. Clients need the token: the printed link sets a cookie in a browser, and a program sends
`Authorization: Bearer TOKEN`. Without --token-file the token is new at each start.

The server listens on this machine only. Another --bind needs TLS (--cert, --key), or
--insecure-bind. The workspace is that of --profile; requests may also name those of --profiles.

After the first Ctrl-C or SIGTERM, running requests have --grace seconds to finish; a second one
ends the server at once.]],
  args = {
    { "port", "integer", "Port to listen on; 0 chooses a free one.", default = 8765, min = 0,
      max = 65535, value = "N" },
    { "bind", "string", "Address to listen on.", default = "127.0.0.1", value = "ADDR" },
    { "token_file", "path", "File that holds the token; it is created if it does not exist.",
      optional = true, value = "FILE" },
    { "profiles", "string", "Further profiles that requests may name, separated by commas.",
      optional = true, value = "A,B" },
    { "all_profiles", "flag", "Requests may name any profile." },
    { "cert", "path", "PEM file with the certificate for TLS.", optional = true, value = "FILE" },
    { "key", "path", "PEM file with the key of the certificate.", optional = true, value = "FILE" },
    { "public_url", "string", "URL by which clients reach the server, behind a proxy.",
      optional = true, value = "URL" },
    { "insecure_bind", "flag", "Listen on a public address without TLS." },
    { "allow_private_hosts", "flag", "dest_host may be in a private network, or on this machine." },
    { "mcp_allow", "choice", "What tools of assistants at /mcp may do: read, write or destroy.",
      choices = { "read", "write", "destroy" }, default = "read" },
    { "cache", "number", "Seconds that a cached list or dashboard may be old.", default = 5,
      min = 0, max = 3600, value = "S" },
    { "grace", "number", "Seconds for running requests to finish at the end.", default = 10,
      min = 0, max = 600, value = "S" },
  },
  examples = {
    { "serve --profile demo", "show the embedded workspace in a browser" },
    { "serve --profile prod --profiles dr,dev --port 9000", "serve three workspaces" },
    { "serve --bind 0.0.0.0 --cert tarn.crt --key tarn.key", "serve other machines, with TLS" },
    { "serve --token-file ~/.config/tarn/token --port 0", "use the same token at each start" },
  },
  see = { "dashboard", "sandbox" },

  run = function(ctx, arg)
    check(ctx, arg)
    collectgarbage "generational" -- most objects of a request die with its answer
    local server <close> = serve.start {
      port = arg.port, bind = arg.bind, token_file = arg.token_file, certificate = arg.cert,
      key = arg.key, public = arg.public_url, profile = ctx.options.profile,
      profiles = collections.words(arg.profiles), all_profiles = arg.all_profiles,
        options = ctx.options,
      cache = arg.cache, mcp_allow = arg.mcp_allow, allow_private_hosts = arg.allow_private_hosts,
      log = not ctx.options.quiet and function(line) io.stderr:write(line, "\n") end or nil,
    }
    io.stderr:write("listening on ", server:url(), "\n")
    server:reveal()
    server:wait(arg.grace)
  end,
}
