"""What Python code defines: found by running it with stand-ins, and from its literals by ast."""

import ast
import contextlib
import io
import sys
import types

from . import queries, stand_in
from .stand_in import UNKNOWN, Anything, Frame

DATASETS = {"table": None, "create_table": None, "materialized_view": "MATERIALIZED_VIEW",
            "streaming_table": "STREAMING_TABLE", "view": "VIEW", "create_view": "VIEW",
            "temporary_view": "VIEW"}
EXPECTATIONS = ("expect", "expect_or_drop", "expect_or_fail", "expect_all", "expect_all_or_drop",
                "expect_all_or_fail")
MODULES = {"dlt", "pyspark.pipelines", "databricks.dlt"}


def known(name):
    return isinstance(name, str) and UNKNOWN not in name


# ---- by running ----

class Pipelines:
    """The words of the pipelines module, as functions that take notes."""

    def __init__(self, notes):
        self.notes, self.found = notes, notes.found

    def module(self):
        module = types.ModuleType("pipelines")
        for word, kind in DATASETS.items():
            setattr(module, word, self.decorator(self.dataset, kind))
        for word in ("append_flow", "update_flow"):
            setattr(module, word, self.decorator(self.flow, word))
        for word in ("foreach_batch_sink", "foreach_sink"):
            setattr(module, word, self.decorator(self.sink, word))
        for word in EXPECTATIONS:
            setattr(module, word, lambda *args, **kwargs: lambda function: function)
        for word in ("create_streaming_table", "create_streaming_live_table",
                     "create_target_table"):
            setattr(module, word, self.target)
        for word in ("apply_changes", "create_auto_cdc_flow", "apply_changes_from_snapshot",
                     "create_auto_cdc_from_snapshot_flow"):
            setattr(module, word, self.changes)
        module.create_sink = lambda name, *args, **kwargs: self.found.sinks.add(name)
        module.on_event_hook = lambda function: function
        module.read = lambda name: self.notes.read([str(name)], False)
        module.read_stream = module.readStream = lambda name: self.notes.read([str(name)], True)
        return module

    def decorator(self, define, what):
        """A word that decorates: with arguments, without them, or called with the function."""
        def word(query_function=None, **options):
            def decorate(function):
                define(what, function, options)
                return function
            return decorate(query_function) if callable(query_function) else decorate
        return word

    def later(self, function, name, args=(), finish=None):
        def read():
            reads, value = self.notes.collect(lambda: function(*args))
            if isinstance(value, Frame):
                reads |= value._outside
            for source in reads:
                self.found.edge(source, name)
            if finish:
                finish(value)
        self.notes.later.append(read)

    def dataset(self, kind, function, options):
        name = options.get("name")
        name = function.__name__ if name is None else name
        if known(name):
            self.found.dataset(name, kind)

            def finish(value):
                if kind is None and isinstance(value, Frame):
                    self.found.dataset(
                        name, "STREAMING_TABLE" if value._stream else "MATERIALIZED_VIEW")
            self.later(function, name, (), finish)

    def flow(self, word, function, options):
        if known(options["target"]):
            self.later(function, options["target"])

    def sink(self, word, function, options):
        name = options.get("name") or function.__name__
        self.found.sinks.add(name)
        if word == "foreach_batch_sink":
            self.later(function, name, (Frame(self.notes, True), 1))

    def target(self, name, **options):
        if known(name):
            self.found.dataset(name, "STREAMING_TABLE")

    def changes(self, target, source=None, *args, snapshot_and_version=None, **options):
        source = source if source is not None else snapshot_and_version
        if not known(target):
            return
        if callable(source) and not isinstance(source, Anything):
            self.later(lambda: source(None), target)
            self.later(lambda: source(1), target)
        elif isinstance(source, tuple):
            for name in source[0]._outside:
                self.found.edge(name, target)
        elif known(source):
            self.found.edge(source, target)


def imported(tree):
    """The modules that a file imports, by their first name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def run(source, found, configuration, truth):
    """Run the code; where it branches on something unknown, that is `truth`."""
    Anything.truth = truth
    notes = stand_in.Notes(found, configuration)
    pipelines = Pipelines(notes).module()
    modules, session = stand_in.modules_of(notes, pipelines)
    tree = ast.parse(source)
    others = {name for name in imported(tree)
              if name not in sys.stdlib_module_names and name not in modules}
    restore = stand_in.installed(modules, others)
    scope = {"__name__": "__main__", "spark": session, "dlt": pipelines, "sql": session.sql,
             "table": session.table, "display": lambda *args: None, "dbutils": Anything()}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for statement in tree.body:  # one that fails does not keep the others from running
                try:
                    exec(compile(ast.Module([statement], []), "corpus", "exec"), scope)
                except Exception:
                    pass
            for read in notes.later:
                read()
    finally:
        restore()


# ---- by reading ----

class Literals(ast.NodeVisitor):
    """Datasets and inputs whose names are literals, wherever they stand."""

    def __init__(self, found):
        self.found, self.modules, self.words = found, {"dlt"}, {}

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name in MODULES:
                self.modules.add(alias.asname or alias.name)

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if f"{node.module}.{alias.name}" in MODULES:
                self.modules.add(alias.asname or alias.name)
            elif node.module in MODULES:
                self.words[alias.asname or alias.name] = alias.name

    def word(self, node):
        if isinstance(node, ast.Name):
            return self.words.get(node.id)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in self.modules:
            return node.attr
        return None

    @staticmethod
    def literal(call, names):
        if not isinstance(call, ast.Call):
            return None
        values = [k.value for k in call.keywords if k.arg in names] or call.args[:1]
        if values and isinstance(values[0], ast.Constant) and isinstance(values[0].value, str):
            return values[0].value
        return "" if values else None

    def reads(self, function):
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            base = ast.unparse(call.func.value)
            name = self.literal(call, ("name", "tableName", "sqlQuery"))
            if not name:
                continue
            if self.word(call.func) in ("read", "read_stream"):
                yield name
            elif call.func.attr == "table" and base in ("spark", "spark.read", "spark.readStream"):
                yield name
            elif call.func.attr == "sql" and base == "spark":
                yield from queries.tables(name)

    def visit_FunctionDef(self, node):
        for decorator in node.decorator_list:
            word = self.word(decorator.func if isinstance(decorator, ast.Call) else decorator)
            name = self.literal(decorator, ("target",) if word in ("append_flow", "update_flow")
                                else ("name",))
            if word in DATASETS:
                name = node.name if name is None else name
                if name:
                    self.found.datasets.setdefault(self.found.full(name), DATASETS[word])
            if name and (word in DATASETS or word in ("append_flow", "update_flow")):
                for source in self.reads(node):
                    self.found.edge(source, name)
        self.generic_visit(node)


def read(source, found):
    Literals(found).visit(ast.parse(source))
