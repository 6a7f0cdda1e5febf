#!/bin/sh
# run.sh [BUILD]: the description of the API of `BUILD/tarn serve`, checked by a linter. Without
# node or the npm registry the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
work=$build/openapi
log=$work/log
count=1
. tests/support/npm.sh

need_node
mkdir -p "$work/home" || exit 1
cp tests/openapi/package.json tests/openapi/package-lock.json "$work" || exit 1
npm_install "$work"

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
umask 077
echo token-of-the-linter-1 >"$work/token"
HOME=$work/home XDG_STATE_HOME=$work/home "$build/tarn" -p demo serve --port 0 \
    --token-file "$work/token" >"$work/out" 2>"$work/err" &
server=$!
wait_for "listening on" "$server" "$work/err" ||
    { log=$work/err && fail "the server does not start"; }
node -e '
const { readFileSync, writeFileSync } = require("fs");
const [, url, token, file] = process.argv;
const headers = { Authorization: "Bearer " + readFileSync(token, "utf8").trim() };
fetch(url + "/api/openapi.json", { headers }).then((r) => r.text())
  .then((text) => writeFileSync(file, text));
' "$value" "$work/token" "$work/openapi.json" >"$log" 2>&1 || fail "there is no description"

(cd "$work" && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    node_modules/.bin/redocly lint --extends recommended --max-problems 50 openapi.json) \
    >"$log" 2>&1 || fail "the linter found errors"
! grep -q -E 'You have [1-9][0-9]* warning' "$log" || fail "the linter found warnings"
grep -q -E 'openapi.json: validated' "$log" || fail "the linter checked nothing"
finish 1 0
