"""The conformance scripts reach every function of the interface.

The tables of tests/conformance/README.md name, for each operation, the functions it stands for. An
operation counts when a script has a line with it. Also: lines are JSON of known members, and no
operation is in the table without a line, or in a line without the table.

usage: conformance.py ROOT
"""

import csv
import json
import pathlib
import re
import sys

import tree

# Functions that no operation needs to reach, each with its reason.
EXCEPTIONS = {}

LANGUAGES = {"c", "python", "go", "java"}
COMMON = {"op", "expect", "gives", "needs", "faces", "except"}


def documented(text):
    """operation -> functions, from the rows whose first cell is in back quotes."""
    operations = {}
    for cells in re.findall(r"^\|(.*)\|$", text, re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", cells)]
        names = re.findall(r"`(\w+)`", cells[0])
        if not names or not re.fullmatch(r"`\w+`(, `\w+`)*", cells[0]) or len(cells) < 3:
            continue
        functions = set(re.findall(r"`(rdb_\w+)`", cells[-1]))
        for name in names:
            own = {f"rdb_{name}"} if "the function of that name" in cells[-1] else functions
            operations[name] = own
    return operations


def check_line(line, operations):
    if set(line) == {"comment"}:
        return None
    if line.get("op") not in operations:
        return f"the operation {line.get('op')!r} is not in README.md"
    if not re.fullmatch(r"[A-Z_]+", line.get("expect", "OK")):
        return f"{line['expect']!r} is no status"
    unknown = (set(line.get("faces", [])) | set(line.get("except", {}))) - LANGUAGES
    if unknown:
        return f"there is no language {', '.join(sorted(unknown))}"
    if not all(line.get("except", {"-": "-"}).values()):
        return "an exception without a reason"
    return None


def check(root):
    root = pathlib.Path(root)
    operations = documented((root / "tests/conformance/README.md").read_text())
    findings, used = [], set()
    for path in sorted((root / "tests/conformance").glob("*.jsonl")):
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if not text.strip():
                continue
            try:
                line = json.loads(text)
            except ValueError as error:
                findings.append(f"{path.name}:{number}: {error}")
                continue
            complaint = check_line(line, operations)
            if complaint:
                findings.append(f"{path.name}:{number}: {complaint}")
            used.add(line.get("op"))
    findings += [f"README.md: no line has the operation {name}"
                 for name in sorted(set(operations) - used)]
    reached = set().union(*(operations[name] for name in used & set(operations)))
    with open(root / "capi/api.csv", newline="") as file:
        functions = {row["name"] for row in csv.DictReader(file)}
    findings += [f"no conformance line reaches {name}"
                 for name in sorted(functions - reached - set(EXCEPTIONS))]
    driver = "".join(path.read_text() for path in (root / "tests/conformance").glob("*.c"))
    findings += [f"the C driver does not use {name}"
                 for name in sorted(reached) if not re.search(rf"\b{name}\b", driver)]
    findings += [f"README.md: there is no function {name}" for name in sorted(reached - functions)]
    findings += [f"conformance.py: {name} is an exception without need"
                 for name in sorted(set(EXCEPTIONS) & (reached | (set(EXCEPTIONS) - functions)))]
    return findings


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]), "conformance scripts")
