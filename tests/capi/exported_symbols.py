#!/usr/bin/env python3
"""A library exports what rdb.map names: each function by name, and nothing else.

usage: exported_symbols.py <nm> <rdb.map> <shared library or archive>
"""
import re
import subprocess
import sys


def mapped(path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"#.*", "", file.read())
    nodes = set(re.findall(r"^(\w[\w.]*)\s*\{", text, flags=re.M))
    names = set(re.findall(r"^\s+(rdb_\w+);", text, flags=re.M))
    return nodes, names


def exported(nm, library):
    """Names of defined dynamic symbols, with their version nodes set apart."""
    output = subprocess.run([nm, "-D", "--defined-only", library], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    nodes, names = set(), set()
    for line in output.splitlines():
        _, kind, symbol = line.split(maxsplit=2)
        name, _, version = symbol.partition("@")
        if kind == "A":
            nodes.add(name)
        else:
            names.add(name)
            if not version:
                print(f"{name} has no version")
                names.add(name + " without version")
    return nodes, names


def archived(nm, archive):
    """Names of the global symbols of an archive, which has no version nodes."""
    output = subprocess.run([nm, "--defined-only", "--extern-only", archive], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    rows = [line.split() for line in output.splitlines()]
    return {row[2] for row in rows if len(row) == 3}


def main():
    nm, map_path, library = sys.argv[1:]
    map_nodes, map_names = mapped(map_path)
    if library.endswith(".a"):
        lib_nodes, lib_names = map_nodes, archived(nm, library)
    else:
        lib_nodes, lib_names = exported(nm, library)
    for what, wanted, found in [("node", map_nodes, lib_nodes), ("symbol", map_names, lib_names)]:
        for name in sorted(wanted - found):
            print(f"the {what} {name} is mapped, but not exported")
        for name in sorted(found - wanted):
            print(f"the {what} {name} is exported, but not mapped")
    return 0 if (map_nodes, map_names) == (lib_nodes, lib_names) else 1


if __name__ == "__main__":
    sys.exit(main())
