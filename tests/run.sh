#!/bin/sh
# run.sh BUILD [PATTERN]: all tests of the tree with the programs in BUILD, those whose name
# holds PATTERN if one is given. Ends in one line, "N passed, N failed".
set -u
build=$1
pattern=${2-}
cd "$(dirname "$0")/.." || exit 1
out=$(mktemp)
# Tests see no workspace, no configuration and no state of whoever runs them.
home=$(mktemp -d)
export HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_STATE_HOME="$home/state"
for name in $(env | sed -n 's/^\(DATABRICKS_[A-Z_]*\|ARM_[A-Z_]*\|TARN_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
trap 'rm -rf "$out" "$home"' EXIT
passed=0
failed=0

count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

for program in "$build"/test_*; do
    [ -f "$program" ] || continue
    case "$program" in *"$pattern"*) ;; *) continue ;; esac
    "$program" >"$out" 2>&1
    status=$?
    ok=$(grep -c '^\[       OK \]' "$out")
    bad=$(grep -c '^\[  FAILED  \] [a-zA-Z0-9_]*$' "$out")
    # CMocka names a failed test twice; one that died has not been counted at all.
    bad=$(((bad + 1) / 2))
    [ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
    count "$ok" "$bad"
    if [ "$bad" = 0 ]; then
        echo "$(basename "$program"): $ok passed, 0 failed"
    else
        cat "$out"
        echo "$(basename "$program"): $ok passed, $bad failed (exit status $status)"
    fi
done

# suite NAME COMMAND...: a program that ends in a line "N passed, N failed".
suite() {
    name=$1
    shift
    case "$name" in *"$pattern"*) ;; *) return ;; esac
    "$@" >"$out" 2>&1
    status=$?
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -n 1)
    ok=$(echo "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
    bad=$(echo "$line" | sed -n 's/^.* passed, \([0-9]*\) failed.*/\1/p')
    if [ -z "$line" ] || { [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
        bad=1
    fi
    count "${ok:-0}" "${bad:-1}"
    [ "$bad" = 0 ] || cat "$out"
    echo "$name: ${ok:-0} passed, $bad failed"
}

for file in tests/lua/*_test.lua tests/scripts/*_test.lua; do
    [ -f "$file" ] || continue
    suite "$file" "$build/tarn" run tests/support/runner.lua "$file"
done
for file in tests/property/*.py; do
    [ -f "$file" ] || continue
    suite "$file" python3 "$file" "$build"
done
for file in tests/shell/*_test.sh; do
    [ -f "$file" ] || continue
    suite "$file" sh "$file" "$build"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
