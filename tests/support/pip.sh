# shellcheck shell=sh
# pip.sh: for the suites that need packages from PyPI. Sourced from the root of the tree; see
# counts.sh for what the suite sets before.
#
#     pip_install "$build" tests/conformance/NAME.txt
#     "$python" tests/conformance/NAME.py "$build"
# shellcheck disable=SC2154

. tests/support/counts.sh

need_python() {
    command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        skip "python3 cannot make virtual environments: install python3-venv"
}

# pip_install BUILD FILE: the packages that the requirements file pins, in a virtual environment of
# its own, BUILD/venv/NAME; sets `python`. Packages that are there are not installed again until the
# file changes.
pip_install() {
    need_python
    venv=$1/venv/$(basename "$2" .txt)
    # shellcheck disable=SC2034 # for the suite
    python=$venv/bin/python
    ! cmp -s "$2" "$venv/installed.txt" || return 0
    { python3 -m venv "$venv" && "$venv/bin/pip" install --disable-pip-version-check \
        --progress-bar off --retries 1 --timeout 20 -r "$2"; } >"$log" 2>&1 &&
        cp "$2" "$venv/installed.txt" && return
    # pip says "no matching distribution" after a failed connection too.
    reason=$(grep -Eo 'NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|ProtocolError|RemoteDisconnected|HTTP error [45][0-9][0-9]|too many [45][0-9][0-9] error' \
        "$log" | head -n 1)
    [ -z "$reason" ] || skip "pip cannot reach its registry ($reason)"
    fail "pip cannot install the packages of $2"
}
