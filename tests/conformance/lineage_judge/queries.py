"""The tables that a query reads, by sqlglot."""

import re

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from .names import is_path


def prepared(query):
    """The words that pipelines add to SQL are taken out."""
    for pattern, instead in (
            (r"\bSTREAM\s*\(\s*([\w.`]+)\s*\)", r"\1"),
            (r"\bSTREAM\s*\(\s*(IDENTIFIER\([^()]*\))\s*\)", r"\1"),
            (r"\bSTREAM\s+(?=[\w`])", ""),
            (r"\bMAX\s+RECURSION\s+LEVEL\s+\d+", ""),
            (r"\bWITH\s*\(\s*\w+\s*=[^()]*\)", ""),
            (r"\(\s*TABLE\s+(?=[\w`])", "(SELECT * FROM "),
            (r"\bTABLE\s*\(\s*([\w.`]+)\s*\)", r"(SELECT * FROM \1)"),
            (r"^\s*TABLE\s+", "SELECT * FROM ")):
        query = re.sub(pattern, instead, query, flags=re.I)
    return query


def folded(node, parameters):
    """The text that an expression of literals comes to; None if it is none."""
    if isinstance(node, exp.Literal):
        return node.name
    if isinstance(node, exp.Paren):
        return folded(node.this, parameters)
    if isinstance(node, (exp.Placeholder, exp.Parameter)):
        return parameters.get(node.name)
    if isinstance(node, (exp.DPipe, exp.Concat)):
        parts = ([node.this, node.expression] if isinstance(node, exp.DPipe) else
                 node.expressions)
        texts = [folded(part, parameters) for part in parts]
        return None if None in texts else "".join(texts)
    if isinstance(node, (exp.Lower, exp.Upper)):
        text = folded(node.this, parameters)
        return text and (text.lower() if isinstance(node, exp.Lower) else text.upper())
    if isinstance(node, exp.Coalesce):
        return folded(node.this, parameters)
    return None


def name_of(table, parameters):
    """The name as it would be written; None if it is no name."""
    if isinstance(table.this, exp.Anonymous) and table.this.name.upper() == "IDENTIFIER":
        argument = table.this.expressions[0]
        # in double quotes there is a text, which sqlglot takes for a name
        return argument.name if isinstance(argument, exp.Column) else folded(argument, parameters)
    if not table.parts or any(not isinstance(part, exp.Identifier) for part in table.parts):
        return None
    parts = [part.name for part in table.parts]
    if len(parts) == 2 and is_path(parts[1]):
        return parts[1]
    return ".".join("`" + p.replace("`", "``") + "`" if re.search(r"\W", p) else p for p in parts)


# Table functions whose first text is a path or a table.
FILES = ("READ_FILES", "CLOUD_FILES")
TABLES = ("TABLE_CHANGES",)


def first_text(function, parameters):
    """The text of the first argument, or of the argument `path`."""
    for argument in function.expressions:
        if isinstance(argument, (exp.Kwarg, exp.PropertyEQ)):
            if argument.name.lower() == "path":
                return folded(argument.expression, parameters)
        else:
            return folded(argument, parameters)
    return None


def of_functions(tree, parameters):
    for function in tree.find_all(exp.Anonymous):
        text = first_text(function, parameters)
        if text and (function.name.upper() in FILES and is_path(text)
                     or function.name.upper() in TABLES):
            yield text


def tables(query, parameters=None):
    """Names and paths; a name that WITH defines is none."""
    parameters = parameters or {}
    tree = sqlglot.parse_one(prepared(query), dialect="databricks")
    found = set(of_functions(tree, parameters))
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):  # also in arguments, which are no scopes
        if len(table.parts) != 1 or table.name.lower() not in own:
            found.add(name_of(table, parameters))
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                found.add(name_of(source, parameters))
    return {name for name in found if name}
