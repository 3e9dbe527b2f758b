"""How the files beside this script were made. Reference files are never made anew: existing ones stay.

    make.py FOLDER

FOLDER holds the programs of tests/interop/referee (redb4 with the feature of that name), on the engine
versions named below.
"""

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
MAX_BYTES = 64 * 1024
SMALL = "all:0s,all:9s,kept:8"
COMPOSITES = "composites:0s,composites:9s"
TREES = "u64-u64:600,str-unit:300,u32-unit:1500,bytes-bytes:12s"
WRITTEN_BY = {"redb": "redb 3.1.3", "shodh": "shodh-redb 0.5.0", "redb4": "redb 4.6.0"}

# name: (specification, seed, steps); a step is (engine, verb, options), each turn is one round.
RECIPES = {
    "redb-closed": (SMALL, 1, [("redb", "create"), ("redb", "turn"), ("redb", "turn")]),
    "redb-crashed": (SMALL, 2, [("redb", "create"), ("redb", "turn"),
                                ("redb", "turn", "--crash", "--open-txn")]),
    "redb-savepoint": (SMALL, 3, [("redb", "create"), ("redb", "savepoint"), ("redb", "turn"),
                                  ("redb", "turn", "--crash")]),
    "redb-trees": (TREES, 4, [("redb", "create"), ("redb", "turn"), ("redb", "turn"), ("redb", "turn"),
                              ("redb", "turn", "--compact")]),
    "shodh-closed": (SMALL, 5, [("shodh", "create", "--blob"), ("shodh", "turn"), ("shodh", "turn")]),
    "shodh-crashed": (SMALL, 6, [("shodh", "create"), ("shodh", "turn"), ("shodh", "turn", "--crash")]),
    # The growth of the transaction that was under way has buried the mirror.
    "shodh-growing": (SMALL, 10, [("shodh", "create"), ("shodh", "turn"),
                                  ("shodh", "turn", "--crash", "--open-txn")]),
    "shodh-savepoint": (SMALL, 7, [("shodh", "create"), ("shodh", "savepoint"), ("shodh", "turn"),
                                   ("shodh", "turn", "--crash")]),
    "shodh-trees": (TREES, 8, [("shodh", "create"), ("shodh", "turn"), ("shodh", "turn"),
                               ("shodh", "turn"), ("shodh", "turn", "--compact")]),
    # Both byte orders of page-list keys in one table (spec 01, C3).
    "mixed-orders": (SMALL, 9, [("redb", "create"), ("redb", "savepoint"), ("redb", "turn"),
                                ("shodh", "turn", "--crash")]),
    "redb4-closed": (SMALL, 11, [("redb4", "create"), ("redb4", "turn"), ("redb4", "turn")]),
    "redb4-crashed": (SMALL, 12, [("redb4", "create"), ("redb4", "turn"),
                                  ("redb4", "turn", "--crash", "--open-txn")]),
    "redb4-savepoint": (SMALL, 13, [("redb4", "create"), ("redb4", "savepoint"), ("redb4", "turn"),
                                    ("redb4", "turn", "--crash")]),
    "redb-composites": (COMPOSITES, 14, [("redb", "create"), ("redb", "turn"), ("redb", "turn")]),
    "shodh-composites": (COMPOSITES, 15, [("shodh", "create"), ("shodh", "turn"), ("shodh", "turn")]),
}


def make(programs, name, folder):
    spec, seed, steps = RECIPES[name]
    file = pathlib.Path(folder) / name
    turns = 0
    for engine, verb, *options in steps:
        turns += verb == "turn"
        program = programs / ("redb4" if engine == "redb4" else "referee")
        subprocess.run([program, engine, verb, str(file), "--spec", spec, "--seed", str(seed), "--round",
                        str(turns), *options], check=True, stdout=subprocess.DEVNULL)
    packed = gzip.compress(file.read_bytes(), 9, mtime=0)
    if len(packed) > MAX_BYTES:
        sys.exit(f"{name} has {len(packed)} bytes")
    (FOLDER / f"{name}.gz").write_bytes(packed)
    engines = dict.fromkeys(WRITTEN_BY[step[0]] for step in steps)
    return {
        "name": name,
        "writers": list(engines),
        "spec": spec,
        "seed": seed,
        "round": turns,
        "closed": "--crash" not in steps[-1],
    }


def main():
    index = FOLDER / "files.json"
    known = json.loads(index.read_text()) if index.exists() else []
    with tempfile.TemporaryDirectory() as folder:
        for name in RECIPES:
            if not (FOLDER / f"{name}.gz").exists():
                known.append(make(pathlib.Path(sys.argv[1]), name, folder))
                index.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
