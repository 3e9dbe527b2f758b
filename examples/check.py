"""Runs one example in an empty folder and compares what it prints.

usage: check.py EXPECTED-FILE COMMAND [ARGUMENT...]
"""

import difflib
import pathlib
import subprocess
import sys
import tempfile


def main():
    expected = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    # Files named from here are not named so from the folder the program runs in.
    command = [str(pathlib.Path(word).resolve()) if pathlib.Path(word).is_file() else word
               for word in sys.argv[2:]]
    with tempfile.TemporaryDirectory(prefix="rdb-example-") as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                              encoding="utf-8")
    sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True),
                                               done.stdout.splitlines(True), "expected", "printed"))
    sys.stderr.write(done.stderr)
    if done.returncode != 0:
        sys.exit(f"it ended with {done.returncode}")
    sys.exit(1 if done.stdout != expected else 0)


if __name__ == "__main__":
    main()
