"""A `tarn serve` over the embedded workspace, in a process and a home of its own."""

import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from checks import TARN

TOKEN = "token-of-the-test-0123456789"


class Serving:
    def __init__(self, *words):
        self.home = tempfile.mkdtemp()
        path = os.path.join(self.home, "token")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(TOKEN + "\n")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "TARN_"))}
        env.update(HOME=self.home, XDG_STATE_HOME=self.home, XDG_CONFIG_HOME=self.home)
        self.log = open(os.path.join(self.home, "log"), "wb")
        self.process = subprocess.Popen(
            [TARN, "-p", "demo", "serve", "--port", "0", "--profiles", "demo-dr",
             "--token-file", path, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log, env=env)
        self.port = None
        while self.port is None:
            time.sleep(0.02)
            ended = self.process.poll() is not None
            found = re.search(r"listening on https?://127\.0\.0\.1:(\d+)\n", self.text())
            if found:
                self.port = int(found.group(1))
            elif ended:
                raise SystemExit("tarn serve does not start: " + self.text())

    def text(self):
        """The log so far."""
        with open(os.path.join(self.home, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def request(self, method, path, body=None, connection=None):
        """One request, on a connection of its own unless one is given: the response, and its
        body."""
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        headers = {"Authorization": "Bearer " + TOKEN}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        own.request(method, path, body, headers)
        response = own.getresponse()
        data = response.read()
        if connection is None:
            own.close()
        return response, data

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
        """End the server; returns its status and its log."""
        self.process.terminate()
        status = self.process.wait(300)
        self.log.close()
        text = self.text()
        shutil.rmtree(self.home)
        return status, text

    def check_end(self, checks):
        """End the server, and check that it had no errors of its own; returns its log."""
        status, text = self.close()
        checks.check("the server ends with status 0", status == 0, (status, text[-3000:]))
        checks.check("the server had no internal error",
                     "traceback" not in text and "task failed" not in text, text[-2000:])
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)
