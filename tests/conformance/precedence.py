"""precedence.py BUILD: Databricks' SDK for Python reads the same arguments, variables, config file
and log-ins as `tarn`, and comes to the same host and credential in each row of
tests/support/precedence.txt, or to what the row says. Its log-ins are asked of `BUILD/tarn`, in
place of the Databricks CLI."""

import base64
import http.server
import json
import os
import re
import sys
import tempfile
import threading
import urllib.parse

from databricks.sdk.config import Config

BUILD = os.path.abspath(sys.argv[1])
VARIABLES = {
    "H": "DATABRICKS_HOST", "T": "DATABRICKS_TOKEN", "I": "DATABRICKS_CLIENT_ID",
    "S": "DATABRICKS_CLIENT_SECRET", "P": "DATABRICKS_CONFIG_PROFILE",
    "M": "DATABRICKS_AUTH_TYPE", "C": "DATABRICKS_CONFIG_FILE", "W": "DATABRICKS_WAREHOUSE_ID",
    "A": "ARM_CLIENT_ID", "Z": "ARM_CLIENT_SECRET", "N": "ARM_TENANT_ID",
    "O": "DATABRICKS_OIDC_TOKEN", "V": "DATABRICKS_OIDC_TOKEN_ENV",
    "F": "DATABRICKS_OIDC_TOKEN_FILEPATH", "G": "ACTIONS_ID_TOKEN_REQUEST_URL",
    "U": "DATABRICKS_USERNAME", "K": "DATABRICKS_PASSWORD",
}


class Workspace(http.server.BaseHTTPRequestHandler):
    """Gives tokens that tell by which credential they were got."""

    def reply(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/oidc/.well-known/oauth-authorization-server":
            base = f"http://{self.headers['Host']}/oidc/v1/"
            self.reply({"token_endpoint": base + "token", "authorization_endpoint": base + "auth"})
        elif self.path == "/.well-known/databricks-config":
            self.reply({"oidc_endpoint": f"http://{self.headers['Host']}/oidc"})
        else:
            self.reply({"error_code": "ENDPOINT_NOT_FOUND", "message": "no"}, 404)

    def do_POST(self):
        form = urllib.parse.parse_qs(
            self.rfile.read(int(self.headers["Content-Length"])).decode())
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            token = base64.b64decode(basic[6:]).decode()
        elif "refresh_token" in form:
            token = form["refresh_token"][0]
        else:
            token = form.get("client_id", [""])[0] + ":" + form.get("subject_token", [""])[0]
        self.reply({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Workspace)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


HOSTS = {"X": serve(), "Y": serve()}

# The SDK asks the CLI for its version before it asks for a token by a profile's name.
LAUNCHER = f"""#!/bin/sh
case $1 in
version) echo '{{"Version": "0.300.0", "Major": 0, "Minor": 300, "Patch": 0}}' ;;
*) exec {BUILD}/tarn "$@" ;;
esac
"""


def rows():
    with open("tests/support/precedence.txt", encoding="utf-8") as table:
        for line in table:
            fields = [field.strip() for field in line.rstrip("\n").split("|")]
            if not line.startswith("#") and len(fields) == 5:
                yield line.strip(), *fields


def settle(home, variables, text):
    """The environment and the files of a row."""
    for name in list(os.environ):
        if re.match("DATABRICKS_|ARM_|ACTIONS_", name):
            del os.environ[name]
    os.environ.update({"HOME": home, "DATABRICKS_CLI_PATH": f"{home}/databricks",
                       "DATABRICKS_AUTH_STORAGE": "plaintext", "PATH": "/usr/bin:/bin"})
    for name, value in re.findall(r"([A-Z])=(\S*)", variables):
        value = VARIABLES[value] if name == "V" else HOSTS.get(value, value)
        os.environ[VARIABLES[name]] = value
    text = re.sub(r"=([XY])\b", lambda m: "=" + HOSTS[m[1]], text)
    text = re.sub(r"/(?=[\[a-z])", "\n", re.sub("//", "\0", text)).replace("\0", "//")
    with open(f"{home}/.databrickscfg", "w", encoding="utf-8") as out:
        out.write(text + "\n")
    with open(f"{home}/databricks", "w", encoding="utf-8") as out:
        out.write(LAUNCHER)
    os.chmod(f"{home}/databricks", 0o700)
    os.makedirs(f"{home}/.databricks", mode=0o700)
    entry = {"token_type": "Bearer", "expiry": "2999-01-01T00:00:00Z"}
    tokens = {key: entry | {"access_token": name, "refresh_token": name}
              for key, name in (("me", "of-me"), (HOSTS["X"], "of-X"))}
    with open(f"{home}/.databricks/token-cache.json", "w", encoding="utf-8") as out:
        json.dump({"version": 1, "tokens": tokens}, out)


def used(words, variables, text):
    """What the SDK uses: "X pat e", or "no" and the message."""
    with tempfile.TemporaryDirectory() as home:
        settle(home, variables, text)
        profile = re.search(r"-p (\S+)", words)
        try:
            config = Config(profile=profile and profile[1])
            header = config.authenticate()["Authorization"]
        except Exception as e:  # the SDK raises what it likes
            return "no " + str(e).split("\n", maxsplit=1)[0]
        name = {url: name for name, url in HOSTS.items()}.get(config.host, config.host)
        return f"{name} {config.auth_type} {header.removeprefix('Bearer ')}"


def main():
    passed = failed = 0
    for line, words, variables, text, wanted, sdk in rows():
        expected = wanted if sdk == "=" else re.sub(": .*", "", sdk)
        got = used(words, variables, text)
        same = got.startswith("no ") if expected.startswith("no") else got == expected
        passed += same
        failed += not same
        if not same:
            print(f"FAILED: {line}\n    the SDK: {got}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
