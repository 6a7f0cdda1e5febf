"""The code of a source: of a file, of a notebook in source form, of a Jupyter notebook."""

import json
import re


def jupyter(text):
    cells = []
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            cells.append(source if isinstance(source, str) else "".join(source))
    return cells


def source_notebook(text, comment):
    cells = []
    for cell in re.split(rf"(?m)^{comment} COMMAND -+ *$", text):
        lines = [line for line in cell.split("\n")
                 if not line.startswith(f"{comment} Databricks notebook source")]
        magic = [line[len(comment) + 7:] for line in lines if line.startswith(f"{comment} MAGIC")]
        cells.append("\n".join(magic) if magic else "\n".join(lines))
    return cells


def cells_of(name, text, python):
    """The cells in the language of the file, without those of other languages."""
    if name.endswith(".ipynb"):
        cells = jupyter(text)
    elif ".notebook." in name or text.startswith(("-- Databricks notebook", "# Databricks noteb")):
        cells = source_notebook(text, "#" if python else "--")
    else:
        return [text]
    own = ("python", "py") if python else ("sql",)
    result = []
    for cell in cells:
        magic = re.match(r"\s*%+(\w+)[^\n]*", cell)
        if magic and magic.group(1) in own:
            result.append(re.sub(r"^\s*%+\w+", "", cell, count=1))
        elif not magic:
            result.append("\n".join(line for line in cell.split("\n")
                                    if not line.startswith(("!", "%"))))
    return result
