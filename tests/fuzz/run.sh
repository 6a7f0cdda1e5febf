#!/bin/sh
# run.sh BUILD [TARGET] [SECONDS]: each fuzz target of BUILD, or one, for so many seconds (20), as
# many at once as there are processors. What is new to a target's coverage stays in
# BUILD/corpus/TARGET. A crash becomes a seed in tests/fuzz/seeds/TARGET. Ends in one line, "N
# passed, N failed".
#
# run.sh BUILD --keep [TARGET]: adds inputs of the corpus to the seeds, those that reach what the
# seeds do not: small ones, and few.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
seeds=$root/tests/fuzz/seeds

LARGEST=512 # bytes of a seed that is kept
MOST=8     # seeds that a target gets at once

# Files of targets are written many times: in memory, where there is such a place.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm

# What one run says: "NAME: 12345 executions in 20 s, 678 places reached: passed".
one() {
    build=$1 name=$2 seconds=$3
    corpus=$build/corpus/$name
    found=$build/found/$name
    mkdir -p "$corpus" "$found" "$seeds/$name"
    # An engine or a server keeps memory from one input to the next, and a search for leaks after
    # each would take most of the time. The end of test_fuzz_NAME has one, with sanitizers.
    leaks=1
    case "$name" in
    pattern | http_request | tls) leaks=0 ;;
    *) [ ! -f "$root/tests/fuzz/fuzz_$name.lua" ] || leaks=0 ;;
    esac
    "$build/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -detect_leaks="$leaks" -print_final_stats=1 -artifact_prefix="$found/" "$corpus" "$seeds/$name" \
        >"$found/log" 2>&1
    status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/log")
    places=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$found/log" | tail -n 1)
    result=passed
    if [ "$status" != 0 ]; then
        result=failed
        grep -av '^#' "$found/log" | tail -n 40
        for file in "$found"/crash-* "$found"/leak-* "$found"/timeout-* "$found"/oom-*; do
            [ -f "$file" ] || continue
            mv "$file" "$seeds/$name/"
            echo "the input is a seed now: tests/fuzz/seeds/$name/$(basename "$file")"
        done
    fi
    rm -f "$found"/slow-unit-*
    echo "$name: ${executions:-0} executions in $seconds s, ${places:-0} places reached: $result"
}

keep() {
    build=$1 name=$2
    small=$(mktemp -d)
    grown=$(mktemp -d)
    find "$build/corpus/$name" -type f -size -$((LARGEST + 1))c -exec cp {} "$small" \;
    cp "$seeds/$name"/* "$grown"
    "$build/fuzz_$name" -merge=1 "$grown" "$small" >/dev/null 2>&1 ||
        echo "$name: the corpus cannot be merged"
    # The smallest first: they are read by people too.
    find "$grown" -type f -printf '%s %f\n' | sort -n | cut -d ' ' -f 2 | while read -r file; do
        [ -e "$seeds/$name/$file" ] || echo "$file"
    done | head -n "$MOST" | while read -r file; do
        short=$(echo "$file" | cut -c 1-12) # libFuzzer's names are hashes
        cp "$grown/$file" "$seeds/$name/$short"
        echo "$name: $short"
    done
    find "$small" "$grown" -type f -delete
    rmdir "$small" "$grown"
}

if [ "$1" = --one ]; then
    exec 9>"$2/fuzz.lock"
    words=$(one "$2" "$4" "$3")
    flock 9 # the words of one target stay together
    echo "$words"
    exit 0
fi

build=$(cd "$1" && pwd)
shift
keeping=no seconds=20 wanted=
for word in "$@"; do
    case "$word" in
    --keep) keeping=yes ;;
    *[!0-9]*) wanted=$word ;;
    *) seconds=$word ;;
    esac
done
if [ -n "$wanted" ] && [ ! -x "$build/fuzz_$wanted" ]; then
    echo "no target $wanted; there are:" "$(cd "$build" && echo fuzz_* | sed 's/fuzz_//g')" >&2
    exit 2
fi
targets=$(cd "$build" && find . -maxdepth 1 -name "fuzz_${wanted:-*}" -type f -perm -u+x |
    sed 's,^\./fuzz_,,' | sort)

if [ "$keeping" = yes ]; then
    for name in $targets; do
        keep "$build" "$name"
    done
    exit 0
fi

lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
echo "$targets" | xargs -n 1 -P "$(nproc)" "$0" --one "$build" "$seconds" | tee "$lines"
passed=$(grep -ac ' places reached: passed$' "$lines")
failed=$(grep -ac ' places reached: failed$' "$lines")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
