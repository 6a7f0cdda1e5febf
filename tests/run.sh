#!/bin/sh
# run.sh BUILD [PATTERN...]: all suites of the tree with the programs in BUILD, those whose name
# holds one of the PATTERNs if any is given; as many at once as there are processors. Ends in
# one line, "N passed, N failed".
set -u
build=$1
shift
[ $# != 0 ] || set -- ""
cd "$(dirname "$0")/.." || exit 1
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT

# wanted FILE PATTERN...
wanted() {
    file=$1
    shift
    for pattern in "$@"; do
        case "$file" in *"$pattern"*) return 0 ;; esac
    done
    return 1
}

for suite in "$build"/test_* tests/lua/*_test.lua tests/scripts/*_test.lua tests/property/*.py; do
    if [ -f "$suite" ] && wanted "$suite" "$@"; then
        echo "$suite"
    fi
done | xargs -n 1 -P "$(nproc)" tests/suite.sh "$build" | tee "$counts"

sed -n 's/^[^ ]*: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$counts" |
    awk '{ passed += $1; failed += $2 }
         END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }'
