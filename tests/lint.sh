#!/bin/sh
# lint.sh: check formats and run the linters. Uses build/compile_commands.json. Each linter counts as
# one test; ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

check() {
    name=$1
    shift
    if "$@" >"$out" 2>&1; then
        passed=$((passed + 1))
        echo "lint $name: ok"
    else
        failed=$((failed + 1))
        tail -n 60 "$out"
        echo "lint $name: failed"
    fi
}

all_files=$(find src tests -name '*.[ch]')
[ -f build/compile_commands.json ] || cmake -S . -B build -G Ninja >/dev/null || exit 1
cmake --build build --target tarncore >/dev/null || exit 1 # generates the C file of the bundle

# shellcheck disable=SC2086 # the names have no blanks
check clang-format clang-format --dry-run -Werror $all_files
check luacheck luacheck -q lua scripts tests docs/reference/native
check shellcheck shellcheck dev .ci/run tests/*.sh tests/fuzz/*.sh tests/conformance/*.sh tests/openapi/*.sh tests/web/*.sh lua/engine/shells/tarn.bash

tidy() {
    find src tests -name '*.c' -print0 |
        xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build --quiet --warnings-as-errors='*'
}
check clang-tidy tidy

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
