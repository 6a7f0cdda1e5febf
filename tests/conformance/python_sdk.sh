#!/bin/sh
# python_sdk.sh [BUILD]: the Python SDK of Databricks against `BUILD/tarn sandbox`. Without Python or
# the registry of its packages the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
log=$build/conformance/python.log
count=$(cat tests/conformance/python_sdk_*.py | grep -c '^    def test_')
. tests/support/pip.sh

mkdir -p "$build/conformance" || exit 1
pip_install "$build" tests/conformance/python_sdk.txt

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
err=$build/conformance/python.err
"$build/tarn" sandbox --port 0 --fresh --run-ms 800 >"$build/conformance/python.out" 2>"$err" &
server=$!
wait_for "listening on" "$server" "$err" ||
    { log=$err && fail "the embedded workspace does not start"; }

# No setting of this machine reaches the SDK.
env -i PATH="$PATH" HOME="$build/conformance" TARN_SANDBOX="$value" TARN_TESTS="$count" \
    "$python" -B tests/conformance/python_sdk.py
status=$?
grep -v '^listening on' "$err"
exit "$status"
