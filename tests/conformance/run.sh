#!/bin/sh
# run.sh [BUILD]: Databricks' JavaScript SDK against `BUILD/tarn sandbox`. Where node or the
# npm registry is out of reach the suite is skipped, and says why.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
work=$build/conformance
log=$work/log
count=$(grep -c '^ *test(' tests/conformance/sdk.test.mjs)

skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, $count skipped"
    exit 0
}

command -v node >/dev/null 2>&1 || skip "node is not installed"
command -v npm >/dev/null 2>&1 || skip "npm is not installed"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
    skip "node $(node --version) is older than 20"

mkdir -p "$work" || exit 1
cp tests/conformance/package.json tests/conformance/package-lock.json \
    tests/conformance/sdk.test.mjs "$work" || exit 1
if ! (cd "$work" && npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000) \
    >"$log" 2>&1; then
    reason=$(sed -n 's/^npm err[a-z!]* code //Ip' "$log" | head -n 1)
    case $reason in
    ECONN* | ENOTFOUND | ETIMEDOUT | EAI_AGAIN | ENETUNREACH | EHOSTUNREACH | EIDLETIMEOUT | \
        ERR_SOCKET* | FETCH_ERROR | ENOTCACHED | E4?? | E5?? | *CERT*)
        skip "npm cannot reach its registry ($reason)"
        ;;
    esac
    cat "$log"
    echo "npm cannot install the SDK"
    echo "0 passed, 1 failed"
    exit 1
fi

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
"$build/tarn" sandbox --port 0 --fresh --run-ms 800 >"$work/out" 2>"$work/err" &
server=$!
url=
for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$work/err")
    [ -n "$url" ] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
if [ -z "$url" ]; then
    echo "the embedded workspace does not start:"
    cat "$work/err"
    echo "0 passed, 1 failed"
    exit 1
fi

TARN_SANDBOX=$url node --test --test-reporter=spec "$work/sdk.test.mjs" >"$log" 2>&1
cat "$log"
grep -v '^listening on' "$work/err"
passed=$(sed -n 's/^. pass \([0-9]*\)$/\1/p' "$log" | tail -n 1)
failed=$(sed -n 's/^. fail \([0-9]*\)$/\1/p' "$log" | tail -n 1)
echo "${passed:-0} passed, ${failed:-1} failed"
[ "${failed:-1}" = 0 ]
