# shellcheck shell=sh
# npm.sh: for the suites that need npm (tests/web, tests/conformance, tests/openapi). Sourced by
# their run.sh, which sets `log`, a file for the output of commands, and `count`, the number of
# tests that are left out if the suite is skipped.
# shellcheck disable=SC2154

# skip REASON
skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, $count skipped"
    exit 0
}

# fail REASON: with the output of the last command.
fail() {
    [ ! -f "$log" ] || cat "$log"
    echo "$1"
    echo "0 passed, 1 failed"
    exit 1
}

# finish PASSED FAILED: the line of counts, and the status. A suite without a test has failed.
finish() {
    if [ "$(($1 + $2))" = 0 ]; then
        echo "no test ran"
        set -- 0 1
    fi
    echo "$1 passed, $2 failed"
    [ "$2" = 0 ]
}

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

# wait_for WORD PID FILE: wait until the process, a child of this shell, has written a line
# "WORD VALUE" to the file, and set `value`; false if the process ends without that line. Not for
# $(...): only the shell itself sees that its child has ended.
wait_for() {
    while :; do
        kill -0 "$2" 2>/dev/null
        ended=$?
        # A line can arrive in pieces: it is complete at the end of the line.
        value=$(awk -v word="$1 " 'index($0, word) == 1 { print substr($0, length(word) + 1) }' \
            "$3" 2>/dev/null | head -n 1)
        if [ -n "$value" ] && { [ "$ended" != 0 ] || [ -z "$(tail -c 1 "$3")" ]; }; then
            return 0
        fi
        [ "$ended" = 0 ] || return 1
        sleep 0.1
    done
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
