"""Self-sufficient headers: each compiles alone, and twice in one file, without warnings.

A header whose .cpp includes it first is proven by the build and is not compiled again here. Public
core headers see no private folder. rdb.h must be C99, C11 and C++20.

usage: headers.py ROOT C-COMPILER CXX-COMPILER
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys

import tree

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wno-sign-conversion", "-Wshadow",
            "-Werror"]
CXX_WARNINGS = ["-Wold-style-cast", "-Wnon-virtual-dtor"]


def proven_by_build(root, name):
    source = pathlib.Path(root) / (name.rsplit(".", 1)[0] + ".cpp")
    if not source.is_file():
        return False
    first = re.search(r'^#include "([^"]+)"', source.read_text(encoding="utf-8"), re.MULTILINE)
    before = re.search(r"^#include <", source.read_text(encoding="utf-8"), re.MULTILINE)
    return (first is not None and name.endswith("/" + first.group(1))
            and (before is None or before.start() > first.start()))


def jobs(root, c_compiler, cxx_compiler):
    """Yields (header, label, command, text to compile)."""
    core = ["-Icore/include", "-Icore"]
    for name in tree.files(root, ".hpp", ".h"):
        folder = name.split("/")[0]
        if folder not in ("core", "capi"):
            continue
        twice = f'#include "{name}"\n' * 2
        cxx = cxx_compiler + ["-std=c++20", "-xc++"] + WARNINGS + CXX_WARNINGS
        if name == "capi/include/rdb.h":
            for standard in ("c99", "c11"):
                yield name, standard, c_compiler + [f"-std={standard}", "-xc"] + WARNINGS, twice
            yield name, "c++20", cxx, twice
        elif folder == "capi":
            yield name, "c++20", cxx + ["-Icapi/include", "-Icapi", "-Icore/include"], twice
        elif name.startswith("core/include/"):
            yield name, "c++20", cxx + ["-Icore/include"], twice
        elif not proven_by_build(root, name):
            yield name, "c++20", cxx + core, twice


def compile_one(root, job):
    name, label, command, text = job
    result = subprocess.run(command + ["-I.", "-fsyntax-only", "-"], input=text, cwd=root,
                            capture_output=True, text=True)
    return None if result.returncode == 0 else f"{name} does not stand alone as {label}:\n{result.stderr}"


def check(root, c_compiler, cxx_compiler):
    workers = int(os.environ.get("JOBS") or os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        outcomes = pool.map(lambda job: compile_one(root, job),
                            list(jobs(root, c_compiler, cxx_compiler)))
    return [finding for finding in outcomes if finding]


if __name__ == "__main__":
    tree.finish(check(sys.argv[1], shlex.split(sys.argv[2]), shlex.split(sys.argv[3])),
                "headers of core and capi")
