#!/bin/sh
# run.sh [BUILD]: the page in a real browser, against embedded workspaces. Builds the page into
# BUILD, installs a browser and what drives it, and prints "N passed, N failed". Where packages or
# the npm registry are out of reach the suite is skipped, and says why.
set -u
cd "$(dirname "$0")/../.." || exit 1
source=$(pwd)
build=${1:-build}
case $build in /*) ;; *) build=$source/$build ;; esac
work=$build/web
log=$work/log
count=$(cat tests/web/*.test.mjs | grep -c '^ *test(')

skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, $count skipped"
    exit 0
}

failed() {
    cat "$log"
    echo "$1"
    echo "0 passed, 1 failed"
    exit 1
}

# install PACKAGE...: as root or through sudo; false where that cannot be.
install() {
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@"
}

# npm_install FOLDER: what its lock file names.
npm_install() {
    (cd "$1" && npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000) >"$log" 2>&1 &&
        return
    reason=$(sed -n 's/^npm err[a-z!]* code //Ip' "$log" | head -n 1)
    case $reason in
    ECONN* | ENOTFOUND | ETIMEDOUT | EAI_AGAIN | ENETUNREACH | EHOSTUNREACH | EIDLETIMEOUT | \
        ERR_SOCKET* | FETCH_ERROR | ENOTCACHED | E4?? | E5?? | *CERT*)
        skip "npm cannot reach its registry ($reason)"
        ;;
    esac
    failed "npm cannot install what $1 names"
}

mkdir -p "$work" || exit 1
if ! command -v chromium >/dev/null || ! command -v npm >/dev/null ||
    ! command -v curl >/dev/null; then
    install chromium nodejs npm curl >"$log" 2>&1 ||
        skip "chromium, nodejs, npm and curl cannot be installed"
fi

[ -d src/web/node_modules/htm ] || npm_install src/web
{ cmake -S . -B "$build" -G Ninja && cmake --build "$build" --target tarn; } >"$log" 2>&1 ||
    failed "the page cannot be built"

cp tests/web/*.mjs tests/web/package.json tests/web/package-lock.json "$work" || exit 1
npm_install "$work"

passed=0
bad=0
# What eslint looks at must lie below its configuration.
rm -rf "$work/page" && mkdir "$work/page" && cp -R src/web/assets/. "$work/page" || exit 1
if (cd "$work" && npx --no-install eslint .) >"$log" 2>&1; then
    passed=1
    echo "eslint: ok"
else
    bad=1
    cat "$log"
    echo "eslint: failed"
fi

# Here the page is in the program; elsewhere this suite may run without it.
if "$build/tarn" test tests/lua/server/static_test.lua >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "bundle: ok"
else
    bad=$((bad + 1))
    cat "$log"
    echo "bundle: failed"
fi

# demo: builds build/, so only where that is what is tested.
demo() {
    state=$(mktemp -d)
    XDG_STATE_HOME=$state ./dev demo --web --port 0 >"$log" 2>&1 &
    demo=$!
    for _ in $(seq 600); do
        # A line may come in pieces: it is whole when it has ended.
        grep -q '^open http' "$log" && [ -z "$(tail -c 1 "$log")" ] && break
        kill -0 "$demo" 2>/dev/null || break
        sleep 0.1
    done
    link=$(sed -n 's/^open //p' "$log")
    curl -sfL -c "$state/cookies" "$link" | grep -q '<script type="module"'
    status=$?
    kill "$demo" 2>/dev/null
    wait "$demo" 2>/dev/null
    rm -rf "$state"
    return "$status"
}
if [ "$build" = "$source/build" ]; then
    if demo; then
        passed=$((passed + 1))
        echo "./dev demo --web: ok"
    else
        bad=$((bad + 1))
        cat "$log"
        echo "./dev demo --web: failed"
    fi
fi

# Some at once: they mostly wait.
(cd "$work" && TARN_BUILD=$build TARN_SOURCE=$source \
    node --test --test-concurrency=3 --test-reporter=spec ./*.test.mjs) >"$log" 2>&1
cat "$log"
ran=$(sed -n 's/^. pass \([0-9]*\)$/\1/p' "$log" | tail -n 1)
broken=$(sed -n 's/^. fail \([0-9]*\)$/\1/p' "$log" | tail -n 1)
passed=$((passed + ${ran:-0}))
bad=$((bad + ${broken:-1}))
echo "screenshots: $work/shots"
echo "$passed passed, $bad failed"
[ "$bad" = 0 ]
