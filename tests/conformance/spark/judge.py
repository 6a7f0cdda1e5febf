"""What the judge holds: Spark, a fake workspace, and `tarn`, which sends the statements itself."""

import atexit
import csv
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from pyspark.sql import SparkSession

import warehouse

HERE = os.path.dirname(os.path.abspath(__file__))


# For many small statements: what takes time is to compile them. Spark cannot read a part of a VARIANT
# from a file without that.
QUICK = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
         "spark.sql.variant.pushVariantIntoScan": "false", "spark.sql.adaptive.enabled": "false"}


def start_spark(folder, **conf):
    """Spark, and a session for each warehouse."""
    logging.getLogger("SQLQueryContextLogger").disabled = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # folders are removed then too
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("judge")
    settings = {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC", "spark.driver.memory": "3g",
        "spark.sql.warehouse.dir": os.path.join(folder, "warehouse"),
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:TieredStopAtLevel=1 "
                                         f"-XX:+UseSerialGC -Dderby.system.home={folder}",
        "spark.sql.shuffle.partitions": "1", "spark.sql.variable.substitute": "false", **conf}
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    sessions = {}
    for name, zone in warehouse.ZONES.items():
        sessions[name] = spark.newSession()
        for key, value in {**conf, "spark.sql.session.timeZone": zone}.items():
            if key.startswith("spark.sql."):
                sessions[name].conf.set(key, value)
    return spark, sessions


class Failed(Exception):
    pass


def equal(got, want, why=""):
    if got != want:
        raise Failed(f"{why}\n      got {got!r}\n     want {want!r}")


def is_true(value, why):
    if not value:
        raise Failed(str(why))


class Judge:
    def __init__(self, tarn, sessions, rest):
        self.tarn_path = os.path.abspath(tarn)
        self.warehouse = warehouse.Warehouse(sessions, rest)
        self.home = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, self.home, ignore_errors=True)
        os.makedirs(os.path.join(self.home, "path/lua/tarn"))
        shutil.copy(os.path.join(HERE, "statements.lua"),
                    os.path.join(self.home, "path/lua/tarn/statements.lua"))
        self.passed, self.failed = 0, 0

    def close(self):
        self.warehouse.server.shutdown()

    def start(self, words, zone):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("DATABRICKS_", "TARN_", "XDG_", "ARM_"))}
        env.update(HOME=self.home, DATABRICKS_HOST=self.warehouse.url, DATABRICKS_TOKEN="dapi0",
                   DATABRICKS_WAREHOUSE_ID=zone, TARN_PATH=os.path.join(self.home, "path"))
        return subprocess.Popen([self.tarn_path, *words], env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words, zone="utc", status=0):
        """What a command prints."""
        process = self.start(words, zone)
        out, err = process.communicate(timeout=600)
        if process.returncode != status:
            raise Failed(f"tarn {' '.join(words)}: status {process.returncode}: {err}")
        self.err = err
        return out

    def json(self, *words, zone="utc", status=0):
        return json.loads(self.run(*words, "-o", "json", zone=zone, status=status))

    def csv(self, *words, zone="utc"):
        return list(csv.DictReader(self.run(*words, "-o", "csv", zone=zone).splitlines()))

    def script(self, text, zone="utc"):
        """The lines that a script prints, as JSON."""
        path = os.path.join(self.home, "script.lua")
        with open(path, "w", encoding="utf-8") as file:
            file.write('local tarn = require "tarn"\nlocal statements = require "tarn.statements"\n'
                       "local ws = tarn.workspace()\n" + text)
        return [json.loads(line) for line in self.run("run", path, zone=zone).splitlines()]

    def memory(self, *words, zone="utc"):
        """The most memory that a command takes, in KiB, and the number of bytes that it prints."""
        process = self.start(words, zone)
        size = most = 0
        for n, line in enumerate(process.stdout):
            size += len(line)
            if n % 1000 == 0:
                with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                    found = re.search(r"VmHWM:\s*(\d+) kB", file.read())
                most = max(most, int(found.group(1)) if found else 0)
        err = process.stderr.read()
        is_true(process.wait() == 0, err)
        return most, size

    def case(self, name, f, *args):
        started = time.monotonic()
        try:
            f(self, *args)
            self.passed += 1
        except Exception as e:  # pylint: disable=broad-except
            self.failed += 1
            print(f"FAILED: {name}: {e}")
            if not isinstance(e, Failed):
                traceback.print_exc(file=sys.stdout)
        if os.environ.get("JUDGE_TIMES"):
            print(f"{time.monotonic() - started:6.1f} s  {name}")
        sys.stdout.flush()


__all__ = ["Judge", "Failed", "equal", "is_true", "start_spark"]
