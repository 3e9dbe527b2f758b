"""House rules that a text search can check: names, words, doors.

usage: house_rules.py ROOT
"""

import re
import sys

import tree

# Anywhere in the tree. The character classes keep this file from finding itself.
FORBIDDEN = [
    (re.compile(r"(?<![\w.])/(wor[k]|roo[t]|home/\w+|Users/\w+)/"), "a path of one machine"),
    (re.compile(r"deb[.]debian|py[p]i\.org|files[.]pythonhosted|crat[e]s\.io|proxy[.]golang|"
                r"repo1?[.]maven|registry[.]npmjs"), "a package registry's host"),
    (re.compile(r"\bTOD[O]\b(?!\((perf|cleanup|port|test)\): )"),
     "open work needs a kind: perf, cleanup, port or test"),
    (re.compile(r"\b(FIXM[E]|HAC[K])\b"), "say what must hold instead"),
]
# Not the project's own words: licence texts and lists that package tools write.
NOT_OURS = re.compile(r"(^LICENSE$|\.lock$|(^|/)go\.sum$|\.(png|gz|rdb|redb|bin|seed)$|^tests/fuzz/corpus/)")

# (folders, folders exempt, pattern, complaint): rules for the library's own code.
DOORS = [
    (("core/", "capi/"), (),
     re.compile(r"\bstd::(abort|exit|quick_exit|terminate|cout|cerr|clog|printf|puts)\b|"
                r"(?<![\w.>:])(printf|fprintf|puts|perror|syslog)\s*\("),
     "nothing in the library prints, exits or aborts"),
    (("core/",), ("core/io/",),
     re.compile(r"(?<![\w.>])(::)?\b(p(read|write)v?2?|f(data)?sync|ftruncate|posix_fallocate|fallocate|"
                r"flock)\s*\("),
     "core/io is the only door to the device"),
    (("core/",), ("core/include/rdb/error.hpp",),
     re.compile(r"\bthrow\s+std::(?!bad_alloc)"),
     "failures are rdb::Error"),
]

HEADER_START = re.compile(r"\A(//|/\*) ?(.*)")


def strip_code(text):
    """Blanks comments and literals, keeping line breaks, so that DOORS see code only."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.DOTALL)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_words(name, text):
    for pattern, complaint in FORBIDDEN:
        for match in pattern.finditer(text):
            yield f"{name}:{line_of(text, match.start())}: {match.group(0)}: {complaint}"


def check_cpp(name, text):
    code = strip_code(text)
    for folders, exempt, pattern, complaint in DOORS:
        if name.startswith(folders) and not name.startswith(exempt or "\0"):
            for match in pattern.finditer(code):
                yield f"{name}:{line_of(code, match.start())}: {match.group(0)}: {complaint}"
    if not name.startswith(("core/", "capi/", "tools/")):
        return
    base = name.rsplit("/", 1)[1]
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.(hpp|cpp|h|c)", base):
        yield f"{name}: file names are snake_case"
    if base.endswith((".hpp", ".h")):
        start = HEADER_START.match(text)
        if start is None:
            yield f"{name}: a header opens with a comment that says what it is for"
        elif base not in text.split("\n", 1)[0]:
            yield f"{name}: the opening comment names the file"
        if base.endswith(".hpp") and "#pragma once" not in text:
            yield f"{name}: #pragma once is missing"
        for match in re.finditer(r"^\s*using namespace\b", code, re.MULTILINE):
            yield f"{name}:{line_of(code, match.end())}: no using namespace in headers"


def check(root):
    findings = []
    for name in tree.files(root):
        if NOT_OURS.search(name):
            continue
        text = tree.read(root, name)
        if "\0" in text:
            continue  # binary
        findings += check_words(name, text)
        if name.endswith((".hpp", ".h", ".cpp", ".c")):
            findings += check_cpp(name, text)
    return findings


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]), "words, names and doors")
