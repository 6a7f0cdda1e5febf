#!/bin/sh
# lint.sh: formatters and linters over the tree. Configures build. Each check
# counts as one test; ends in "N passed, N failed". A check without a file has failed.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# check NAME FILES COMMAND...: the command gets the files, names without blanks, as arguments.
check() {
    name=$1
    files=$2
    shift 2
    # shellcheck disable=SC2086
    if [ -z "$files" ]; then
        echo "there is no file to check" >"$out"
        false
    else
        "$@" $files >"$out" 2>&1
    fi
    # shellcheck disable=SC2181
    if [ $? = 0 ]; then
        passed=$((passed + 1))
        echo "lint $name: ok"
    else
        failed=$((failed + 1))
        grep -v " warnings generated" "$out" | tail -n 60
        echo "lint $name: failed"
    fi
}

cmake -S . -B build -G Ninja -D TARN_TESTS=ON >/dev/null || exit 1 # with the tests' commands
cmake --build build --target tarncore >/dev/null || exit 1 # generates the C file of the bundle

c_files=$(find src tests -name '*.[ch]')
lua_files=$(find lua scripts tests docs/reference/native -name '*.lua')
shell_files="dev .ci/run $(find tests -name '*.sh') lua/engine/shells/tarn.bash"

check clang-format "$c_files" clang-format --dry-run -Werror
check luacheck "$lua_files" luacheck -q
check shellcheck "$shell_files" shellcheck

tidy() {
    printf '%s\n' "$@" |
        xargs -n 1 -P "$(nproc)" clang-tidy -p build --quiet --warnings-as-errors='*'
}
check clang-tidy "$(find src tests -name '*.c')" tidy

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
