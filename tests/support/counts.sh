# shellcheck shell=sh
# counts.sh: how a suite in sh ends. Sourced by npm.sh and pip.sh from the root of the tree, after
# the suite has set `log`, a file for the output of commands, and `count`, the number of tests that
# are left out if the suite is skipped.
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
