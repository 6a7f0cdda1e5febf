#!/bin/sh
# models.sh [BUILD] [--write]: are the lists of fields that bundles and Terraform know, and the
# tests' model of the API, what the packages of models.txt say, and not too old? With --write they
# are written. Without the registry the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
log=$build/venv/models.log
# shellcheck disable=SC2034 # for skip
count=6
. tests/support/pip.sh

mkdir -p "$build/venv" || exit 1
pip_install "$build" tests/conformance/models.txt
# shellcheck disable=SC2154 # pip_install sets it
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))') || exit 1
exec "$python" tests/conformance/models.py "$packages" ${2:+"$2"}
