"""Opens the committed files of the Rust engines with rdb. Needs no Rust.

    golden.py RDB_SIDE FOLDER

Every file is read in full without being changed, then taken on by three rounds with rdb alone: closed, left
as after a crash, closed. What shodh-redb leaves when its mirror is torn is derived from its crashed file.
"""

import gzip
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

MIRROR_BYTES = 320
PAGE_BYTES = 4096
GOD_BYTE = 9
RECOVERY_REQUIRED = 2


class Failure(Exception):
    pass


def run(rdb_side, verb, file, entry, number, *options):
    command = [rdb_side, verb, str(file), "--spec", entry["spec"], "--seed", str(entry["seed"]), "--round",
               str(number), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(condition, what):
    if not condition:
        raise Failure(what)


def play(rdb_side, file, entry, image):
    """image: the bytes of the file. Leaves it closed by rdb."""
    file.write_bytes(image)
    number = entry["round"]
    said = run(rdb_side, "look", file, entry, number)
    expect(said.startswith(f"clean {entry['closed']:d} "), f"recovery is told wrongly: {said}")
    expect(hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256(image).digest(),
           "reading changed the file")
    clean = ["--expect-clean"] if entry["closed"] else []
    run(rdb_side, "turn", file, entry, number + 1, "--recheck", *clean)
    closed = file.read_bytes()
    expect(len(closed) % PAGE_BYTES == 0, "rdb left a mirror or a torn tail behind")
    expect(not closed[GOD_BYTE] & RECOVERY_REQUIRED, "rdb closed the file but marks it as in use")
    run(rdb_side, "turn", file, entry, number + 2, "--expect-clean", "--crash", "--drop-doomed")
    expect(file.read_bytes()[GOD_BYTE] & RECOVERY_REQUIRED, "a file in use is not marked so")
    run(rdb_side, "turn", file, entry, number + 3, "--recheck")
    run(rdb_side, "check", file, entry, number + 3, "--expect-clean")


def images(entry, image):
    yield entry["name"], image
    if entry["name"] == "shodh-crashed":
        expect(image[-MIRROR_BYTES:].startswith(b"medb"), "the file has no mirror to tear")
        pages = image[:-MIRROR_BYTES]
        yield "without its mirror", pages
        yield "mirror of zeros", pages + bytes(MIRROR_BYTES)  # spec 01, C4
        yield "half a mirror", pages + image[-MIRROR_BYTES:-MIRROR_BYTES // 2]
        yield "garbage for a mirror", pages + b"\xa5" * (PAGE_BYTES - 1)


def main():
    rdb_side, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    entries = json.loads((folder / "files.json").read_text())
    expect(sorted(e["name"] + ".gz" for e in entries) == sorted(p.name for p in folder.glob("*.gz")),
           "files.json does not list the files beside it")
    failures = count = 0
    for entry in entries:
        image = gzip.decompress((folder / f"{entry['name']}.gz").read_bytes())
        for name, bytes_of_image in images(entry, image):
            count += 1
            with tempfile.TemporaryDirectory() as place:
                try:
                    play(rdb_side, pathlib.Path(place) / "database", entry, bytes_of_image)
                    print("ok  ", entry["name"], "" if name == entry["name"] else f"({name})")
                except Failure as failure:
                    failures += 1
                    print("FAIL", entry["name"], f"({name})\n{failure}")
    print(f"{count} files, {failures} failed")
    sys.exit(1 if failures or not count else 0)


if __name__ == "__main__":
    main()
