#!/bin/sh
# run.sh [BUILD]: what `BUILD/tarn serve` says of its API, held against the rules of a linter that
# we did not write. Where node or the npm registry is out of reach it is skipped, and says why.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
work=$build/openapi

skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

fail() {
    [ ! -f "$work/log" ] || cat "$work/log"
    echo "$1"
    echo "0 passed, 1 failed"
    exit 1
}

command -v npm >/dev/null 2>&1 || skip "npm is not installed"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
    skip "node $(node --version) is older than 20"

mkdir -p "$work/home" || exit 1
cp tests/openapi/package.json tests/openapi/package-lock.json "$work" || exit 1
if ! (cd "$work" && npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000) \
    >"$work/log" 2>&1; then
    grep -q -i -E 'code (ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|E[45][0-9][0-9])' \
        "$work/log" && skip "npm cannot reach its registry"
    fail "npm cannot install the linter"
fi

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
umask 077
echo token-of-the-linter-1 >"$work/token"
HOME=$work/home XDG_STATE_HOME=$work/home "$build/tarn" -p demo serve --port 0 \
    --token-file "$work/token" >"$work/out" 2>"$work/err" &
server=$!
url=
for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$work/err")
    [ -n "$url" ] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[ -n "$url" ] || fail "the server does not start"
node -e '
fetch(process.argv[1] + "/api/openapi.json", { headers: { Authorization: "Bearer token-of-the-linter-1" } })
  .then((r) => r.text()).then((text) => require("fs").writeFileSync(process.argv[2], text))
' "$url" "$work/openapi.json" || fail "there is no description"

(cd "$work" && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    node_modules/.bin/redocly lint --extends recommended --max-problems 50 openapi.json) \
    >"$work/log" 2>&1 || fail "the linter found mistakes"
grep -q -i 'warning' "$work/log" && ! grep -q 'You have 0 warnings' "$work/log" &&
    grep -q -E 'You have [1-9][0-9]* warning' "$work/log" && fail "the linter warns"
echo "1 passed, 0 failed"
