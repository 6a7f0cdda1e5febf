"""bundles.py BUILD: exported bundles, judged by the package databricks-bundles.

Every pipeline of the embedded workspace, and pipelines whose settings have every field that the
package knows and unknown ones at every depth, are exported. The package reads the resource, and
what it has read is compared with the pipeline's settings.
"""
import dataclasses
import enum
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import typing
import urllib.request

import yaml
from databricks.bundles.core._transform import _variable_regex
from databricks.bundles.core._variable import Variable
from databricks.bundles.pipelines._models.pipeline import Pipeline

# The package leaves out deprecated fields, which the Databricks CLI takes.
DEPRECATED = {"Pipeline": {"trigger"}, "PipelineLibrary": {"whl"},
              "IngestionGatewayPipelineDefinition": {"connection_id"},
              "IngestionPipelineDefinitionWorkdayReportParameters":
                  {"incremental", "report_parameters"},
              "OutlookOptions": {"folder_filter", "sender_filter", "subject_filter"}}
# What an export leaves out though bundles know it: docs/guide/exporting.md has the reasons.
LEFT_OUT = {"id", "development", "permissions", "lifecycle", "allow_duplicate_names",
            "cascade_on_destroy"}
BESIDE = {"run_as", "parameters"}  # in the pipeline's answer beside its spec


# ---- the package's types ----

def fields(kind):
    """{field: (class or None, "list" | "map" | None)} of a dataclass of the package."""
    names = vars(sys.modules[kind.__module__]) | {"Variable": Variable}
    found = {}
    for name, hint in typing.get_type_hints(kind, names).items():
        found[name] = (leaf(hint), shape(hint))
    return found


def parts(hint):
    yield hint
    for part in typing.get_args(hint):
        if typing.get_origin(part) is not Variable:
            yield from parts(part)


def leaf(hint):
    for part in parts(hint):
        if isinstance(part, type) and (dataclasses.is_dataclass(part)
                                       or issubclass(part, enum.Enum)) and part is not Variable:
            return part
    for kind in (bool, int, float):
        if kind in list(parts(hint)):
            return kind
    return str


def shape(hint):
    origins = {typing.get_origin(part) for part in parts(hint)}
    return "map" if dict in origins else "list" if list in origins else None


# ---- settings with every field ----

ONE_OF = {"IngestionConfig", "PipelineLibrary"}  # their objects have one field each
EXCLUDES = {"PipelineCluster": {"num_workers", "apply_policy_default_values"}}


class Maker:
    def __init__(self):
        self.n = 0

    def value(self, kind, depth=0):
        self.n += 1
        if dataclasses.is_dataclass(kind):
            return self.object(kind, depth)
        if issubclass(kind, enum.Enum):
            return list(kind)[0].value
        if kind is int:
            return self.n  # rising, so that a minimum is below its maximum
        return {bool: True, float: 0.5}.get(kind, f"v{self.n}")

    def object(self, kind, depth, only=None):
        made = {}
        for name, (inner, form) in sorted(fields(kind).items(), reverse=True):
            if only and name != only or name in EXCLUDES.get(kind.__name__, ()):
                continue
            if form == "map":
                made[name] = {f"k{self.n}": f"v{self.n}"}
            elif form == "list" and inner.__name__ in ONE_OF:
                made[name] = [self.object(inner, depth + 1, one) for one in fields(inner)]
            elif form == "list":
                made[name] = [self.value(inner, depth + 1)]
            else:
                made[name] = self.value(inner, depth + 1)
        made[f"x_unknown_{depth}"] = {"deep": [1, None, "${var.x}"]}
        return made


# Settings that a workspace takes together: each drops what excludes the others.
VARIANTS = {
    "classic": {"ingestion_definition", "gateway_definition", "target", "storage", "serverless",
                "serverless_compute_id"},
    "legacy": {"ingestion_definition", "gateway_definition", "schema", "catalog", "serverless",
               "serverless_compute_id", "clusters", "event_log"},
    "ingestion": {"libraries", "gateway_definition", "target", "storage", "clusters"},
    "gateway": {"libraries", "ingestion_definition", "target", "storage", "serverless",
                "serverless_compute_id"},
}


def variants():
    for name, without in VARIANTS.items():
        spec = Maker().object(Pipeline, 0)
        for field in without | LEFT_OUT | {"run_as"}:
            spec.pop(field, None)
        spec.update(name=f"every field, {name}", continuous=False, channel="CURRENT",
                    edition="CORE", photon=False, trigger={"manual": {}}, parent_path="/Shared")
        if "schema" in spec and "catalog" in spec:
            spec["catalog"] = "main"
        # a text that would be a reference in a bundle
        spec["configuration"] = {"a": "${var.x}", "b": "$${bundle.name} ${not one}"}
        if "libraries" in spec:
            globs = name == "legacy"  # a workspace takes no globs beside files
            spec["libraries"] = [one for one in spec["libraries"] if ("glob" in one) == globs]
        if "ingestion_definition" in spec:
            spec["ingestion_definition"].pop("ingestion_gateway_id", None)
        yield spec


# ---- the embedded workspace ----

class Workspace:
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.process = subprocess.Popen(
            [self.build / "tarn", "sandbox", "--port", "0", "--fresh"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.match(r"listening on (\S+)", line)
            if found:
                self.url = found.group(1).rstrip("/")
                return
        sys.exit("the embedded workspace does not start")

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=body and json.dumps(body).encode(),
            headers={"Authorization": "Bearer demo-token", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")

    def pipelines(self):
        token = ""
        while True:
            page = self.ask("GET", f"/api/2.0/pipelines?max_results=100{token}")
            yield from page.get("statuses", [])
            if not page.get("next_page_token"):
                return
            token = "&page_token=" + page["next_page_token"]

    def export(self, pipeline_id, folder):
        """The exported resource; None if the pipeline cannot be made from files."""
        env = dict(os.environ, DATABRICKS_HOST=self.url, DATABRICKS_TOKEN="demo-token",
                   TARN_STATE_HOME=str(folder), XDG_STATE_HOME=str(folder),
                   DATABRICKS_CONFIG_FILE="/dev/null")
        run = subprocess.run([self.build / "tarn", "export", pipeline_id, "--format", "bundle",
                              "--dir", folder / "out"], env=env, capture_output=True, text=True)
        if run.returncode == 5 and "cannot be exported" in run.stderr:
            return None
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        [path] = (folder / "out" / "resources").iterdir()
        [resource] = yaml.safe_load(path.read_text())["resources"]["pipelines"].values()
        return resource


# ---- the judgement ----

def without_deprecated(value, kind):
    """A copy without the fields that the package leaves out."""
    if not isinstance(value, dict) or not dataclasses.is_dataclass(kind):
        return value
    known, made = fields(kind), {}
    for name, item in value.items():
        if name in DEPRECATED.get(kind.__name__, ()):
            continue
        inner, form = known.get(name, (None, None))
        if form == "list" and isinstance(item, list):
            made[name] = [without_deprecated(one, inner) for one in item]
        elif form == "map":
            made[name] = item
        else:
            made[name] = without_deprecated(item, inner)
    return made


def literal(text):
    """What a bundle makes of a text, by the package's own rule for references."""
    assert not _variable_regex.search(text), f"{text!r} is a reference"
    return re.sub(r"\$(?=" + _variable_regex.pattern.replace(r"(?<!\$)", "") + ")", "", text)


def known_part(value, kind, path, missing, resource):
    """Add to `missing` what the settings have, the package knows, and the resource lacks."""
    if value in (None, [], {}):
        return
    if isinstance(value, dict) and dataclasses.is_dataclass(kind):
        for name, item in value.items():
            known = fields(kind).get(name)
            if not known or not path and name in LEFT_OUT or name == "source_type":
                continue
            inner = resource.get(name) if isinstance(resource, dict) else None
            if known[1] == "list" and isinstance(item, list):
                for i, one in enumerate(item):
                    there = inner[i] if isinstance(inner, list) and i < len(inner) else None
                    known_part(one, known[0], path + (name, i), missing, there)
            elif known[1] == "map":
                for key, one in item.items():
                    there = inner.get(key) if isinstance(inner, dict) else None
                    known_part(one, str, path + (name, key), missing, there)
            else:
                known_part(item, known[0], path + (name,), missing, inner)
        return
    read = literal(resource) if isinstance(resource, str) else resource
    if read != value:
        missing.append(f"{'.'.join(map(str, path))}: {value!r}, exported as {resource!r}")


def judge(pipeline, resource):
    """The faults of an exported resource."""
    try:
        Pipeline.from_dict(without_deprecated(resource, Pipeline))
    except Exception as error:  # the package raises plain ones
        return [f"the package refuses it: {error}"]
    settings = dict(pipeline["spec"])
    settings.update((name, pipeline[name]) for name in BESIDE if name in pipeline)
    if settings.get("edition", "").upper() == "ADVANCED":
        settings.pop("edition")  # a deployment sets it
    if re.fullmatch(r"dbfs:/pipelines/[0-9a-f-]+", settings.get("storage", "")):
        settings.pop("storage")
    missing = []
    try:
        known_part(settings, Pipeline, (), missing, resource)
    except AssertionError as error:
        missing.append(str(error))
    return missing


def main(build):
    workspace, passed, failed, skipped = Workspace(build), 0, 0, 0
    try:
        for spec in variants():
            workspace.ask("POST", "/api/2.0/pipelines", spec)
        for row in list(workspace.pipelines()):
            pipeline = workspace.ask("GET", "/api/2.0/pipelines/" + row["pipeline_id"])
            with tempfile.TemporaryDirectory() as folder:
                resource = workspace.export(row["pipeline_id"], pathlib.Path(folder))
            faults = judge(pipeline, resource) if resource is not None else []
            for fault in faults:
                print(f"FAILED: {row['name']}: {fault}")
            passed, failed = passed + (not faults), failed + bool(faults)
    finally:
        workspace.process.terminate()
        workspace.process.wait()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
