--- docs/guide/deploying.md: each command in it runs; what it promises about callers holds.

local program = require "testing.program"
local fs = require "native.fs"
local walkthrough = require "support.walkthrough"

-- A certificate for the server that needs one.
local CERTIFICATE <const> = [[
openssl req -x509 -newkey rsa:2048 -nodes -keyout tarn.key -out tarn.crt -days 2 \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>openssl.log]]

local CALL_TLS <const> = [[
TLS=$(sed -n 's/^listening on //p' tls.log)
curl -f -s --cacert tarn.crt "https://127.0.0.1:${TLS##*:}/healthz" >tls.answer]]

test("docs/guide/deploying.md does what it says", function(t)
  if program.shell("command -v curl && command -v openssl").status ~= 0 then
    return t.skip "curl and openssl are needed"
  end
  local walk = walkthrough.run(t, "docs/guide/deploying.md", { before = CERTIFICATE,
    after = CALL_TLS, change = function(command)
      return (command:gsub("^curl", "curl -f"))
    end })
  t.match(walk.all, "# EOF")
  t.match(walk.left["tls.log"], "listening on https://")
  t.equal(walk.left["tls.answer"], "ok\n")
  t.no_match(walk.left["proxy.log"], (walk.left["token"]:gsub("%s", "")))
end)

test("an address that others can reach needs TLS, or the word for it", function(t)
  local r = program.run { "serve", "--bind", "0.0.0.0", "--port", "0" }
  t.equal(r.status, 2)
  t.match(r.stderr, "--insecure-bind")
  t.equal(program.run({ "serve", "--cert", "x" }).status, 2)
  t.equal(program.run({ "serve", "--public-url", "tarn.example.com" }).status, 2)
end)

test("the unit for systemd says where the program is", function(t)
  local text = fs.read "src/serve/tarn.service.in"
  t.match(text, "ExecStart=@CMAKE_INSTALL_FULL_BINDIR@/tarn serve")
  for _, word in ipairs { "DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes" } do
    t.match(text, word)
  end
end)
