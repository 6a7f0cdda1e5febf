#!/bin/sh
# run.sh [BUILD]: the page in a real browser, against embedded workspaces. Builds the page into
# BUILD, installs a browser and the packages of the tests, and prints "N passed, N failed". Without
# the packages or the npm registry the suite is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
source=$(pwd)
build=${1:-build}
case $build in /*) ;; *) build=$source/$build ;; esac
work=$build/web
log=$work/log
count=$(cat tests/web/*.test.mjs | grep -c '^ *test(')
. tests/support/npm.sh

# install PROGRAM PACKAGE...: the packages, as root or through sudo, if the program is missing.
install() {
    command -v "$1" >/dev/null && return
    shift
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@"; } >"$log" 2>&1 ||
        skip "these packages cannot be installed: $*"
}

mkdir -p "$work" || exit 1
install chromium chromium
install npm nodejs npm
install curl curl

need_node

[ -d src/web/node_modules/htm ] || npm_install src/web
{ cmake -S . -B "$build" -G Ninja && cmake --build "$build" --target tarn; } >"$log" 2>&1 ||
    fail "the page cannot be built"

cp tests/web/*.mjs tests/web/package.json tests/web/package-lock.json "$work" || exit 1
npm_install "$work"

checked=0
bad=0

# check NAME COMMAND...
check() {
    name=$1
    shift
    if "$@" >"$log" 2>&1; then
        checked=$((checked + 1))
        echo "$name: ok"
    else
        bad=$((bad + 1))
        cat "$log"
        echo "$name: failed"
    fi
}

# eslint looks only at files below its configuration.
lint_page() {
    rm -rf "$work/page" && mkdir "$work/page" && cp -R src/web/assets/. "$work/page" || return
    (cd "$work" && npx --no-install eslint .)
}
check eslint lint_page

# This build has the page in the program. Elsewhere the suite can run without it.
check bundle "$build/tarn" test tests/lua/server/static_test.lua

# The demo builds in build/: only if this is the folder that is tested.
demo() {
    state=$(mktemp -d)
    XDG_STATE_HOME=$state ./dev demo --web --port 0 >"$state/log" 2>&1 &
    demo=$!
    wait_for open "$demo" "$state/log" &&
        curl -sfL -c "$state/cookies" "$value" | grep -q '<script type="module"'
    status=$?
    kill "$demo" 2>/dev/null
    wait "$demo" 2>/dev/null
    cat "$state/log"
    rm -rf "$state"
    return "$status"
}
[ "$build" != "$source/build" ] || check "./dev demo --web" demo

# Three files at once: they mostly wait.
cd "$work" || exit 1
export TARN_BUILD="$build" TARN_SOURCE="$source"
run_node_tests --test-concurrency=3 ./*.test.mjs
echo "screenshots: $work/shots"
finish $((checked + passed)) $((bad + failed))
