"""clang-format agrees with every C and C++ file. With --fix, rewrites those it does not agree with.

Versions disagree on details, so only the one Debian 12 ships is asked; another is a loud skip.

usage: format.py ROOT [--fix]
"""

import re
import shutil
import subprocess
import sys

import tree

VERSION = 14


def find_tool():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            text = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            found = re.search(r"version (\d+)", text)
            if found and int(found.group(1)) == VERSION:
                return path
    return None


def check(root, tool, fix=False):
    names = [name for name in tree.files(root, ".hpp", ".h", ".cpp", ".c")
             if not name.startswith("tests/capi/abi")  # frozen headers of earlier releases
             and not name.endswith("_wrap.c")]  # what SWIG wrote
    if not names:
        return []
    if fix:
        subprocess.run([tool, "-i", *names], cwd=root, check=True)
        return []
    result = subprocess.run([tool, "--dry-run", *names], cwd=root, capture_output=True, text=True)
    counts = {}
    for name in re.findall(r"^(\S+?):\d+:\d+: (?:warning|error): ", result.stderr, re.MULTILINE):
        counts[name] = counts.get(name, 0) + 1
    findings = [f"{name}: {count} place(s) differ" for name, count in sorted(counts.items())]
    if result.returncode != 0 and not findings:
        findings = [result.stderr]
    if findings:
        findings.append("mend with: python3 tests/lint/format.py . --fix")
    return findings


if __name__ == "__main__":
    clang_format = find_tool()
    if clang_format is None:
        tree.skip(f"clang-format {VERSION} is not installed: ./run setup")
    tree.finish(check(sys.argv[1], clang_format, "--fix" in sys.argv[2:]), "format")
