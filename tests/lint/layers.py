"""Layer order: a file includes its own folder and the folders its row allows, and nothing else.

usage: layers.py ROOT
"""

import pathlib
import posixpath
import re
import sys

import tree

# Lowest first; core/meson.build lists the layers that exist in the same order.
LAYERS = ["base", "io", "format", "page", "btree", "txn", "table", "temporal", "cdc", "blob",
          "vector", "query", "db"]
# Earlier layers that a layer may not use all the same: format describes bytes and knows no device.
EXCEPT = {"format": {"io"}}

# Libraries in angle brackets: which layers may use them.
LIBRARIES = {
    "xxhash.h": {"base"},
    "openssl/": {"base"},
    "lz4": {"format"},
    "zstd": {"format"},
    "hwy/": {"vector"},
}
# Operating system headers; below the layers named here, only io talks to the system.
SYSTEM = re.compile(
    r"^(sys/|linux/|fcntl\.h$|unistd\.h$|pthread\.h$|errno\.h$|signal\.h$|windows\.h$|io\.h$|"
    r"immintrin\.h$|x86intrin\.h$|cpuid\.h$|arm_neon\.h$|time\.h$)")
SYSTEM_LAYERS = {"base", "io", "page", "db"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>]+>|"[^"]+")', re.MULTILINE)
SOURCES = (".hpp", ".h", ".cpp", ".c")


def allowed_layers(layer):
    return set(LAYERS[:LAYERS.index(layer) + 1]) - EXCEPT.get(layer, set())


# The C library's own headers, for code that is compiled as it would be in C.
C_STANDARD = {"assert.h", "inttypes.h", "limits.h", "math.h", "stdarg.h", "stdbool.h", "stddef.h",
              "stdint.h", "stdlib.h", "string.h"}


def is_standard(header):
    """C++ headers have neither dot nor folder."""
    return header in C_STANDARD or ("." not in header and "/" not in header)


def check_core(name, layer, included, quoted):
    if not quoted:
        if is_standard(included):
            return None
        for library, layers in LIBRARIES.items():
            if included.startswith(library):
                return None if layer in layers else f"only {'/'.join(sorted(layers))} uses {library}"
        if SYSTEM.match(included):
            if layer in SYSTEM_LAYERS:
                return None
            return f"only {', '.join(sorted(SYSTEM_LAYERS))} use system headers"
        return "no layer uses this library; when one should, say so in layers.py"
    if ".." in included.split("/"):
        return "name the file from the include root"
    first, _, rest = included.partition("/")
    if not rest:
        return None  # a file of the same folder
    if first == "rdb":
        return None
    if first not in LAYERS:
        return f"{first} is not a layer"
    if first not in allowed_layers(layer):
        return f"core/{layer} may not use core/{first}"
    return None


def check_file(root, name, text):
    """Yields (line, included, complaint)."""
    parts = name.split("/")
    for match in INCLUDE.finditer(text):
        quoted = match.group(1)[0] == '"'
        included = match.group(1)[1:-1]
        first, _, rest = included.partition("/")
        beside = quoted and (pathlib.Path(root) / posixpath.dirname(name) / included).is_file()
        complaint = None
        if parts[:3] == ["core", "include", "rdb"]:
            if not (first == "rdb" if quoted else is_standard(included)):
                complaint = "public headers include the standard library and each other only"
        elif parts[0] == "core":
            complaint = check_core(name, parts[1], included, quoted)
        elif name == "capi/include/rdb.h":
            if match.group(1) not in ("<stddef.h>", "<stdint.h>"):
                complaint = "rdb.h includes only <stddef.h> and <stdint.h>"
        elif parts[0] == "capi":
            if quoted and not beside and first != "rdb" and included not in ("rdb.h", "rdb.hpp"):
                complaint = "capi uses core/include/rdb and its own files only"
        elif parts[0] == "tools":
            if quoted and not beside and first not in ("rdb", "format"):
                complaint = "tools use core/include/rdb, core/format and their own files only"
        elif parts[0] == "bindings":
            if quoted and not beside and included not in ("rdb.h", "rdb_flat.h", "_cgo_export.h"):
                complaint = "bindings use rdb.h only"
        elif parts[0] == "examples":
            if quoted and not beside and included not in ("rdb.h", "rdb.hpp"):
                complaint = "examples use rdb.h only"
        if complaint:
            yield text.count("\n", 0, match.start()) + 1, match.group(1), complaint


def check(root):
    findings = []
    for name in tree.files(root, *SOURCES):
        parts = name.split("/")
        if parts[0] == "core" and parts[1] != "include" and parts[1] not in LAYERS:
            findings.append(f"{name}: core/{parts[1]} is not a layer that layers.py knows")
            continue
        for line, included, complaint in check_file(root, name, tree.read(root, name)):
            findings.append(f"{name}:{line}: {included}: {complaint}")
    build = pathlib.Path(root) / "core/meson.build"
    if build.is_file():
        listed = re.search(r"core_layers = \[([^\]]*)\]", build.read_text())
        order = re.findall(r"'(\w+)'", listed.group(1)) if listed else []
        if order != [layer for layer in LAYERS if layer in order] or not order:
            findings.append("core/meson.build: core_layers is not in the order of layers.py")
    return findings


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]), "includes of core, capi, tools, bindings and examples")
