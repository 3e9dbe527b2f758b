#!/usr/bin/env python3
"""Every function of rdb.h that reports a status goes through the guard.

Finds the definition of each in capi/*.cpp, and in it a call of guard() or of a noexcept helper that
is built on it.

usage: guarded.py <capi folder>
"""
import pathlib
import re
import sys

HELPERS = ("guard(", "move_cursor(", "move_among_pairs(", "move_among_values(")


def main():
    folder = pathlib.Path(sys.argv[1])
    header = (folder / "include" / "rdb.h").read_text(encoding="utf-8")
    names = re.findall(r"RDB_API rdb_status (rdb_\w+)\(", header)
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.cpp")))
    failures = 0 if len(names) > 50 else 1
    for name in names:
        body = re.search(r"^rdb_status " + name + r"\([^{]*\) \{\n(.*?)^\}", source, flags=re.M | re.S)
        first = body.group(1).strip() if body else ""
        if not first.startswith(tuple("return " + helper for helper in HELPERS)):
            print(f"{name} is {'not one call of the guard' if body else 'not defined'}")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
