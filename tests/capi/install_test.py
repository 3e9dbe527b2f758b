"""What the build installs is enough: examples compile with what pkg-config says, and run.

usage: install_test.py ROOT BUILD C-COMPILER CXX-COMPILER
"""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]


def output(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def install(build, stage):
    """The environment in which pkg-config finds the installed files, and the folder of librdb.so."""
    output("meson", "install", "-C", str(build), "--no-rebuild", "--destdir", str(stage))
    described = next(stage.rglob("rdb.pc"))
    # The folders below the stage are those of the system once the stage is moved there, which
    # pkg-config would leave out.
    environment = dict(os.environ, PKG_CONFIG_PATH=str(described.parent),
                       PKG_CONFIG_SYSROOT_DIR=str(stage), PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1",
                       PKG_CONFIG_ALLOW_SYSTEM_LIBS="1")
    return environment, next(stage.rglob("librdb.so")).parent


def check(root, environment, library, package, compiler, source):
    """Builds one example with a package of pkg-config and compares what it prints."""
    flags = output("pkg-config", "--cflags", "--libs", package, env=environment).split()
    expected = root / "examples" / "expected" / (source.stem + ".txt")
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "example"
        subprocess.run([*compiler, *WARNINGS, str(source), "-o", str(program), *flags], check=True)
        # The archive is all that a static program needs.
        found = {"LD_LIBRARY_PATH": str(library)} if package == "rdb" else {}
        said = output(str(program), cwd=folder, env=found)
    if said != expected.read_text():
        sys.exit(f"{source}, {package}: said\n{said}")
    print(f"{source.relative_to(root)} with {package}: as expected")


def main():
    root, build = map(pathlib.Path, sys.argv[1:3])
    c, cxx = [*shlex.split(sys.argv[3]), "-std=c11"], [*shlex.split(sys.argv[4]), "-std=c++20"]
    with tempfile.TemporaryDirectory() as stage:
        environment, library = install(build, pathlib.Path(stage))
        for name in ("records", "scan", "snapshot", "batch", "errors"):
            check(root, environment, library, "rdb", c, root / "examples/c" / (name + ".c"))
        check(root, environment, library, "rdb-static", c, root / "examples/c/records.c")
        check(root, environment, library, "rdb", cxx, root / "examples/cpp/scan.cpp")
        check(root, environment, library, "rdb-static", cxx, root / "examples/cpp/errors.cpp")


if __name__ == "__main__":
    main()
