local auth = require "server.auth"
local fault = require "base.fault"
local serve = require "server.start"

local function check(ctx, arg)
  if (arg.cert == nil) ~= (arg.key == nil) then
    fault.usage(ctx.op, "--cert and --key go together")
  elseif not auth.is_loopback(arg.bind) and not arg.cert and not arg.insecure_bind then
    fault.usage(ctx.op, ("%s can be reached from other machines, and the token would travel in "
      .. "the clear"):format(arg.bind),
      "--cert and --key give it TLS; --insecure-bind says that a proxy in front does")
  elseif arg.public_url and not arg.public_url:find "^https?://[%w.:%[%]-]+$" then
    fault.usage(ctx.op, "--public-url is not a scheme and a host: https://tarn.example.com")
  end
end

local function names(text)
  local list = {}
  for name in (text or ""):gmatch "[^,%s]+" do
    list[#list + 1] = name
  end
  return list
end

return {
  summary = "Serve the HTTP API and the page.",
  effect = "read",
  endless = true,
  details = [[
Everything under /api/dlt is a command of this program with the same arguments; what there is,
/api/openapi.json says. Who calls needs the token: the link that is printed at the start sets a
cookie for a browser, and a program sends `Authorization: Bearer TOKEN`. Without --token-file the
token is new at every start.

It listens on this machine only. Another --bind needs TLS (--cert, --key), or --insecure-bind.
The workspace is that of --profile; requests may name those of --profiles too.

A first Ctrl-C or SIGTERM ends it when what runs has ended, after --grace seconds at the latest;
a second one at once.]],
  args = {
    { "port", "integer", "Port to listen on; 0 takes a free one.", default = 8765, min = 0,
      max = 65535, value = "N" },
    { "bind", "string", "Address to listen on.", default = "127.0.0.1", value = "ADDR" },
    { "token_file", "path", "File that holds the token; a new one is written if it is missing.",
      optional = true, value = "FILE" },
    { "profiles", "string", "More profiles that requests may name, with commas.", optional = true,
      value = "A,B" },
    { "all_profiles", "flag", "Requests may name every profile there is." },
    { "cert", "path", "Certificate for TLS, PEM.", optional = true, value = "FILE" },
    { "key", "path", "Its key, PEM.", optional = true, value = "FILE" },
    { "public_url", "string", "Under which address others see it, behind a proxy.",
      optional = true, value = "URL" },
    { "insecure_bind", "flag", "Listen where others can reach it, without TLS." },
    { "allow_private_hosts", "flag", "dest_host may be in a private network." },
    { "cache", "number", "Seconds that a list and the dashboard may be old.", default = 5, min = 0,
      max = 3600, value = "S" },
    { "grace", "number", "Seconds that requests have to end in at the end.", default = 10, min = 0,
      max = 600, value = "S" },
  },
  examples = {
    { "serve --profile demo", "the embedded workspace, in a browser" },
    { "serve --profile prod --profiles dr,dev --port 9000", "three workspaces" },
    { "serve --bind 0.0.0.0 --cert tarn.crt --key tarn.key", "for others, with TLS" },
    { "serve --token-file ~/.config/tarn/token --port 0", "the same token at every start" },
  },
  see = { "dashboard", "sandbox" },

  run = function(ctx, arg)
    check(ctx, arg)
    collectgarbage "generational" -- most of what a request makes is gone with its answer
    local server <close> = serve.start {
      port = arg.port, bind = arg.bind, token_file = arg.token_file, certificate = arg.cert,
      key = arg.key, public = arg.public_url, profile = ctx.options.profile,
      profiles = names(arg.profiles), all_profiles = arg.all_profiles, options = ctx.options,
      cache = arg.cache, allow_private_hosts = arg.allow_private_hosts,
      log = not ctx.options.quiet and function(line) io.stderr:write(line, "\n") end or nil,
    }
    io.stderr:write("listening on ", server:url(), "\n")
    server:reveal()
    server:wait(arg.grace)
  end,
}
