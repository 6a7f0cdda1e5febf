# shellcheck shell=sh
# suites.sh: which suites run, and the sum of their counts. Sourced by run.sh and valgrind.sh.

# wanted NAME PATTERN...: the name contains one of the patterns, and none that has a "!" before it.
wanted() {
    name=$1
    is_wanted=1
    shift
    for pattern in "$@"; do
        case "$pattern" in
        !*) case "$name" in *"${pattern#!}"*) return 1 ;; esac ;;
        *) case "$name" in *"$pattern"*) is_wanted=0 ;; esac ;;
        esac
    done
    return $is_wanted
}

# sum COUNTS SUITES: the sum of the lines of suite.sh in the file COUNTS; SUITES has a line for each
# suite that ran. A suite without counts has failed, and so has a run without a test.
sum() {
    sed -n 's/^[^ ]*: \([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}$/\1 \2 \4/p' \
        "$1" |
        awk -v suites="$(wc -l <"$2")" '
             { passed += $1; failed += $2; skipped += $3 }
             END { failed += suites - NR
                   printf "%d passed, %d failed", passed, failed
                   if (skipped > 0) printf ", %d skipped", skipped
                   print ""
                   exit failed > 0 || passed == 0 }'
}
