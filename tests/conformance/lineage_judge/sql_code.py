"""What SQL code defines: statements are found by sqlglot's tokens, queries are read by sqlglot."""

import re

from sqlglot.dialects.databricks import Databricks

from . import queries

QUERY = ("SELECT", "WITH", "TABLE", "FROM", "VALUES", "(")


class Statement:
    """The tokens of one statement, and a place in them."""

    def __init__(self, text, tokens):
        self.text, self.tokens, self.at, self.parameters = text, tokens, 0, {}

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
        """A qualified name, as it is written, or the text in IDENTIFIER(...)."""
        if self.take("IDENTIFIER", "("):
            text = ""
            while not self.take(")"):
                parameter = self.take(":")
                token = self.tokens[self.at]
                self.at += 1
                text += (self.parameters.get(token.text, "?") if parameter else
                         token.text if self.text[token.start] in "'\"" else "")
            return text
        first = self.at
        self.at += 1
        while self.word() == "." and self.at + 1 < len(self.tokens):
            self.at += 2
        return "".join(self.text[token.start:token.end + 1]
                       for token in self.tokens[first:self.at]) or None

    def rest(self):
        if self.at >= len(self.tokens):
            return ""
        return self.text[self.tokens[self.at].start:self.tokens[-1].end + 1]

    def skip_to(self, wanted, following=None):
        """Go to a word outside of parentheses, before one of other words."""
        depth = 0
        for ahead in range(len(self.tokens) - self.at):
            word = self.word(ahead)
            depth += (word == "(") - (word == ")")
            if depth == 0 and word == wanted and (
                    following is None or self.word(ahead + 1) in following):
                self.at += ahead
                return True
        return False

    def skip_to_query(self):
        """Go behind the AS that a query follows."""
        return self.skip_to("AS", QUERY) and self.take("AS")


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
    def __init__(self, found, parameters):
        self.found, self.place, self.private = found, (found.catalog, found.schema), set()
        self.parameters = parameters

    def qualified(self, name):
        """A name of one or two parts is in the catalog and schema that USE has set."""
        from .names import is_path, parts_of
        parts = parts_of(name)
        if ((self.found.catalog, self.found.schema) == self.place or is_path(name)
                or name.lower() in self.private):
            return name
        return ".".join("`%s`" % p for p in (list(self.place)[:3 - len(parts)] + parts))

    def inputs(self, query, target):
        for name in queries.tables(query, self.parameters) if query else ():
            self.found.edge(self.qualified(name), target)

    def insert(self, s, target):
        """[INTO target] BY NAME query; what REPLACE replaces is passed over."""
        while s.word() in ("INTO", "ONCE", "TABLE"):
            if s.take("INTO"):
                s.take_any("TABLE", "ONCE")
                target = self.qualified(s.name())
            else:
                s.at += 1
        s.take("BY", "NAME")
        if s.word() == "REPLACE":
            s.skip_to("BY", ("NAME",)) or s.skip_to("SELECT")
        s.take("BY", "NAME")
        if s.word() not in QUERY[:4]:
            return
        self.inputs(s.rest(), target)

    def use(self, s):
        if s.take("CATALOG"):
            self.place = (s.name().strip("`'"), "default")
        else:
            s.take_any("SCHEMA", "DATABASE")
            parts = s.name().replace("`", "").split(".")
            self.place = (parts[0], parts[1]) if len(parts) > 1 else (self.place[0], parts[0])

    def changes(self, s, target=None):
        """INTO target FROM source ..., of changes."""
        s.take_any("ONCE", "INTO")
        target = target or self.qualified(s.name())
        if s.take("FROM"):
            s.take_any("SNAPSHOT")
            rest = s.rest()
            source = re.match(r"(?is)(.*?)\s+(KEYS)\b", rest)
            self.inputs("SELECT * FROM " + (source.group(1) if source else rest), target)

    def flow(self, s):
        s.take_any("IF", "NOT", "EXISTS")
        s.name()
        while s.at < len(s.tokens) and not s.take("AS"):
            s.at += 1
        if s.take("INSERT"):
            self.insert(s, None)
        elif s.take("AUTO", "CDC") or s.take("APPLY", "CHANGES"):
            self.changes(s)

    def dataset(self, s, words):
        s.take_any("IF", "NOT", "EXISTS")
        name = s.name()
        if {"VIEW", "TEMPORARY"} <= set(words) or {"VIEW", "TEMP"} <= set(words):
            self.private.add(name.lower())  # USE does not put it into a schema
        name = self.qualified(name)
        managed = words == ["TABLE"]
        kind = ("VIEW" if "VIEW" in words and "MATERIALIZED" not in words else
                "STREAMING_TABLE" if "STREAMING" in words or "INCREMENTAL" in words else
                "TABLE" if managed else "MATERIALIZED_VIEW")
        if managed and s.skip_to_query():
            return  # no dataset of a pipeline
        self.found.dataset(name, kind)
        if s.skip_to("FLOW"):
            s.take("FLOW")
            if s.take("AUTO", "CDC"):
                self.changes(s, name)
            elif s.take("INSERT") or s.word() == "REPLACE":
                self.insert(s, name)
        elif s.skip_to_query():
            self.inputs(s.rest(), name)

    def read(self, s):
        s.parameters = self.parameters
        if s.take("USE") or s.word(1) == "CATALOG" and s.take("SET"):
            self.use(s)
        elif s.take("APPLY", "CHANGES") or s.take("AUTO", "CDC"):
            self.changes(s)
        elif s.take("INSERT"):
            self.insert(s, None)
        elif s.take("CREATE"):
            words = []
            while s.word(1) != "." and s.word() in ("OR", "REPLACE", "REFRESH", "PRIVATE", "TEMPORARY", "TEMP", "LIVE",
                               "STREAMING", "MATERIALIZED", "TABLE", "VIEW", "FLOW", "INCREMENTAL"):
                words.append(s.word())
                s.at += 1
            if "FLOW" in words:
                self.flow(s)
            elif "TABLE" in words or "VIEW" in words:
                self.dataset(s, words)


def with_parameters(text, configuration):
    """Parameters may stand in parameters. One that is not set stays."""
    for _ in range(5):
        text = re.sub(r"\$\{\s*([^}]*?)\s*\}",
                      lambda match: configuration.get(match.group(1), match.group(0)), text)
    return text


def read(cells, found, configuration):
    configuration = dict(configuration)
    reader = Reader(found, configuration)
    for cell in cells:
        for plain in statements(cell):
            text = plain.text[plain.tokens[0].start:plain.tokens[-1].end + 1] if plain.tokens else ""
            setting = re.fullmatch(r"(?is)SET\s+([\w.]+)\s*=\s*(.*?)\s*", text)
            if setting:
                configuration[setting.group(1)] = setting.group(2)
                continue
            for statement in statements(with_parameters(text, configuration)):
                reader.read(statement)
