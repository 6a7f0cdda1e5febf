# shellcheck shell=sh
# npm.sh: for the suites that need npm (tests/web, tests/conformance, tests/openapi). Sourced by
# their run.sh from the root of the tree; see counts.sh for what they set before.
# shellcheck disable=SC2154

. tests/support/counts.sh

need_node() {
    command -v node >/dev/null 2>&1 || skip "node is not installed"
    command -v npm >/dev/null 2>&1 || skip "npm is not installed"
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
        skip "node $(node --version) is older than 20"
}

# npm_install FOLDER: the packages of its lock file.
npm_install() {
    (cd "$1" && npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000) >"$log" 2>&1 &&
        return
    reason=$(sed -n 's/^npm err[a-z!]* code //Ip' "$log" | head -n 1)
    case $reason in
    ECONN* | ENOTFOUND | ETIMEDOUT | EAI_AGAIN | ENETUNREACH | EHOSTUNREACH | EIDLETIMEOUT | \
        ERR_SOCKET* | FETCH_ERROR | ENOTCACHED | E4?? | E5?? | *CERT*)
        skip "npm cannot reach its registry ($reason)"
        ;;
    esac
    fail "npm cannot install the packages of $1"
}

# run_node_tests FILE...: run them; sets `passed` and `failed`. Node counts a file without a test as
# one that passed: therefore there must be at least `count` tests.
run_node_tests() {
    node --test --test-reporter=spec "$@" >"$log" 2>&1
    cat "$log"
    passed=$(sed -n 's/^. pass \([0-9]*\)$/\1/p' "$log" | tail -n 1)
    failed=$(sed -n 's/^. fail \([0-9]*\)$/\1/p' "$log" | tail -n 1)
    passed=${passed:-0}
    failed=${failed:-1}
    if [ "$count" = 0 ] || [ "$((passed + failed))" -lt "$count" ]; then
        echo "$((passed + failed)) tests ran; there are at least $count"
        failed=$((failed + 1))
    fi
}
