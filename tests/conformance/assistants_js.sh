#!/bin/sh
# assistants_js.sh [BUILD]: `tarn mcp` and /mcp of `tarn serve`, called by the official TypeScript
# client of the Model Context Protocol, and by the command line of its inspector. Without node or
# the npm registry the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
work=$build/assistants
log=$work/log
count=$(grep -c '^ *test(' tests/conformance/assistants/client.test.mjs)
. tests/support/npm.sh

need_node
mkdir -p "$work" || exit 1
cp tests/conformance/assistants/* "$work" || exit 1
npm_install "$work"
TARN=$(realpath "$build/tarn")
export TARN
run_node_tests "$work/client.test.mjs"
finish "$passed" "$failed"
