"""The documents a newcomer reads first: present, complete, and their C example works.

The example is the first C block of README.md. It is compiled as C99 against rdb.h and, once the
library is built, linked and run in an empty folder.

usage: documents.py ROOT BUILD VERSION C-COMPILER
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import tree

SECTIONS = ["Format", "ABI", "Added", "Fixed", "Performance"]


def check_changelog(root, version):
    path = pathlib.Path(root) / "CHANGELOG.md"
    if not path.is_file():
        return ["CHANGELOG.md is missing"]
    entry = re.search(rf"^## {re.escape(version)}\b.*?(?=^## |\Z)", path.read_text(), re.M | re.S)
    if entry is None:
        return [f"CHANGELOG.md has no entry for version {version}, which meson.build names"]
    headings = re.findall(r"^### (.+)$", entry.group(0), re.M)
    return [f"CHANGELOG.md, {version}: section {section} is missing"
            for section in SECTIONS if section not in headings]


def example(root):
    block = re.search(r"^```c\n(.*?)^```", tree.read(root, "README.md"), re.M | re.S)
    return block.group(1) if block else None


def check_readme(root, build, c_compiler):
    text = tree.read(root, "README.md")
    findings = [f"README.md does not show {command}"
                for command in ("./run demo", "./run test") if command not in text]
    source = example(root)
    if source is None:
        return findings + ["README.md has no C example"]
    header = pathlib.Path(root) / "capi/include/rdb.h"
    if not header.is_file():
        return findings
    libraries = sorted((pathlib.Path(build) / "capi").glob("librdb.so*"))
    libraries = [path for path in libraries if path.is_file()]
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{header.parent}"]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "example"
        program.with_suffix(".c").write_text(source)
        action = ["-fsyntax-only"]
        if libraries:
            where = libraries[0].parent
            action = ["-o", str(program), str(libraries[0]), f"-Wl,-rpath,{where}"]
        result = subprocess.run(c_compiler + flags + [str(program.with_suffix(".c"))] + action,
                                capture_output=True, text=True)
        if result.returncode != 0:
            return findings + [f"the C example of README.md does not compile:\n{result.stderr}"]
        if libraries:
            result = subprocess.run([str(program)], cwd=folder, capture_output=True, text=True,
                                    timeout=60, env=dict(os.environ, LC_ALL="C"))
            if result.returncode != 0 or not result.stdout:
                findings.append(f"the C example of README.md ended with {result.returncode}:\n"
                                f"{result.stdout}{result.stderr}")
    return findings


def check_licence(root):
    path = pathlib.Path(root) / "LICENSE"
    whole = path.is_file() and "END OF TERMS AND CONDITIONS" in path.read_text()
    return [] if whole else ["LICENSE is missing or cut short"]


if __name__ == "__main__":
    root_folder, build_folder, project_version, compiler = sys.argv[1:5]
    tree.finish(check_licence(root_folder) + check_changelog(root_folder, project_version)
                + check_readme(root_folder, build_folder, shlex.split(compiler)), "documents")
