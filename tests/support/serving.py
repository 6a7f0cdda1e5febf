"""A `tarn serve` over the embedded workspace, in a process and a home of its own."""

import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile

TOKEN = "token-of-the-test-0123456789"


class Serving:
    def __init__(self, build, *words, env=None):
        self.home = tempfile.mkdtemp()
        path = os.path.join(self.home, "token")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(TOKEN + "\n")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "TARN_"))}
        clean.update(HOME=self.home, XDG_STATE_HOME=self.home, XDG_CONFIG_HOME=self.home)
        clean.update(env or {})
        self.log = open(os.path.join(self.home, "log"), "wb")
        self.process = subprocess.Popen(
            [os.path.join(build, "tarn"), "-p", "demo", "serve", "--port", "0", "--profiles", "demo-dr",
             "--token-file", path, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log, env=clean)
        self.port = None
        while self.port is None:
            if self.process.poll() is not None:
                raise SystemExit("tarn serve does not start: " + self.text())
            found = re.search(r"listening on https?://127\.0\.0\.1:(\d+)\n", self.text())
            self.port = int(found.group(1)) if found else None

    def text(self):
        with open(os.path.join(self.home, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def ask(self, method, path, body=None, headers=None, connection=None):
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        all_headers = {"Authorization": "Bearer " + TOKEN}
        if body is not None:
            all_headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        all_headers.update(headers or {})
        own.request(method, path, body, all_headers)
        answer = own.getresponse()
        data = answer.read()
        if connection is None:
            own.close()
        return answer, data

    def memory(self):
        """Resident bytes now."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    def cpu(self):
        """Seconds of work so far: its own, whatever else the machine does."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.terminate()
        status = self.process.wait(60)
        self.log.close()
        text = self.text()
        shutil.rmtree(self.home)
        return status, text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)


class Counter:
    """Counts checks; prints those that fail, and at the end how many did."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, ok, detail=""):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}: {detail}"[:2000])

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        raise SystemExit(self.failed > 0)
