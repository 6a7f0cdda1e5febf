#!/bin/sh
# suite.sh BUILD FILE: run one suite, a C test program or a file of tests, with a home,
# configuration, state and temporary folder of its own. Prints the suite's output if it failed,
# and one line, "FILE: N passed, N failed". A suite without a test, or one that leaves something
# in the temporary folder, has failed.
set -u
build=$1
file=$2
out=$(mktemp)
home=$(mktemp -d)
export HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_STATE_HOME="$home/state"
chmod 711 "$home"
mkdir -m 1777 "$home/tmp" # also for tests that give their rights up
export TMPDIR="$home/tmp"
for name in $(env | sed -n 's/^\(DATABRICKS_[A-Z_]*\|ARM_[A-Z_]*\|TARN_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
trap 'rm -rf "$out" "$home"' EXIT

case "$file" in
# A busy machine is no failure: the limit is for tests that hang.
*.lua) "$build/tarn" test --timeout 600 "$file" >"$out" 2>&1 ;;
*.py) python3 "$file" "$build" >"$out" 2>&1 ;;
*) "$file" >"$out" 2>&1 ;;
esac
status=$?

line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -n 1)
if [ -n "$line" ]; then
    passed=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
    failed=$(echo "$line" | sed -n 's/^.* passed, \([0-9]*\) failed.*/\1/p')
else # CMocka, which names a failed test twice
    passed=$(grep -c '^\[       OK \]' "$out")
    failed=$(grep -c '^\[  FAILED  \] [a-zA-Z0-9_]*$' "$out")
    failed=$(((failed + 1) / 2))
fi
# A suite that died has not counted the test in which it died.
[ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
[ "$((passed + failed))" != 0 ] || [ "$(grep -c ' skipped$' "$out")" != 0 ] || failed=1
left=$(ls -A "$TMPDIR")
if [ "$status" = 0 ] && [ -n "$left" ]; then
    echo "left in the temporary folder: $left" >>"$out"
    failed=$((failed + 1))
fi

exec 9>"$build/tests.lock"
flock 9 # the output of one suite stays together
[ "$failed" = 0 ] || cat "$out"
echo "$file: $passed passed, $failed failed"
