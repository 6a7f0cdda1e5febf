#!/bin/sh
# run.sh [BUILD]: the JavaScript SDK of Databricks against `BUILD/tarn sandbox`. Without node or the
# npm registry the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
work=$build/conformance
log=$work/log
count=$(grep -c '^ *test(' tests/conformance/sdk.test.mjs)
. tests/support/npm.sh

need_node
mkdir -p "$work" || exit 1
cp tests/conformance/package.json tests/conformance/package-lock.json \
    tests/conformance/sdk.test.mjs "$work" || exit 1
npm_install "$work"

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
"$build/tarn" sandbox --port 0 --fresh --run-ms 800 >"$work/out" 2>"$work/err" &
server=$!
wait_for "listening on" "$server" "$work/err" ||
    { log=$work/err && fail "the embedded workspace does not start"; }

export TARN_SANDBOX="$value"
run_node_tests "$work/sdk.test.mjs"
grep -v '^listening on' "$work/err"
finish "$passed" "$failed"
