#!/bin/sh
# models.sh [BUILD] [--write]: are the lists of fields that bundles and Terraform know, and the
# tests' model of the API, what the packages of models.txt say, and not too old? With --write they
# are written. Without the registry the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
work=$build/models
log=$work/log
# shellcheck disable=SC2034 # for skip
count=6
. tests/support/pip.sh

mkdir -p "$work" || exit 1
pip_download "$work" tests/conformance/models.txt
exec python3 tests/conformance/models.py "$work" ${2:+"$2"}
