#!/bin/sh
# bundles.sh [BUILD]: does the package databricks-bundles, which refuses unknown fields, read every
# bundle that Tarn exports, and is every field in it that the package knows? Without the registry
# the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
log=$build/venv/bundles.log
# shellcheck disable=SC2034 # for skip
count=2
. tests/support/pip.sh

mkdir -p "$build/venv" || exit 1
pip_install "$build" tests/conformance/bundles.txt
# shellcheck disable=SC2154 # pip_install sets it
exec "$python" tests/conformance/bundles.py "$build"
