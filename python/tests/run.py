"""Builds the wheel, installs it where nothing else of rdb is, and runs the Python suite on it.

Everything lives below WORK: a virtual environment for the tests, one for the package alone, the wheel. What has not
changed since the last run is not built again. Ends with 77 (a skip) when Python's headers, venv or a compiler are
missing; with CI=true that is a failure.

usage: run.py ROOT WORK [--sanitize address] [-- PYTEST ARGS]
"""

import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile

SKIP = 77
# Everything a wheel is made of. Tests are not.
INPUTS = ["pyproject.toml", "meson.build", "meson_options.txt", "README.md", "LICENSE", "core", "capi",
          "python/meson.build", "python/src", "python/rdb"]
FILES = {"__init__.py", "__init__.pyi", "_errors.py", "_multimap.py", "_records.py", "aio.py", "py.typed"}
SYSTEM_LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
WHEEL_BYTES_AT_MOST = 1_500_000
EXTENSION_BYTES_AT_MOST = 2_700_000  # it has 2.61 MB, a quarter of that zstd


def say(text):
    print(f"python: {text}", flush=True)


def missing_tools():
    """What keeps a package from being built here."""
    if not pathlib.Path(sysconfig.get_path("include"), "Python.h").is_file():
        yield "Python's headers (Debian: python3-dev)"
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        yield "the venv module (Debian: python3-venv)"
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        yield "a C++ compiler"


def clean_environment(**more):
    """No PYTHON variables: the package must be found because it is installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1"} | more


def run(*command, **options):
    options.setdefault("env", clean_environment())
    subprocess.run([str(part) for part in command], check=True, **options)


def digest(paths, *words):
    sha = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
        for file in files:
            if "__pycache__" not in file.parts:
                sha.update(f"{file.name}\0".encode() + file.read_bytes())
    return sha.hexdigest()


class Stamp:
    """Remembers in a file what a step was last done with."""

    def __init__(self, path, value):
        self.path, self.value = path, value

    def fresh(self):
        return self.path.is_file() and self.path.read_text() == self.value

    def set(self):
        self.path.write_text(self.value)


def environment(folder, requirements=None):
    """A virtual environment with what a file asks for; its interpreter."""
    python = folder / "bin" / "python"
    stamp = Stamp(folder / "stamp", digest([requirements] if requirements else [], sys.version))
    if not stamp.fresh():
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", folder)
        if requirements:
            run(python, "-m", "pip", "install", "--quiet", "-r", requirements)
        stamp.set()
    return python


def build_wheel(root, work, python, sanitize):
    """pip builds the wheel by itself, in a folder of its own, from build requirements it fetches."""
    settings = [f"-Csetup-args=-Db_sanitize={sanitize}", "-Csetup-args=-Db_lundef=false",
                "-Csetup-args=-Dbuildtype=debug"] if sanitize else []
    folder = work / "wheel"
    stamp = Stamp(work / "wheel.stamp", digest([root / name for name in INPUTS], sys.version, *settings))
    if not stamp.fresh():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(work / "build", ignore_errors=True)  # knows the tools of an environment that is gone
        run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder,
            f"-Cbuild-dir={work / 'build'}", *settings, root)
        stamp.set()
    wheels = list(folder.glob("librdb-*.whl"))
    if len(wheels) != 1:
        sys.exit(f"python: expected one wheel in {folder}, found {wheels}")
    return wheels[0]


def check_wheel(wheel, work, sanitize):
    """One extension that exports its init function, needs the system's libraries only, and is small."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name.removeprefix("rdb/") for name in archive.namelist() if name.startswith("rdb/")}
        others = [name for name in archive.namelist() if not re.match(r"rdb/|librdb-[^/]*\.dist-info/", name)]
        extensions = {name for name in names if name.startswith("_rdb.") and name.endswith(".so")}
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        requires = re.findall(r"^Requires-Dist: .*", archive.read(metadata).decode(), re.M)
        if names - extensions != FILES or len(extensions) != 1 or others or requires:
            sys.exit(f"python: the wheel holds {sorted(names)} and {others}, and requires {requires}")
        extension = pathlib.Path(archive.extract(f"rdb/{extensions.pop()}", work / "unpacked"))
    size = extension.stat().st_size
    say(f"{wheel.name}: {wheel.stat().st_size} bytes, its extension {size} bytes")
    if shutil.which("nm"):
        listing = subprocess.run(["nm", "-D", "--defined-only", extension], check=True, text=True,
                                 capture_output=True).stdout
        exported = {line.split()[-1] for line in listing.splitlines()}
        if exported != {"PyInit__rdb"}:
            sys.exit(f"python: the extension exports {sorted(exported)}")
    if sanitize:
        return
    if shutil.which("readelf"):
        dynamic = subprocess.run(["readelf", "-d", extension], check=True, text=True, capture_output=True).stdout
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
        paths = "".join(re.findall(r"(?:RPATH|RUNPATH).*\[(.*)\]", dynamic))
        if needed - SYSTEM_LIBRARIES or paths:
            sys.exit(f"python: the extension needs {sorted(needed)} and looks for libraries in '{paths}'")
    if size > EXTENSION_BYTES_AT_MOST:
        sys.exit(f"python: the extension has more than {EXTENSION_BYTES_AT_MOST} bytes")
    if wheel.stat().st_size > WHEEL_BYTES_AT_MOST:
        sys.exit(f"python: the wheel has more than {WHEEL_BYTES_AT_MOST} bytes")


def readme_example(root):
    block = re.search(r"^```python\n(.*?)^```", (root / "README.md").read_text(), re.M | re.S)
    if not block:
        sys.exit("python: README.md has no Python example")
    return block.group(1)


def try_alone(root, work, wheel):
    """The wheel in an environment that has nothing else, from an index that has nothing."""
    python = environment(work / "alone")
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--force-reinstall", wheel)
    empty = work / "empty"
    shutil.rmtree(empty, ignore_errors=True)
    empty.mkdir()
    (empty / "example.py").write_text(readme_example(root))
    done = subprocess.run([python, "-W", "error", "example.py"], cwd=empty, env=clean_environment(), text=True,
                          capture_output=True, timeout=60)
    if done.returncode != 0 or not done.stdout:
        sys.exit(f"python: the example of README.md ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    say("the example of README.md works in an empty environment")


def run_examples(root, python):
    """Those of examples/python, compared like the other languages'."""
    names = sorted(path.stem for path in (root / "examples/expected").glob("*.txt"))
    # By name and not by path: check.py would follow the link out of the virtual environment.
    env = clean_environment(PATH=f"{python.parent}{os.pathsep}{os.environ['PATH']}")
    for name in names:
        run(python, "-B", root / "examples/check.py", root / f"examples/expected/{name}.txt", "python", "-W", "error",
            root / f"examples/python/{name}.py", env=env)
    say(f"{len(names)} examples print what they should")


def sanitizer_environment():
    """The runtime comes first, and the interpreter's own leaks do not count."""
    libraries = [subprocess.run(["c++", f"-print-file-name={name}"], check=True, text=True,
                                capture_output=True).stdout.strip() for name in ("libasan.so", "libstdc++.so")]
    return {"LD_PRELOAD": " ".join(libraries), "PYTHONMALLOC": "malloc",
            "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=1"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--sanitize", choices=["address"])
    parser.add_argument("pytest_args", nargs="*")
    options = parser.parse_args()
    root, work = options.root.resolve(), options.work.resolve()
    tests = root / "python" / "tests"

    missing = list(missing_tools())
    if missing:
        say(f"######## NOT RUN: missing {', '.join(missing)} ########")
        sys.exit(1 if os.environ.get("CI") == "true" else SKIP)
    work.mkdir(parents=True, exist_ok=True)

    python = environment(work / "venv", tests / "requirements.txt")
    wheel = build_wheel(root, work, python, options.sanitize)
    check_wheel(wheel, work, options.sanitize)
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--force-reinstall", wheel)

    environ = clean_environment(**(sanitizer_environment() if options.sanitize else {}))
    scripts = root / "tests/conformance"
    run(python, tests / "replay.py", *sorted(scripts.glob("*.jsonl")), env=environ, cwd=work)
    run(python, "-B", scripts / "wrong/check.py", python, tests / "replay.py", env=environ, cwd=work)
    pytest = [python, "-W", "error::ResourceWarning", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    if options.sanitize:
        # Leak tests look at resident memory, which the sanitizer keeps on purpose.
        run(*pytest, "--ignore", tests / "test_leaks.py", *options.pytest_args, env=environ, cwd=work)
        return
    try_alone(root, work, wheel)
    run(python, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", work / "mypy", tests / "typing_check.py",
        cwd=work)
    run(python, "-m", "mypy.stubtest", "rdb", "--allowlist", tests / "stubtest_allowlist.txt", cwd=work)
    say("mypy and stubtest agree with the stubs")
    run_examples(root, python)
    run(*pytest, *options.pytest_args, env=environ, cwd=work)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failed:
        sys.exit(f"python: {' '.join(map(str, failed.cmd))} ended with {failed.returncode}")
