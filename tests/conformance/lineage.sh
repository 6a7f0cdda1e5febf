#!/bin/sh
# lineage.sh [BUILD]: the truth of tests/corpus/lineage, judged without Tarn: sqlglot reads the SQL,
# and Python itself runs the Python code, with a pipelines module and a Spark that only take notes.
# Where PyPI cannot be reached the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
work=$build/conformance
# shellcheck disable=SC2034 # for pip.sh
log=$work/lineage.log
# shellcheck disable=SC2034 # for pip.sh
count=$(find tests/corpus/lineage -name '*.json' | wc -l)
. tests/support/pip.sh

mkdir -p "$work" || exit 1
pip_install "$build" tests/conformance/lineage.txt
# shellcheck disable=SC2154 # pip_install sets it
exec "$python" tests/conformance/lineage.py
