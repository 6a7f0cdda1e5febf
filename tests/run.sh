#!/bin/sh
# run.sh BUILD [PATTERN...]: all suites of the tree with the programs in BUILD, or those whose path
# contains one of the PATTERNs, and none that has a "!" before it; as many at once as there are processors. The last line is
# "N passed, N failed", perhaps with ", N skipped". A run without a test has failed.
set -u
build=$1
shift
[ $# != 0 ] || set -- ""
cd "$(dirname "$0")/.." || exit 1
counts=$(mktemp)
suites=$(mktemp)
trap 'rm -f "$counts" "$suites"' EXIT

. tests/support/suites.sh

{
    find "$build" -maxdepth 1 -name 'test_*' -type f -perm -u+x
    find tests/lua tests/commands tests/docs -name '*_test.lua'
    find tests/property -name '*.py'
} | sort | while read -r suite; do
    if wanted "$suite" "$@"; then
        echo "$suite"
    fi
done >"$suites"
if [ ! -s "$suites" ]; then
    echo "no suite has $* in its path: they are $build/test_*, tests/lua/, tests/commands/," \
        "tests/docs/ and tests/property/" >&2
    echo "0 passed, 0 failed"
    exit 1
fi
xargs -n 1 -P "$(nproc)" tests/suite.sh "$build" <"$suites" | tee "$counts"

sum "$counts" "$suites"
