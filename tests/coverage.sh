#!/bin/sh
# coverage.sh BUILD [PATTERN...]: runs the suites (as run.sh does) with the programs in BUILD, which
# were built with -D TARN_COVERAGE=ON, and prints how much of src/ they went through: lines and
# branches, of each folder and of all. Fails if a suite does, or a folder has fewer lines than it
# should have. BUILD/coverage.txt shows each line that nobody came to.
set -u
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.." || exit 1
profiles=$build/profiles
mkdir -p "$profiles"
find "$profiles" -name '*.profraw' -delete

# %m: all runs of a program add to one file of it.
LLVM_PROFILE_FILE="$profiles/%4m.profraw" tests/run.sh "$build" "$@"
status=$?

llvm-profdata-14 merge -sparse "$profiles"/*.profraw -o "$build/coverage.profdata" || exit 1
llvm-cov-14 show "$build/tarn" -instr-profile="$build/coverage.profdata" src \
    >"$build/coverage.txt" || exit 1
llvm-cov-14 export -summary-only "$build/tarn" -instr-profile="$build/coverage.profdata" src |
    python3 tests/coverage.py || status=1
exit "$status"
