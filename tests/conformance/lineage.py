"""The truth of tests/corpus/lineage, judged without Tarn. Started by lineage.sh.

Each source has its truth beside it (see tests/lua/tarn/lineage/corpus_test.lua). SQL is read by
sqlglot; Python is run with stand-ins for the pipelines module and for Spark, once for each outcome
of conditions that nobody knows, and its literals are read by ast. What is found must be in the
truth, and what is in the truth must be found.
"""

import json
import pathlib
import sys

from lineage_judge import cells, names, python_code, sql_code

FOLDER = pathlib.Path("tests/corpus/lineage")

# Sources that the judge cannot follow, and why.
NOT_JUDGED = {
    "py_invalid.py": "it is no valid Python",
    "sql_blanks_that_are_not_ascii.sql": "sqlglot takes a blank of no width for a letter",
    "sql_cdc_from_snapshot.sql": "sqlglot does not know WITH VERSION",
    "sql_comment_with_backslash.sql": "sqlglot does not know that a backslash goes on a comment",
    "sql_cte_named_recursive.sql": "sqlglot has no table of the name `recursive`",
    "sql_declare.sql": "it needs the values of variables",
    "sql_hyphenated_names.sql": "sqlglot does not read names with hyphens",
    "sql_identifier_unknown.sql": "its names are not known, which the judge cannot say",
    "sql_keywords_as_names.sql": "sqlglot reserves some of these words",
    "sql_no_semicolon.sql": "statements without a semicolon are no SQL",
    "sql_not_closed.sql": "it is no SQL",
    "sql_not_understood.sql": "it is no SQL",
    "sql_parameters_unset.sql": "sqlglot does not read a parameter that is not set",
    "sql_pipe_syntax.sql": "sqlglot does not know each of its operators",
    "sql_set_operations.sql": "sqlglot does not know UNION BY NAME and MINUS (TABLE t)",
    "sql_table_arguments.sql": "sqlglot does not know PARTITION BY of a table argument",
    "sql_templates.sql": "templates are no SQL",
    "sql_time_travel.sql": "sqlglot does not know each of its forms",
    "sql_copies_of_tables.sql": "tables that are cloned are no datasets, which the judge cannot say",
    "sql_insert_with_conditions.sql": "sqlglot does not know each of its forms",
    "sql_watermark.sql": "sqlglot does not know WATERMARK",
    "sql_without_as.sql": "sqlglot does not know tables whose query stands without AS",
    "sql_use_unknown.sql": "its schema is not known, which the judge cannot say",
    **({"py_fstrings_nested_quotes.py": "this Python is older than 3.12"}
       if sys.version_info < (3, 12) else {}),
}

# Single datasets and edges about which the judge is wrong, and why.
EXCEPTIONS = {
    # a name in parts, and functions that tell the current place
    "sql_identifier_literals.sql": [("main.raw.x", "main.s.c")],
    "sql_identifier_parameters.sql": [("main.s.y", "main.s.c")],
    # ast sees the branches that the configuration rules out
    "py_conditional_definition.py": ["main.s.only_in_prod", ("main.s.large", "main.s.only_in_prod")],
    "py_reads_branches.py": [("main.s.fallback", "main.s.either"), ("main.s.never", "main.s.either")],
    # a name that depends on a condition nobody knows is not taken, but the judge takes both
    "py_name_by_condition.py": ["main.s.a", "main.s.b"],
    # that a variable of the name `spark` is a session is a custom
    "py_session_from_elsewhere.py": [("main.s.two", "main.s.by_custom"),
                                     ("main.s.three", "main.s.by_argument")],
    # ast does not know what a temporary view is
    "py_sql_temp_view.py": [("main.s.helper", "main.s.through_it"),
                            ("main.s.inner_helper", "main.s.through_it")],
    "py_reads_temp_view.py": [("main.s.for_now", "main.s.through_a_view")],
    # the parameter is there, so nothing is raised; Tarn reads both branches of `try`
    "py_try_with.py": [("main.s.nowhere", "main.s.in_finally")],
}


def judge(path, truth):
    """What the judge finds in a source."""
    text = path.read_text(encoding="utf-8")
    configuration = truth.get("configuration", {})
    python = not (path.name.endswith(".sql") or truth.get("language") == "SQL")
    code = cells.cells_of(path.name, text, python)
    found = names.Found(truth.get("catalog", "hive_metastore"), truth["schema"])
    if not python:
        sql_code.read(code, found, configuration)
        return found
    source = "\n".join(code)
    for outcome in (True, False):
        python_code.run(source, found, configuration, outcome)
    python_code.read(source, found)
    return found


def differences(path, truth):
    """Sentences about what differs from the truth."""
    found = judge(path, truth)
    allowed = EXCEPTIONS.get(path.name, {})
    edges = {tuple(edge) for edge in truth.get("edges", [])}
    datasets = truth.get("datasets", {})
    for what, ours, theirs in (
            ("dataset", set(datasets), set(found.datasets) | found.targets()),
            ("edge", edges, found.settled()),
            ("sink", set(truth.get("sinks", [])), found.sinks)):
        for item in sorted(theirs - ours - set(allowed), key=str):
            yield f"the truth lacks the {what} {item}"
        for item in sorted(ours - theirs - set(allowed), key=str):
            yield f"the judge does not find the {what} {item}"
    for name, kind in found.datasets.items():
        if kind and datasets.get(name, kind) not in (kind, None):
            yield f"{name} is {datasets[name]} in the truth, and {kind} for the judge"


def main():
    sys.setrecursionlimit(300)
    passed = failed = skipped = 0
    for path in sorted(FOLDER.iterdir()):
        if path.suffix == ".json":
            continue
        if path.name in NOT_JUDGED:
            print(f"{path.name}: not judged, {NOT_JUDGED[path.name]}")
            skipped += 1
            continue
        stem = path.name
        for ending in (".notebook.sql", ".notebook.py", ".ipynb", ".sql", ".py"):
            stem = stem.removesuffix(ending)
        truth = json.loads((FOLDER / f"{stem}.json").read_text(encoding="utf-8"))
        try:
            wrong = list(differences(path, truth))
        except Exception as e:
            wrong = [f"the judge cannot read it: {type(e).__name__}: {str(e)[:200]}"]
        for sentence in wrong:
            print(f"FAILED: {path.name}: {sentence}")
        failed += bool(wrong)
        passed += not wrong
    stale = set(NOT_JUDGED) | set(EXCEPTIONS)
    for name in sorted(stale - {path.name for path in FOLDER.iterdir()}):
        print(f"FAILED: {name} is in the list of this script and not in the corpus")
        failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
