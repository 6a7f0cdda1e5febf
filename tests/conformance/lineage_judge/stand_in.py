"""Stand-ins for the pipelines module and for Spark, which note what code defines and reads.

A stand-in does nothing else: it answers each call with something of its own kind. The code is the
corpus's own; nothing from elsewhere is run.
"""

import importlib.machinery
import re
import sys
import types

from . import names, queries

UNKNOWN = "<unknown>"


class Anything:
    """What nobody knows: imports from other files, rows of tables."""

    truth = True

    def __init__(self, made_from=()):
        self.frames = frames_in(made_from)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything([self])

    def __call__(self, *args, **kwargs):
        return result_of([self, *args, *kwargs.values()])

    def __getitem__(self, key):
        return Anything([self])

    def __iter__(self):
        return iter([Anything([self])])

    def __bool__(self):
        return Anything.truth

    def __str__(self):
        return UNKNOWN

    __repr__ = __str__

    def __format__(self, spec):
        return UNKNOWN

    def __eq__(self, other):
        return Anything.truth

    def __hash__(self):
        return 1

    def __add__(self, other):
        return UNKNOWN

    __radd__ = __mod__ = __lt__ = __gt__ = __le__ = __ge__ = __and__ = __or__ = __add__

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False


class Frame(Anything):
    """A frame: which reads outside of a dataset's function it has, and whether it streams."""

    def __init__(self, notes, stream, outside=()):
        super().__init__()
        self.frames = [self]
        self._notes, self._stream, self._outside = notes, stream, set(outside)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "sparkSession":
            return Session(self._notes)
        return lambda *args, **kwargs: self._method(name, args, kwargs)

    def _method(self, name, args, kwargs):
        if name == "createOrReplaceTempView":
            self._notes.views[args[0].lower()] = self
            return None
        if name in ("collect", "first", "take"):
            return Anything()
        if name == "transform":
            return args[0](self, *args[1:], **kwargs)
        return result_of([self, *args, *kwargs.values()])

    def __getitem__(self, key):
        return self


def frames_in(values):
    found = []
    for value in values:
        if isinstance(value, Anything):
            found += value.frames
        elif isinstance(value, (list, tuple)):
            found += frames_in(value)
    return found


def result_of(values):
    """What an unknown function makes of frames is a frame."""
    frames = [f for f in frames_in(values) if isinstance(f, Frame)]
    if not frames:
        return Anything()
    outside = set().union(*(f._outside for f in frames))
    return Frame(frames[0]._notes, any(f._stream for f in frames), outside)


class Notes:
    """What the code of one file defines and reads."""

    def __init__(self, found, configuration):
        self.found, self.configuration = found, dict(configuration)
        self.views, self.later, self.reads = {}, [], None

    def read(self, tables, stream):
        tables = [t for t in tables if UNKNOWN not in t]
        inherited = [self.views[t.lower()] for t in tables if t.lower() in self.views]
        tables = [t for t in tables if t.lower() not in self.views]
        outside = set(tables) if self.reads is None else set()
        if self.reads is not None:
            self.reads.update(tables)
        for view in inherited:
            outside |= view._outside
            stream = stream or view._stream
        return Frame(self, stream, outside)

    def collect(self, function):
        """The reads in a function and its value; a function that fails has read until then."""
        before, self.reads = self.reads, set()
        value = None
        try:
            value = function()
        except Exception:  # a stand-in cannot do what the code does with it
            pass
        reads, self.reads = self.reads, before
        return reads, value


class Reader:
    def __init__(self, notes, stream, path=None, format=None):
        self.notes, self.stream, self.path, self.kind = notes, stream, path, format

    def format(self, source):
        return Reader(self.notes, self.stream, self.path, source)

    def option(self, key, value=None):
        return Reader(self.notes, self.stream, value if key == "path" else self.path, self.kind)

    def options(self, **options):
        return Reader(self.notes, self.stream, options.get("path", self.path), self.kind)

    def schema(self, schema):
        return self

    def table(self, tableName):
        return self.notes.read([str(tableName)], self.stream)

    def load(self, path=None, format=None, **options):
        path = path or self.path
        is_file = (format or self.kind or "delta") in ("delta", "cloudFiles", "json", "csv",
                                                       "parquet", "orc", "text")
        paths = path if isinstance(path, list) else [path] if path else []
        paths = [str(p) for p in paths if names.is_path(str(p))]
        return self.notes.read(paths if is_file else [], self.stream)

    json = csv = parquet = orc = text = load


class Conf:
    def __init__(self, notes):
        self.notes = notes

    def get(self, key, *default):
        if key in self.notes.configuration:
            return self.notes.configuration[key]
        return default[0] if default else Anything()

    def set(self, key, value):
        self.notes.configuration[key] = value


class Session:
    def __init__(self, notes):
        self.notes, self.conf, self.catalog = notes, Conf(notes), Anything()

    read = property(lambda self: Reader(self.notes, False))
    readStream = property(lambda self: Reader(self.notes, True))
    builder = property(lambda self: self)

    def table(self, tableName):
        return self.notes.read([str(tableName)], False)

    def sql(self, sqlQuery, args=None, **frames):
        for key, value in frames.items():
            sqlQuery = sqlQuery.replace("{%s}" % key, "frame_of_" + key)
            self.notes.views["frame_of_" + key] = value
        text = sqlQuery.replace(UNKNOWN, "unknown_part")
        view = re.match(r"(?is)\s*CREATE\s+(?:OR\s+REPLACE\s+)?TEMP\w*\s+VIEW\s+(\w+)\s+AS\s+(.*)",
                        text)
        if view:
            self.notes.views[view.group(1).lower()] = self.sql(view.group(2))
            return None
        self.notes.views["unknown_part"] = Frame(self.notes, False)
        return self.notes.read(sorted(queries.tables(text)), " STREAM" in sqlQuery.upper())

    def createDataFrame(self, *args, **kwargs):
        return Frame(self.notes, False)

    range = createDataFrame

    def appName(self, name):
        return self

    getOrCreate = getActiveSession = lambda self: self


class Delta:
    """A table of Delta Lake's own interface."""

    def __init__(self, notes):
        self.notes = notes

    def forName(self, session, name):
        return types.SimpleNamespace(toDF=lambda: self.notes.read([name], False))


def modules_of(notes, pipelines):
    """Modules that code imports, and a finder for those that nobody knows."""
    session = Session(notes)
    known = {"dlt": pipelines, "pyspark": types.ModuleType("pyspark"),
             "pyspark.pipelines": pipelines, "databricks": types.ModuleType("databricks")}
    known["pyspark"].pipelines = pipelines
    known["pyspark"].__path__ = []
    known["databricks"].dlt = pipelines
    for name in ("pyspark.sql", "pyspark.sql.functions", "delta", "delta.tables"):
        known[name] = types.ModuleType(name)
        known[name].__getattr__ = lambda attribute: Anything()
        known[name].__path__ = []
    known["pyspark.sql"].SparkSession = session
    known["delta.tables"].DeltaTable = Delta(notes)
    return known, session


class Finder:
    """Modules of other files: each of their names is something unknown."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__getattr__ = lambda attribute: Anything()


def installed(known, others):
    """Put the modules where `import` finds them; returns a function that takes them out again."""
    before = dict(sys.modules)
    finder = Finder(others)
    sys.modules.update(known)
    sys.meta_path.insert(0, finder)

    def restore():
        sys.meta_path.remove(finder)
        for name in list(sys.modules):
            if name not in before:
                del sys.modules[name]
        sys.modules.update(before)
    return restore
