"""Databricks' Python SDK against the embedded workspace at the address in TARN_SANDBOX.

Others wrote what the SDK sends and what it expects. The tests are in python_sdk_*.py, a subject
each. Besides what a test says, every answer that the SDK has a type for is compared with the typed
object: a field that the SDK does not know is a fault, unless UNKNOWN names it.
"""

import glob
import importlib
import os
import sys
import time
import unittest

from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

sys.modules.setdefault("python_sdk", sys.modules["__main__"])

HOST = os.environ.get("TARN_SANDBOX", "")
TIMEOUT = 120  # seconds for what the workspace does by itself; machines may be slow

# Fields that the service has and the types of the SDK do not.
UNKNOWN = {"details", "origin", "pipeline_type", "data_sampling", "inherited_from_object",
           "reset_checkpoint_selection", "format", "creator_id", "securable_kind"}


def connect(**settings):
    """A client with these settings and no others."""
    config = Config(host=HOST, config_file="/dev/null", retry_timeout_seconds=20, **settings)
    return WorkspaceClient(config=config)


def lost(raw, typed, path=""):
    """The paths of fields that an answer has and the typed object does not."""
    if isinstance(raw, dict) and isinstance(typed, dict):
        found = []
        for key, value in raw.items():
            here = f"{path}.{key}"
            if key in UNKNOWN or value in ({}, [], None, ""):
                continue
            found += [here] if key not in typed else lost(value, typed[key], here)
        return found
    if isinstance(raw, list) and isinstance(typed, list):
        if len(raw) != len(typed):
            return [f"{path}: {len(raw)} elements, {len(typed)} with types"]
        return [name for a, b in zip(raw, typed) for name in lost(a, b, path + "[]")]
    return []


def recorded(client):
    """Let a client keep the last answer that it got, as `client.answer`."""
    plain = client.api_client.do

    def do(*args, **kwargs):
        client.answer = plain(*args, **kwargs)
        return client.answer

    client.api_client.do = do
    client.answer = None
    return client


ADMIN = recorded(connect(token="demo-token"))
VIEWER = connect(token="demo-viewer-token")
RECOVERY = connect(token="demo-dr-token")
WAREHOUSE = "475b94ddc7cd5211"


class Suite(unittest.TestCase):
    """A subject's tests: the client of an admin is `self.w`, that of another user `self.viewer`."""

    w = ADMIN
    viewer = VIEWER
    maxDiff = 2000

    def same(self, typed):
        """The object has every field of the answer from which it was made."""
        self.assertEqual(lost(self.w.answer, typed.as_dict()), [])
        return typed

    def refused(self, kind, call, *args, **kwargs):
        """The call is refused with that class of error, which is returned."""
        with self.assertRaises(kind) as caught:
            result = call(*args, **kwargs)
            if hasattr(result, "__next__"):
                list(result)
        error = caught.exception
        self.assertIs(type(error), kind, f"{type(error).__name__}: {error}")
        return error

    def until(self, what, condition):
        """Wait until the condition gives something."""
        end = time.time() + TIMEOUT
        while time.time() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        self.fail(f"waited too long for {what}")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    suite = unittest.TestSuite()
    for path in sorted(glob.glob(os.path.join(here, "python_sdk_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        suite.addTests(unittest.defaultTestLoader.loadTestsFromModule(module))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    want = int(os.environ.get("TARN_TESTS", "0"))
    if result.testsRun < want:
        print(f"{result.testsRun} tests ran; there are {want}")
        failed += 1
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
