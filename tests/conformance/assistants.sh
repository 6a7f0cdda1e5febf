#!/bin/sh
# assistants.sh [BUILD]: `tarn mcp` and /mcp of `tarn serve`, called by the official Python client of
# the Model Context Protocol. Without Python or the registry of its packages the suite is skipped,
# with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
log=$build/venv/assistants.log
# shellcheck disable=SC2034 # for skip
count=62
. tests/support/pip.sh

mkdir -p "$build/venv" || exit 1
pip_install "$build" tests/conformance/assistants.txt
# shellcheck disable=SC2154 # pip_install sets it
exec "$python" -B tests/conformance/assistants.py "$build"
