#!/usr/bin/env python3
"""models.py: the lists of a pipeline's fields that the API, bundles and Terraform know.

    models.py FOLDER --write  read the packages installed in FOLDER, and write the lists
    models.py FOLDER          write nothing: check that each list is what would be written, and
                              that it is not too old

The packages are those of tests/conformance/models.txt. Nothing of them is run: classes are read
from their text, and the schema of Terraform's provider from the JSON that comes with its bindings.
"""
import ast
import datetime
import json
import pathlib
import re
import sys
import tarfile
import textwrap

BUNDLES, SDK, TERRAFORM = "databricks-bundles", "databricks-sdk", "cdktn-provider-databricks"
WIRE = "tests/support/wire_model.txt"
LISTS = {"bundle": "lua/tarn/export/model/bundle.lua",
         "terraform": "lua/tarn/export/model/terraform.lua"}


class Field:
    """A field: `kind` is str, int, bool, f64, map, or the name of a type or enum."""

    def __init__(self, kind, is_list=False, required=False, block=None, deprecated=False):
        self.kind, self.is_list, self.required = kind, is_list, required
        self.block, self.deprecated = block, deprecated


class Package:
    """An installed package: its version, and the texts of its files."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        found = list(self.folder.glob(name.replace("-", "_") + "-*.dist-info"))
        if len(found) != 1:
            sys.exit(f"{folder} has {len(found)} versions of {name}; one is needed")
        self.version = found[0].name.removesuffix(".dist-info").rsplit("-", 1)[1]

    def text(self, path):
        return (self.folder / path).read_text()

    def find(self, pattern):
        return sorted(self.folder.glob(pattern))


# ---- classes in Python ----

SCALARS = {"str": "str", "int": "int", "bool": "bool", "float": "f64", "Any": "str"}


def annotation(node):
    """(kind, is_list, is_optional) of a field's type."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return annotation(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Name):
        return SCALARS.get(node.id, node.id), False, False
    if isinstance(node, ast.Attribute):
        return node.attr, False, False
    outer, inner = ast.unparse(node.value), node.slice
    if outer in ("Optional", "VariableOrOptional"):
        kind, is_list, _ = annotation(inner)
        return kind, is_list, True
    if outer == "VariableOr":
        return annotation(inner)
    if outer in ("List", "list", "VariableOrList"):
        kind, _, _ = annotation(inner)
        return kind, True, outer == "VariableOrList"
    if outer in ("Dict", "dict", "VariableOrDict"):
        return "map", False, outer == "VariableOrDict"
    sys.exit(f"a type that is not known: {ast.unparse(node)}")


def classes(text):
    """{type: {field: Field}} and {enum: [word]} of a module's text."""
    types, enums = {}, {}
    for node in ast.parse(text).body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [ast.unparse(base) for base in node.bases]
        if "Enum" in bases:
            enums[node.name] = [item.value.value for item in node.body
                                if isinstance(item, ast.Assign)]
        elif "TypedDict" not in bases:
            types[node.name] = class_fields(node)
    return types, enums


def class_fields(node):
    fields = {}
    for item, after in zip(node.body, node.body[1:] + [None]):
        if not isinstance(item, ast.AnnAssign):
            continue
        doc = after.value.value if isinstance(after, ast.Expr) and isinstance(
            after.value, ast.Constant) and isinstance(after.value.value, str) else ""
        kind, is_list, is_optional = annotation(item.annotation)
        fields[item.target.id] = Field(kind, is_list, not is_optional,
                                       deprecated="deprecated" in doc.lower())
    return fields


def reachable(types, root):
    """The types that a type is made of, by name, the root first."""
    found, waiting = {}, [root]
    while waiting:
        name = waiting.pop(0)
        if name in found or name not in types:
            continue
        found[name] = types[name]
        waiting += [field.kind for _, field in sorted(types[name].items())]
    return found


def read_api(package):
    types, enums = {}, {}
    for module in ("compute", "pipelines"):
        more, words = classes(package.text(f"databricks/sdk/service/{module}.py"))
        types.update(more)
        enums.update(words)
    return types, enums


def read_bundle(package, api):
    types = {}
    for path in package.find("databricks/bundles/pipelines/_models/*.py"):
        types.update(classes(path.read_text())[0])
    # The package leaves out what is deprecated; the Databricks CLI reads that too.
    for name, fields in types.items():
        spec = "PipelineSpec" if name == "Pipeline" else name
        for field, known in api.get(spec, {}).items():
            if (known.deprecated or field == "whl") and field not in fields:
                fields[field] = known
    for name, fields in list(api.items()):
        types.setdefault(name, fields)
    return reachable(types, "Pipeline")


# ---- the schema of Terraform's provider ----

LINK = re.compile(r"databricks/databricks/([\d.]+)/docs/resources/pipeline#(\w+) ")
PACKAGE = "@cdktn/provider-databricks.pipeline."


def read_terraform(package, api):
    [archive] = package.find("cdktn_provider_databricks/_jsii/*.tgz")
    with tarfile.open(archive) as tar:
        assembly = json.load(tar.extractfile("package/.jsii"))["types"]
    types, versions, names = {}, set(), {}

    def read(name, api_name):
        """Read a type, beside the API's type of the same object, if there is one."""
        fields, known = {}, api.get(api_name, {})
        types[name], names[name] = fields, api_name or name
        for prop in assembly[PACKAGE + name].get("properties", []):
            docs = " ".join(prop["docs"].values())
            version, field = LINK.search(docs).groups()
            versions.add(version)
            own = plural(field, known)
            if own is None:
                if name == "PipelineConfig":
                    continue  # not a setting: the provider's own, or what the server tells
                own = field
            kind, is_list = terraform_type(prop["type"])
            fields[own] = Field(kind, is_list, block=field if field != own else None)
            if kind not in ("str", "map") and kind not in types:
                read(kind, known[own].kind if own in known else None)

    root = dict(api["PipelineSpec"])
    for field in ("run_as", "parameters"):
        root[field] = api["GetPipelineResponse"][field]
    api = dict(api, PipelineConfig=root)
    read("PipelineConfig", "PipelineConfig")
    return renamed(merged(types), names), versions.pop()


def plural(field, known):
    """The API's name for a block, which Terraform names in the singular; None if it has none."""
    for name in (field, field + "s", field[:-1] + "ies"):
        if name in known:
            return name
    return None


def terraform_type(kind):
    """(kind, is_list): a scalar's kind is not told apart from others."""
    for one in kind.get("union", {}).get("types", [kind]):
        if "collection" in one:
            if one["collection"]["kind"] == "map":
                return "map", False
            return terraform_type(one["collection"]["elementtype"])[0], True
        if one.get("fqn", "").startswith(PACKAGE):
            return one["fqn"][len(PACKAGE):], False
    return "str", False


def merged(types):
    """Types with the same fields become one, named like the shortest of them."""
    while True:
        by_body, new_name = {}, {}
        for name in sorted(types, key=lambda n: (len(n), n)):
            body = type_text(types[name])
            new_name[name] = by_body.setdefault(body, name)
        if all(name == new for name, new in new_name.items()):
            return types
        types = {name: fields for name, fields in types.items() if new_name[name] == name}
        for fields in types.values():
            for field in fields.values():
                field.kind = new_name.get(field.kind, field.kind)


def renamed(types, names):
    """The types under the API's names; two of one name that differ are numbered."""
    short, taken = {}, set()
    for old in sorted(types, key=lambda n: (len(n), n)):
        name, n = names[old], 1
        while name in taken:
            n += 1
            name = f"{names[old]}{n}"
        taken.add(name)
        short[old] = name
    for fields in types.values():
        for field in fields.values():
            field.kind = short.get(field.kind, field.kind)
    return {short[old]: fields for old, fields in types.items()}


# ---- texts ----

def type_text(fields):
    words = []
    for name, field in sorted(fields.items()):
        kind = field.kind if field.kind == "map" or field.kind[0].isupper() else "value"
        kind = f"[{kind}]" if field.is_list else kind
        name = f"{name}/{field.block}" if field.block else name
        words.append(name if kind == "value" else f"{name}:{kind}")
    return " ".join(words)


def fitting(name):
    """A type's name without its first words, if it is too long for a line."""
    words = re.findall(r"[A-Z][^A-Z]*", name)
    while len(words) > 1 and len("".join(words)) > 60:
        words.pop(0)
    return "".join(words)


def shown(types, root):
    """The types as lua/tarn/export/model.lua reads them."""
    lines = []
    types = {fitting(name): fields for name, fields in types.items()}
    for name in [root] + sorted(set(types) - {root}):
        fields = types[name]
        for field in fields.values():
            if field.kind[0].isupper():
                field.kind = fitting(field.kind)
                field.kind = field.kind if field.kind in types else "str"  # an enum
        text = f"{name} {{ {type_text(fields)} }}" if fields else f"{name} {{}}"
        lines += textwrap.wrap(text, 100, subsequent_indent="  ", break_long_words=False)
    return "\n".join(lines)


LUA = """--- The fields of a pipeline that {who}.
--
-- Written by `./dev models`: do not edit.

return {{
  from = "{origin}", date = "{date}", root = "{root}",
  types = [[
{types}
]],
}}
"""


def lua_list(who, origin, root, types):
    text = shown(types, root)
    return lambda date: LUA.format(who=who, origin=origin, root=root, types=text, date=date)


def wire_list(types, enums, version):
    spec = {}
    for name in ("PipelineSpec", "RunAs", "StartUpdate", "UpdateInfo"):
        spec.update(reachable(types, name))
    words, lines = {}, []
    for name in sorted(spec):
        parts = []
        for field, known in sorted(spec[name].items()):
            kind = "map<str>" if known.kind == "map" else known.kind
            if kind in enums:
                words[kind] = enums[kind]
            elif kind[0].isupper() and kind not in types:
                kind = "str"
            kind = f"[{kind}]" if known.is_list else kind
            parts.append(f"{field}{'*' if known.required else ''}:{kind}")
        lines.append(f"{name} {{ {', '.join(parts)} }}" if parts else f"{name} {{}}")
    lines += [f"enum {name} = {' | '.join(words[name])}" for name in sorted(words)]
    return lambda date: WIRE_HEAD.format(version=version, date=date) + "\n".join(lines) + "\n"


WIRE_HEAD = """\
# What a pipeline's settings, its updates and the request that starts one are made of: names and
# types, as the API's client library for Python knows them.
# Written by `./dev models` from databricks-sdk {version}, {date}: do not edit.
# `*`: always sent. str, int, bool, f64, map<str>; [T] is a list.
"""

def start_fields(package):
    """The fields of the request that starts an update: the arguments of `start_update`."""
    tree = ast.parse(package.text("databricks/sdk/service/pipelines.py"))
    api = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "PipelinesAPI")
    start = next(n for n in api.body if getattr(n, "name", "") == "start_update")
    fields = {}
    for arg in start.args.kwonlyargs:
        kind, is_list, _ = annotation(arg.annotation)
        fields[arg.arg] = Field(kind, is_list)
    return fields


def lists(folder):
    sdk, bundles, terraform = (Package(folder, name) for name in (SDK, BUNDLES, TERRAFORM))
    api, enums = read_api(sdk)
    api["StartUpdate"] = start_fields(sdk)
    wire = wire_list(api, enums, sdk.version)
    provider, version = read_terraform(terraform, api)
    return {
        WIRE: wire,
        LISTS["terraform"]: lua_list("Terraform's provider `databricks` takes",
                                     f"Terraform's provider databricks {version}",
                                     "PipelineConfig", provider),
        LISTS["bundle"]: lua_list("bundles take", f"databricks-bundles {bundles.version}",
                                  "Pipeline", read_bundle(bundles, api)),
    }


DATE = re.compile(r"\d{4}-\d\d-\d\d")
OLD, TOO_OLD = 120, 365  # days


def write(made):
    today = datetime.date.today().isoformat()
    for path, make in made.items():
        target = pathlib.Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(make(today))
        print(f"{path}: written")


def check(made):
    """The number of failures."""
    failed = 0
    for path, make in made.items():
        text = pathlib.Path(path).read_text()
        date = DATE.search(text).group()
        age = (datetime.date.today() - datetime.date.fromisoformat(date)).days
        if text != make(date):
            failed += 1
            print(f"FAILED: {path} is not what `./dev models` writes")
        if age > TOO_OLD:
            failed += 1
            print(f"FAILED: {path} is {age} days old: raise the versions in "
                  "tests/conformance/models.txt and run `./dev models`")
        elif age > OLD:
            print(f"warning: {path} is {age} days old: is there a newer version?")
    return failed


def main(folder, *options):
    made = lists(folder)
    if "--write" in options:
        write(made)
        return 0
    failed = check(made)
    print(f"{2 * len(made) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
