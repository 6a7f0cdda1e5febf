"""What SQL code defines: statements are found by sqlglot's tokens, queries are read by sqlglot."""

import re

from sqlglot.dialects.databricks import Databricks

from . import queries

QUERY = ("SELECT", "WITH", "TABLE", "FROM", "VALUES", "(")


class Statement:
    """The tokens of one statement, and a place in them."""

    def __init__(self, text, tokens):
        self.text, self.tokens, self.at = text, tokens, 0

    def word(self, ahead=0):
        i = self.at + ahead
        if i >= len(self.tokens):
            return ""
        token = self.tokens[i]
        quoted = self.text[token.start] in "`'\""
        return "" if quoted else token.text.upper()

    def take(self, *words):
        if all(self.word(i) == word for i, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def take_any(self, *words):
        while self.word() in words:
            self.at += 1

    def name(self):
        """A qualified name, as it is written."""
        first = self.at
        self.at += 1
        while self.word() == "." and self.at + 1 < len(self.tokens):
            self.at += 2
        if first >= len(self.tokens):
            return None
        last = self.tokens[min(self.at, len(self.tokens)) - 1]
        return self.text[self.tokens[first].start:last.end + 1].replace(" ", "")

    def rest(self):
        if self.at >= len(self.tokens):
            return ""
        return self.text[self.tokens[self.at].start:self.tokens[-1].end + 1]

    def skip_to_query(self):
        """Go behind the AS, outside of parentheses, that a query follows."""
        depth = 0
        for i in range(self.at, len(self.tokens) - 1):
            self_at, self.at = self.at, i
            word, following = self.word(), self.word(1)
            self.at = self_at
            depth += (word == "(") - (word == ")")
            if depth == 0 and word == "AS" and following in QUERY:
                self.at = i + 1
                return True
        return False


def statements(text):
    tokens, current = Databricks().tokenize(text), []
    for token in tokens:
        if token.text == ";" and text[token.start] == ";":
            yield Statement(text, current)
            current = []
        else:
            current.append(token)
    yield Statement(text, current)


class Reader:
    def __init__(self, found):
        self.found, self.place = found, (found.catalog, found.schema)

    def qualified(self, name):
        """A name of one or two parts is in the catalog and schema that USE has set."""
        from .names import is_path, parts_of
        parts = parts_of(name)
        if (self.found.catalog, self.found.schema) == self.place or is_path(name):
            return name
        return ".".join("`%s`" % p for p in (list(self.place)[:3 - len(parts)] + parts))

    def inputs(self, query, target):
        for name in queries.tables(query):
            self.found.edge(self.qualified(name), target)

    def use(self, s):
        if s.take("CATALOG"):
            self.place = (s.name().strip("`"), "default")
        else:
            s.take_any("SCHEMA", "DATABASE")
            parts = s.name().replace("`", "").split(".")
            self.place = (parts[0], parts[1]) if len(parts) > 1 else (self.place[0], parts[0])

    def changes(self, s, target=None):
        """INTO target FROM source ..., of changes."""
        s.take_any("INTO")
        target = target or self.qualified(s.name())
        if s.take("FROM"):
            s.take_any("SNAPSHOT")
            rest = s.rest()
            source = re.match(r"(?is)(.*?)\s+(KEYS)\b", rest)
            self.inputs("SELECT * FROM " + (source.group(1) if source else rest), target)

    def flow(self, s):
        s.take_any("IF", "NOT", "EXISTS")
        s.name()
        while s.word() and not s.take("AS"):
            s.at += 1
        if s.take("INSERT"):
            s.take_any("INTO", "ONCE", "TABLE")
            target = self.qualified(s.name())
            s.take("BY", "NAME")
            self.inputs(s.rest(), target)
        elif s.take("AUTO", "CDC") or s.take("APPLY", "CHANGES"):
            self.changes(s)

    def dataset(self, s, words):
        s.take_any("IF", "NOT", "EXISTS")
        name = self.qualified(s.name())
        kind = ("STREAMING_TABLE" if "STREAMING" in words else
                "VIEW" if "VIEW" in words and "MATERIALIZED" not in words else "MATERIALIZED_VIEW")
        self.found.dataset(name, kind)
        if s.skip_to_query():
            self.inputs(s.rest(), name)

    def read(self, s):
        if s.take("USE"):
            self.use(s)
        elif s.take("APPLY", "CHANGES") or s.take("AUTO", "CDC"):
            self.changes(s)
        elif s.take("CREATE"):
            words = []
            while s.word() in ("OR", "REPLACE", "REFRESH", "PRIVATE", "TEMPORARY", "TEMP", "LIVE",
                               "STREAMING", "MATERIALIZED", "TABLE", "VIEW", "FLOW", "INCREMENTAL"):
                words.append(s.word())
                s.at += 1
            if "FLOW" in words:
                self.flow(s)
            elif "TABLE" in words or "VIEW" in words:
                self.dataset(s, words)


def with_parameters(text, configuration):
    return re.sub(r"\$\{([^}]*)\}",
                  lambda match: configuration.get(match.group(1), match.group(0)), text)


def read(cells, found, configuration):
    reader = Reader(found)
    for cell in cells:
        for statement in statements(with_parameters(cell, configuration)):
            reader.read(statement)
