"""Full names of tables, and what a source has been found to define."""

import re


def is_path(text):
    return text.startswith("/") or re.match(r"[A-Za-z][\w+.-]*:/", text) is not None


def parts_of(text):
    """The parts between dots; a part in back quotes may contain dots."""
    parts = []
    for quoted, plain in re.findall(r"`((?:[^`]|``)*)`|([^.`]+)", text):
        parts.append(quoted.replace("``", "`") if quoted else plain)
    return parts


def join(parts):
    return ".".join("`" + p.replace("`", "``") + "`" if re.search(r"[.`]", p) else p
                    for p in parts)


class Found:
    """Datasets with their types, edges and sinks, under full names."""

    def __init__(self, catalog, schema):
        self.catalog, self.schema = catalog, schema
        self.datasets, self.edges, self.sinks = {}, set(), set()

    def full(self, text):
        text = text.strip()
        path = re.fullmatch(r"\w+\.`([^`]+)`", text)
        if path and is_path(path.group(1)):
            return path.group(1)
        if is_path(text):
            return text
        parts = parts_of(text.lower())
        if len(parts) == 2 and parts[0] == "live":
            parts = parts[1:]
        if len(parts) == 1:
            parts = [self.catalog, self.schema] + parts
        elif len(parts) == 2:
            parts = [self.catalog] + parts
        return join(parts[:2] + [".".join(parts[2:])])

    def dataset(self, name, kind):
        self.datasets[self.full(name)] = kind

    def edge(self, source, target):
        """`target` is the name of a table; one that is a sink is known at the end."""
        self.edges.add((source, target))

    def settled(self):
        """The edges under full names, those into sinks too."""
        sinks = {name.lower() for name in self.sinks}
        result = set()
        for source, target in self.edges:
            to = "sink:" + target if target.lower() in sinks else self.full(target)
            source = self.full(source)
            if source != to:
                result.add((source, to))
        return result

    def targets(self):
        sinks = {name.lower() for name in self.sinks}
        return {self.full(t) for _, t in self.edges if t.lower() not in sinks}
