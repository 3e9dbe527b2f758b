#!/usr/bin/env python3
"""Packs the Go module as a module proxy serves it, into a folder that GOPROXY=file://FOLDER names.

usage: module.py FOLDER VERSION
"""

import json
import pathlib
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
# What users of the module compile; tests and their tools stay here.
WANTED = re.compile(r"^(?!.*/conformance/).*(?<!_test)\.(go|c|h|mod)$")


def main(folder, version):
    module = re.search(r"^module (\S+)$", (HERE / "go.mod").read_text(), re.M).group(1)
    place = pathlib.Path(folder) / module / "@v"
    place.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in HERE.rglob("*") if path.is_file() and WANTED.search(str(path)))
    with zipfile.ZipFile(place / f"{version}.zip", "w", zipfile.ZIP_DEFLATED) as pack:
        for path in files:
            pack.write(path, f"{module}@{version}/{path.relative_to(HERE).as_posix()}")
        pack.write(HERE.parent.parent / "LICENSE", f"{module}@{version}/LICENSE")
    (place / f"{version}.mod").write_bytes((HERE / "go.mod").read_bytes())
    (place / f"{version}.info").write_text(json.dumps({"Version": version}))
    (place / "list").write_text(version + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
