"""One list of functions, written four times: rdb.h, rdb.map, api.csv, and what librdb.so exports.

Also: rdb.map names functions one by one (no wildcard among its globals).

usage: abi_lists.py ROOT BUILD
"""

import csv
import pathlib
import re
import subprocess
import sys

import tree


def header_functions(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
    return set(re.findall(r"\bRDB_API\b[^;{(]*?\b(rdb_\w+)\s*\(", text))


def map_symbols(text):
    """(functions, version nodes, complaints)"""
    text = re.sub(r"/\*.*?\*/|#[^\n]*", " ", text, flags=re.S)
    functions, complaints, nodes = set(), [], set()
    for node, body in re.findall(r"(\w[\w.]*)\s*\{(.*?)\}", text, re.S):
        nodes.add(node)
        exported = True
        for word in re.findall(r"[\w*]+:?", body):
            if word in ("global:", "local:"):
                exported = word == "global:"
            elif exported and "*" in word:
                complaints.append(f"rdb.map: {node} exports the pattern {word}; name each function")
            elif exported:
                functions.add(word)
    return functions, nodes, complaints


def table_functions(text):
    rows = csv.DictReader(line for line in text.splitlines() if line and not line.startswith("#"))
    return {row["name"].strip() for row in rows}


def exported_symbols(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", str(library)], check=True,
                             capture_output=True, text=True).stdout
    rows = [line.split()[-2:] for line in listing.splitlines()]
    return {name.split("@")[0] for kind, name in rows if kind != "A"}  # A: version nodes


def compare(reference, found, where):
    return ([f"{where}: {name} is missing" for name in sorted(reference - found)]
            + [f"{where}: {name} is not in rdb.h" for name in sorted(found - reference)])


def check(root, build):
    capi = pathlib.Path(root) / "capi"
    functions = header_functions((capi / "include/rdb.h").read_text())
    if not functions:
        return ["rdb.h declares no RDB_API function"]
    listed, _, findings = map_symbols((capi / "rdb.map").read_text())
    findings += compare(functions, listed, "rdb.map")
    if (capi / "api.csv").is_file():
        findings += compare(functions, table_functions((capi / "api.csv").read_text()), "api.csv")
    else:
        findings.append("capi/api.csv is missing")
    libraries = [path for path in sorted((pathlib.Path(build) / "capi").glob("librdb.so*"))
                 if path.is_file()]
    if libraries:
        findings += compare(functions, exported_symbols(libraries[0]), libraries[0].name)
    else:
        findings.append("capi/librdb.so is not built")
    return findings


if __name__ == "__main__":
    tree.finish(check(sys.argv[1], sys.argv[2]), "lists of ABI functions")
