#!/bin/sh
# precedence.sh [BUILD]: Databricks' SDK for Python finds hosts and credentials as
# tests/support/precedence.txt says, from the same files as `BUILD/tarn`. Without Python or the
# registry of its packages the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
log=$build/conformance/precedence.log
# shellcheck disable=SC2034 # for the suite
count=$(grep -c '|.*|.*|.*|' tests/support/precedence.txt)
. tests/support/pip.sh

mkdir -p "$build/conformance" || exit 1
pip_install "$build" tests/conformance/python_sdk.txt

# The SDK warns of much that the rows are about.
# shellcheck disable=SC2154 # pip_install sets it
env -i PATH="$PATH" HOME="$build/conformance" "$python" -B tests/conformance/precedence.py "$build" \
    2>"$log"
