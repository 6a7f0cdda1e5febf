--- docs/guide/serving.md: each command in it runs; the program it starts listens, and ends in order.

local cli = require "testing.program"
local fs = require "native.fs"

-- The page's shell, block by block, in their order.
local function blocks()
  local list = {}
  for text in fs.read("docs/guide/serving.md"):gmatch "```sh\n(.-)```" do
    list[#list + 1] = text
  end
  return list
end

local function has(program)
  return cli.shell("command -v " .. program).status == 0
end

-- A certificate for the block that needs one.
local CERTIFICATE <const> = [[
openssl req -x509 -newkey rsa:2048 -nodes -keyout tarn.key -out tarn.crt -days 2 \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>openssl.log
]]

-- Waits for a log to say where its server listens.
local WAIT <const> = [[
wait_for() {
  n=0
  until grep -q '^listening on ' "$1"; do
    n=$((n + 1)); [ $n -lt 300 ] || { cat "$1"; exit 1; }
    sleep 0.1
  done
}
]]

test("each command of docs/guide/serving.md runs, one after the other", function(t)
  if not has "curl" or not has "openssl" then
    return t.skip "curl and openssl are needed"
  end
  local dir <close> = cli.dir()
  local list = blocks()
  t.is_true(#list >= 5, #list)
  local lines = { "set -u", 'tarn() { "$TARN" "$@"; }', WAIT, CERTIFICATE, "pids=" }
  for _, block in ipairs(list) do
    for line in block:gmatch "[^\n]+" do
      local log = line:match "2>(%S+) &$"
      if log then
        lines[#lines + 1] = "rm -f " .. log -- of the server before, which may still write to it
        lines[#lines + 1] = line:gsub("^tarn", '"$TARN"', 1)
        lines[#lines + 1] = ('pids="$pids $!"; wait_for %s'):format(log)
      elseif line:find "^curl" then
        lines[#lines + 1] = line:gsub("^curl", "curl -f", 1) .. ' >>answers || { echo "failed: '
          .. #lines .. '"; status=1; }; echo >>answers'
      else
        lines[#lines + 1] = line
      end
    end
  end
  lines[#lines + 1] = [[
TLS=$(sed -n 's/^listening on //p' tls.log)
case $TLS in https://*) ;; *) echo "no https: $TLS"; status=1 ;; esac
curl -f -s --cacert tarn.crt "https://127.0.0.1:${TLS##*:}/healthz" >tls.answer || status=1
for pid in $pids; do kill "$pid"; done
for pid in $pids; do wait "$pid" || { echo "ended with $?"; status=1; }; done
exit ${status-0}
]]
  local r = cli.shell(table.concat(lines, "\n"), { cwd = dir.path, home = dir.path,
    env = { XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0, r.stdout .. r.stderr)
  local answers = dir.read "answers"
  t.match(answers, '"name":"sales_forecast"')
  t.match(answers, '"status":"triggered"')
  t.match(answers, '"new_name":"orders copy"')
  t.match(answers, '"openapi":"3.1.0"')
  t.match(answers, "# EOF")
  t.equal(dir.read "tls.answer", "ok\n")
  t.no_match(dir.read "proxy.log", (dir.read "token"):gsub("%s", ""))
end)

test("an address that others can reach needs TLS, or the word for it", function(t)
  local r = cli.run { "serve", "--bind", "0.0.0.0", "--port", "0" }
  t.equal(r.status, 2)
  t.match(r.stderr, "--insecure-bind")
  t.equal(cli.run({ "serve", "--cert", "x" }).status, 2)
  t.equal(cli.run({ "serve", "--public-url", "tarn.example.com" }).status, 2)
end)

test("the link is printed once, if the token is in no file; a signal ends it", function(t)
  local dir <close> = cli.dir()
  local r = cli.shell([[
"$TARN" -p demo serve --port 0 2>log & pid=$!
n=0; until grep -q '^open ' log; do n=$((n+1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done
kill -TERM $pid; wait $pid; echo "status $?"; cat log]], { cwd = dir.path, home = dir.path,
    env = { XDG_STATE_HOME = dir.path } })
  t.match(r.stdout, "status 0")
  t.match(r.stdout, "listening on http://127%.0%.0%.1:%d+\nopen http://[%d.:]+/login%?token=%x+\n$",
    true)
end)

test("the unit for systemd says where the program is", function(t)
  local text = fs.read "src/serve/tarn.service.in"
  t.match(text, "ExecStart=@CMAKE_INSTALL_FULL_BINDIR@/tarn serve")
  for _, word in ipairs { "DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes" } do
    t.match(text, word)
  end
end)
