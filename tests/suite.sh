#!/bin/sh
# suite.sh BUILD FILE: run one suite, a C test program or a file of tests, with a home,
# configuration, state and temporary folder of its own. Prints the suite's output if it failed,
# and one line, "FILE: N passed, N failed", perhaps with ", N skipped". A suite without a test has
# failed, and so has one in Lua or Python that leaves something in the temporary folder. A C
# test program runs under the command UNDER, if that is in the environment.
set -u
build=$1
file=$2
out=$(mktemp)
home=$(mktemp -d)
export HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_STATE_HOME="$home/state"
chmod 711 "$home"
mkdir -m 1777 "$home/tmp" # a test that gives up root still reaches it
export TMPDIR="$home/tmp"
for name in $(env | sed -n 's/^\(DATABRICKS_[A-Z_]*\|ARM_[A-Z_]*\|TARN_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
trap 'rm -rf "$out" "$home"' EXIT

case "$file" in
# A busy machine is no failure: the limit is for tests that hang.
*.lua) "$build/tarn" test --timeout 300 "$file" >"$out" 2>&1 ;;
*.py) python3 "$file" "$build" >"$out" 2>&1 ;;
*)
    # shellcheck disable=SC2086 # a command and its options
    ${UNDER:-} "$file" >"$out" 2>&1
    ;;
esac
status=$?

line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -n 1)
if [ -n "$line" ]; then
    passed=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
    failed=$(echo "$line" | sed -n 's/^.* passed, \([0-9]*\) failed.*/\1/p')
    skipped=$(echo "$line" | sed -n 's/^.* failed, \([0-9]*\) skipped$/\1/p')
else # CMocka, which names a failed test and a skipped one twice
    passed=$(grep -ac '^\[       OK \]' "$out")
    failed=$(grep -ac '^\[  FAILED  \] [a-zA-Z0-9_]*$' "$out")
    failed=$(((failed + 1) / 2))
    skipped=$(grep -ac '^\[  SKIPPED \] [a-zA-Z0-9_]*$' "$out")
    skipped=$(((skipped + 1) / 2))
fi
# A suite that died has not counted the test in which it died.
[ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
if [ "$((passed + failed + ${skipped:-0}))" = 0 ]; then
    echo "no test ran" >>"$out"
    failed=1
fi
left=$(ls -A "$TMPDIR")
case "$file:$status:$left" in
*.lua:0:?* | *.py:0:?*)
    echo "left in the temporary folder: $left" >>"$out"
    failed=$((failed + 1))
    ;;
esac

exec 9>"$build/tests.lock"
flock 9 # the output of one suite stays together
[ "$failed" = 0 ] || cat "$out"
case ${skipped:-0} in
0) echo "$file: $passed passed, $failed failed" ;;
*) echo "$file: $passed passed, $failed failed, $skipped skipped" ;;
esac
[ "$failed" = 0 ]
