#!/usr/bin/env python3
"""Compiles the package and packs it with the native library into one jar: javac and jar do it all.

usage: build_jar.py --javac PATH --jar PATH --library FILE --version TEXT --output FILE SOURCE...
"""

import argparse
import pathlib
import platform
import shutil
import subprocess
import tempfile

# Oldest Java that runs the package.
RELEASE = "17"
# Of every file in the jar, so that equal content gives equal jars.
DATE = "1980-01-01T00:00:02Z"


def libc_of(library):
    """glibc or musl: what the library asks to be loaded with it."""
    text = subprocess.run(["readelf", "-d", library], capture_output=True, text=True).stdout
    return "musl" if "libc.musl" in text else "glibc"


def native_folder(library):
    """The folder in which rdb.raw.Loader looks."""
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine(), platform.machine())
    return f"META-INF/native/linux-{machine}-{libc_of(library)}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("javac", "jar", "library", "version", "output"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("sources", nargs="+")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stage = pathlib.Path(folder) / "stage"
        native = stage / native_folder(options.library)
        native.mkdir(parents=True)
        subprocess.run([options.javac, "--release", RELEASE, "-encoding", "UTF-8", "-Xlint:all",
                        "-Werror", "-g", "-d", stage, "--module-version", options.version,
                        *options.sources], check=True)
        copied = native / "librdb_java.so"
        shutil.copyfile(options.library, copied)
        if shutil.which("strip"):
            subprocess.run(["strip", "--strip-unneeded", copied], check=True)
        manifest = pathlib.Path(folder) / "manifest"
        manifest.write_text(f"Implementation-Title: rdb\nImplementation-Version: {options.version}\n")
        subprocess.run([options.jar, "--create", "--file", options.output, "--manifest", manifest,
                        "--module-version", options.version, "--date", DATE, "-C", stage, "."],
                       check=True)


if __name__ == "__main__":
    main()
