#!/bin/sh
# valgrind.sh BUILD [PATTERN...]: the tests in C with the programs in BUILD under valgrind's
# memcheck, which sees reads of memory that nobody has written, as no sanitizer here does. Only
# those whose name holds one of the PATTERNs if any is given. A suite fails for what valgrind
# reports, too. Ends in one line, "N passed, N failed".
set -u
build=$1
shift
[ $# != 0 ] || set -- ""
cd "$(dirname "$0")/.." || exit 1
counts=$(mktemp)
again=$(mktemp)
suites=$(mktemp)
trap 'rm -f "$counts" "$again" "$suites"' EXIT

# left_out NAME: too slow, or about time, which passes otherwise here.
left_out() {
    case "$1" in
    test_stdlib_string) ;; # compares a million matches with Lua's: minutes
    test_jsonnumber) ;;    # reads a million numbers
    test_workspace) ;;     # measures how requests are spread over time
    *) return 1 ;;
    esac
}

. tests/support/suites.sh

UNDER="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite
  --child-silent-after-fork=yes --suppressions=$PWD/tests/support/valgrind.supp"
export UNDER

# By the sources: a build that is not fresh may hold programs of tests that are no more.
for source in tests/unit/test_*.c tests/api/test_*.c; do
    name=$(basename "$source" .c)
    if ! left_out "$name" && wanted "$name" "$@"; then
        echo "$build/$name"
    fi
done >"$suites"
[ ! -s "$suites" ] || xargs -n 1 -P "$(nproc)" tests/suite.sh "$build" <"$suites" >"$counts"

# One that waited for too long beside others, on a machine that is as slow as this, may do
# better alone.
grep -E '^[^ ]*: [0-9]+ passed, 0 failed$' "$counts"
sed -n 's/^\([^ ]*\): [0-9]* passed, [1-9][0-9]* failed$/\1/p' "$counts" >"$again"
while read -r suite; do
    sed -i "\\|^$suite: |d" "$counts"
    tests/suite.sh "$build" "$suite" </dev/null | tee -a "$counts"
done <"$again"

sum "$counts" "$suites"
