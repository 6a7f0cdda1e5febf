"""The tables that a query reads, by sqlglot."""

import re

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from .names import is_path


def prepared(query):
    """The words that pipelines add to SQL are taken out."""
    query = re.sub(r"\bSTREAM\s*\(\s*([\w.`]+)\s*\)", r"\1", query, flags=re.I)
    return re.sub(r"\bSTREAM\s+(?=[\w`])", "", query, flags=re.I)


def name_of(table):
    """The name as it would be written; None if it is no name."""
    if isinstance(table.this, exp.Anonymous) and table.this.name.upper() == "IDENTIFIER":
        text = table.this.expressions[0]
        return text.name if isinstance(text, exp.Literal) else None
    if not table.parts or any(not isinstance(part, exp.Identifier) for part in table.parts):
        return None
    parts = [part.name for part in table.parts]
    if len(parts) == 2 and is_path(parts[1]):
        return parts[1]
    return ".".join("`" + p.replace("`", "``") + "`" if re.search(r"\W", p) else p for p in parts)


def tables(query):
    """Names and paths; a name that WITH defines is none."""
    tree = sqlglot.parse_one(prepared(query), dialect="databricks")
    found = set()
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                found.add(name_of(source))
    return {name for name in found if name}
