#!/usr/bin/env python3
"""Runs SWIG over rdb.i. What it writes is committed, so that users of the bindings need no SWIG.

usage: generate.py          writes the files of every language
       generate.py --check  tells whether they are what SWIG would write, and whether rdb_flat.c
                            covers capi/api.csv
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BINDINGS = HERE.parent
SKIPPED = 77  # meson counts this exit code as a skipped test
# Releases of SWIG write different text; Debian 12 has this one.
VERSION = "4.1.0"

# language: (options, name of the C file, folder of the C file, folder of the other files); folders
# are below bindings/.
LANGUAGES = {
    "go": (["-go", "-cgo", "-package", "raw"], "flat_wrap.c", "go/internal/raw", "go/internal/raw"),
    "java": (["-java", "-package", "rdb.raw", "-module", "Flat"], "flat_wrap.c", "java/native",
             "java/src/main/java/rdb/raw"),
}

# Functions of rdb.h that are not flat, and why.
NOT_FLAT = {
    "rdb_api": "a table of C functions",
    "rdb_get_batch": "arrays of pointers; rdb_get_batch_packed does the same",
    "rdb_put_batch": "arrays of pointers; rdb_put_batch_packed does the same",
    "rdb_delete_batch": "arrays of pointers; rdb_delete_batch_packed does the same",
    "rdb_multimap_delete_batch": "arrays of pointers; rdb_multimap_delete_batch_packed does the same",
    "rdb_merge_batch": "arrays of pointers; rdb_merge_batch_packed does the same",
    "rdb_cursor_next_batch": "arrays of pointers; rdb_cursor_next_batch_packed does the same",
    "rdb_codec_begin": "each language encodes and decodes composites itself",
    "rdb_codec_check": "each language encodes and decodes composites itself",
    "rdb_codec_compare": "each language encodes and decodes composites itself",
    "rdb_codec_create": "each language encodes and decodes composites itself",
    "rdb_codec_describe": "each language encodes and decodes composites itself",
    "rdb_codec_finish": "each language encodes and decodes composites itself",
    "rdb_codec_free": "each language encodes and decodes composites itself",
    "rdb_codec_next": "each language encodes and decodes composites itself",
    "rdb_codec_put": "each language encodes and decodes composites itself",
    "rdb_codec_put_bytes": "each language encodes and decodes composites itself",
    "rdb_codec_put_signed": "each language encodes and decodes composites itself",
    "rdb_codec_put_unsigned": "each language encodes and decodes composites itself",
    "rdb_codec_read": "each language encodes and decodes composites itself",
    "rdb_multimap_open_user": "as rdb_table_open_user",
    "rdb_table_open_user": "a comparator called from any thread; the languages have none for keys",
    "rdb_user_type_init": "only rdb_table_open_user and rdb_multimap_open_user take the struct",
}


def swig_version():
    if not shutil.which("swig"):
        return None
    text = subprocess.run(["swig", "-version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"SWIG Version (\S+)", text)
    return found.group(1) if found else None


def generate(language, c_folder, other_folder):
    options, c_name, _, _ = LANGUAGES[language]
    # From this folder, so that no path enters the text.
    subprocess.run(["swig", "-Wall", "-Werror", *options, "-outdir", str(other_folder),
                    "-o", str(c_folder / c_name), "rdb.i"], cwd=HERE, check=True)


def differences(language):
    _, c_name, c_place, other_place = LANGUAGES[language]
    with tempfile.TemporaryDirectory() as folder:
        c_folder, other_folder = pathlib.Path(folder) / "c", pathlib.Path(folder) / "other"
        c_folder.mkdir()
        other_folder.mkdir()
        generate(language, c_folder, other_folder)
        pairs = [(c_folder / c_name, BINDINGS / c_place / c_name)]
        pairs += [(path, BINDINGS / other_place / path.name) for path in other_folder.iterdir()]
        for fresh, committed in pairs:
            if not committed.is_file() or fresh.read_bytes() != committed.read_bytes():
                yield f"{committed.relative_to(BINDINGS.parent)}: not what SWIG writes; run " \
                      "bindings/swig/generate.py"


def uncovered():
    table = (BINDINGS.parent / "capi/api.csv").read_text().splitlines()
    functions = {line.split(",")[0] for line in table if line.startswith("rdb_")}
    source = re.sub(r"/\*.*?\*/", " ", (HERE / "rdb_flat.c").read_text(), flags=re.S)
    # Called, or handed to a helper that calls it.
    used = set(re.findall(r"\b(rdb_\w+)(?=[(,])", source))
    for name in sorted(functions - used - set(NOT_FLAT)):
        yield f"rdb_flat.c: {name} of capi/api.csv is not used; NOT_FLAT of generate.py lists " \
              "those that need not be"
    for name in sorted(set(NOT_FLAT) & used | set(NOT_FLAT) - functions):
        yield f"generate.py: {name} does not belong to NOT_FLAT"


def check():
    findings = list(uncovered())
    version = swig_version()
    if version == VERSION:
        for language in LANGUAGES:
            findings += differences(language)
    for finding in findings:
        print(finding)
    print(f"flat functions and generated code: {len(findings)} finding(s)")
    if findings:
        return 1
    if version != VERSION:
        print(f"######## SKIPPED: comparing generated code needs swig {VERSION}, "
              f"found {version or 'none'}: ./run setup ########")
        return SKIPPED
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    if sys.argv[1:]:
        sys.exit(__doc__)
    if swig_version() is None:
        sys.exit("swig is not installed")
    for name in LANGUAGES:
        _, _, c_at, other_at = LANGUAGES[name]
        (BINDINGS / c_at).mkdir(parents=True, exist_ok=True)
        (BINDINGS / other_at).mkdir(parents=True, exist_ok=True)
        generate(name, BINDINGS / c_at, BINDINGS / other_at)
