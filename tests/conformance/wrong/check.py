"""A replayer must be able to fail: of lines.jsonl it passes the lines above "wrong", and no other.

usage: check.py REPLAYER [ARGUMENT...]
"""

import json
import pathlib
import re
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parent / "lines.jsonl"


def main():
    lines = [json.loads(text) for text in SCRIPT.read_text(encoding="utf-8").splitlines() if text]
    wrong = lines.index({"comment": "wrong"})
    right = sum("op" in line for line in lines[:wrong])
    done = subprocess.run([*sys.argv[1:], str(SCRIPT)], capture_output=True, text=True)
    counted = re.search(r"^conformance: \w+: (\d+) lines passed, (\d+) failed, (\d+) not",
                        done.stdout, re.MULTILINE)
    expected = (str(right), str(len(lines) - wrong - 1), "0")
    if done.returncode != 1 or counted is None or counted.groups() != expected:
        failed = set(re.findall(r"^\S+:(\d+):", done.stdout, re.MULTILINE))
        print(f"ended with {done.returncode}; passed, failed, not for this face should be {expected}")
        print(done.stdout, done.stderr, f"lines that failed: {sorted(map(int, failed))}")
        sys.exit(1)


if __name__ == "__main__":
    main()
