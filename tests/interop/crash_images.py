"""Hands what a loss of power leaves of rdb's files to the Rust engines.

    crash_images.py CRASH_IMAGES RDB_SIDE REFEREE_SOURCE TARGET_FOLDER

crash_images.cpp stops rdb at each write, resize and sync of a script and makes images of what the device may
hold then. Each image is opened by rdb, redb and shodh-redb, each on a copy of its own: the engine must
find the rows of the last durable commit or those of the one in flight, nothing else, check its file, and
commit; then rdb verifies what the Rust engine left, compares every row and commits in turn.

Two scripts run on files with a savepoint of one Rust engine, where rdb writes page lists in the byte order of
that engine. The other engine opens such images too (spec 01, Q3): it finds the rows, calls its check clean and
commits, and when rdb has had the file again the savepoint is restored by the engine that made it.

Where a Rust engine cannot open an image, expected() says so, with the reason; an image that fares better or worse
than expected fails the suite. Exit status: 0 as expected, 1 not, 77 not run (no cargo).
Environment: RDB_CRASH_STRIDE=N takes one event in N (7; 53 with RDB_TEST_SHORT=1); RDB_INTEROP_ONLY=TEXT scripts
whose name contains it; JOBS=N programs at once.
"""

import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from interop import Difference, Programs, build_referee

STRIDE = 53 if os.environ.get("RDB_TEST_SHORT") == "1" else 7
SEED = 20260314
SPEC = "str-str:300s,u64-u64:900,asc-bytes:250s"
MAGIC = bytes.fromhex("726564621a0aa90d0a")
MIRROR_MAGIC = b"m" + MAGIC[1:]
PAGE_BYTES = 4096
EXIT_OF_A_PANIC = 101

OLDER, NEWER = "the last durable commit", "the commit in flight"
REFUSED, PANICKED, LOST, SPOILED = "refused", "panicked", "LOST", "SPOILED"
HELD = (OLDER, NEWER)


def layout_bytes(data):
    """What the header says of the file's length (spec 01, 1.2)."""
    header_pages, region_pages, full_regions, trailing_pages = struct.unpack_from("<4I", data, 16)
    pages = 1 + full_regions * (header_pages + region_pages)
    if trailing_pages:
        pages += header_pages + trailing_pages
    return pages * PAGE_BYTES


def expected(engine, image):
    """Outcomes that are right for the engine, and why they are not HELD where they are not."""
    data = image.file.read_bytes()
    tail = data[len(data) - len(data) % PAGE_BYTES:]
    if not data.startswith(MAGIC):
        return (REFUSED,), "its creation was never finished: nobody has anything to find there"
    if image.has_torn_header() and layout_bytes(data) > len(data):
        # rdb goes by the file's length (N2); it comes to this when a file becomes smaller.
        right = {"rdb": HELD, "redb": (PANICKED,), "shodh": (REFUSED,)}[engine]
        return right, "spec 01, C4: the header, half old and half new, tells of more pages than the file has"
    if engine == "redb" and tail:
        return (PANICKED,), "spec 01, C1: redb asserts that nothing stands behind the last page"
    if engine == "shodh" and tail and not tail.startswith(MIRROR_MAGIC):
        return (REFUSED,), "spec 01, C4: a mirror that did not arrive whole"
    return HELD, ""


class Image:
    """One image: its file, the rounds it may hold, and where it comes from."""

    def __init__(self, script, event, line, folder):
        self.script, self.event = script, event
        self.name, durable, in_flight, self.step = line.split("\t")
        self.rounds = list(dict.fromkeys(None if r == "none" else int(r) for r in (durable, in_flight)))
        self.file = folder / self.name

    def has_torn_header(self):
        return self.name.startswith("header-")

    def __str__(self):
        return f"{self.script}, event {self.event} ({self.step}), {self.name}"


class Judge:
    """saver: the engine whose savepoint the file holds, or None."""

    def __init__(self, programs, options, saver):
        self.programs, self.saver = programs, saver
        self.options = [option for option in options if option == "--mirror"]
        self.rows = ("--spec", SPEC, "--seed", SEED)

    def judge(self, engine, image):
        """What the engine makes of the image, and what it said last."""
        said = ""
        copy = image.file.with_name(f"{image.name}.{engine}")
        for held in image.rounds:
            shutil.copyfile(image.file, copy)
            code, said = self.take_on(engine, copy, held)
            if code == 0:
                return self.take_back(copy, held, NEWER if held != image.rounds[0] else OLDER)
            if code == EXIT_OF_A_PANIC:
                return PANICKED, said
            if not is_difference(said):
                return REFUSED, said
        return LOST, said

    def take_on(self, engine, file, held):
        """The engine checks the rows and commits the next round."""
        if held is None:
            verb, rows = ("check", ("--spec", "kept:0", "--torn-slot")) if engine == "rdb" else ("dump", ())
            code, out, err, _ = self.programs.run(engine, verb, file, *rows)
            return (1, "has rows behind") if code == 0 and "table " in out else (code, err)
        flags = ["--torn-slot", *self.options] if engine == "rdb" else ["--integrity", "--expect-clean"]
        code, _, err, _ = self.programs.run(engine, "turn", file, *self.rows, "--round", held + 1, *flags)
        return code, err

    def take_back(self, file, held, outcome):
        """rdb judges what the engine left and goes on; a savepoint can still be restored."""
        try:
            if held is None:
                self.programs.must("rdb", "check", file, "--spec", "kept:0")
                return outcome, ""
            self.programs.must("rdb", "turn", file, *self.rows, "--round", held + 2, "--recheck")
            if self.saver:
                self.programs.must(self.saver, "restore", file, *self.rows, "--round", 0, "--integrity",
                                   "--expect-clean")
                self.programs.must("rdb", "check", file, *self.rows, "--round", 0)
        except Difference as difference:
            return SPOILED, str(difference)
        return outcome, ""


def is_difference(said):
    """The engine opened the file and holds other rows; anything else is a refusal of the engine's own."""
    return re.search(r"rows, expected|ends before row|another key where|has not its value|has rows behind"
                     r"|does not find what|does not exist", said) is not None


def scripts(programs, folder):
    """(name, base file or new, options of crash_images, engine of the savepoint)"""
    rows = ("--spec", SPEC, "--seed", SEED)
    yield "new file", "new", (), None
    yield "new file, redb's byte order", "new", ("--redb-profile",), None
    yield "new file, small regions", "new", ("--region-pages", "64"), None
    yield "new file with mirror", "new", ("--mirror",), None
    for engine in ("shodh", "redb"):
        file = folder / f"{engine}.base"
        programs.must(engine, "create", file, *rows)
        yield f"file of {engine}", file, ("--round", "0"), None
        saved = folder / f"{engine}.savepoint"
        shutil.copyfile(file, saved)
        programs.must(engine, "savepoint", saved, *rows)
        # Page lists in the byte order of that engine: for the other one, spec 01, Q3.
        yield f"savepoint of {engine}", saved, ("--round", "0", "--savepoint"), engine


def crash_images(program, verb, base, *words):
    command = [program, verb, str(base), *map(str, words), "--spec", SPEC, "--seed", str(SEED)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def play(programs, program, script, base, options, saver, event):
    """All images of one event: [(image, engine, outcome, right, reason, what was said)]."""
    results = []
    judge = Judge(programs, options, saver)
    with tempfile.TemporaryDirectory(prefix="rdb-images-") as name:
        folder = pathlib.Path(name)
        for line in crash_images(program, "write", base, event, folder, *options).splitlines():
            image = Image(script, event, line, folder)
            for engine in ("rdb", "redb", "shodh"):
                right, reason = expected(engine, image)
                results.append((image, engine, *judge.judge(engine, image), right, reason))
    return results


def main():
    program, rdb_side, source, target = (pathlib.Path(argument).resolve() for argument in sys.argv[1:5])
    start = time.monotonic()
    programs = Programs(rdb_side, build_referee(source, target, redb4=False))
    stride = int(os.environ.get("RDB_CRASH_STRIDE") or STRIDE)
    only = os.environ.get("RDB_INTEROP_ONLY", "")
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 2)
    counts, failures, images = collections.Counter(), 0, set()
    with tempfile.TemporaryDirectory(prefix="rdb-bases-") as name, \
            concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = []
        for number, (script, base, options, saver) in enumerate(scripts(programs, pathlib.Path(name))):
            if only not in script:
                continue
            events = int(crash_images(program, "count", base, *options))
            running += [pool.submit(play, programs, program, script, base, options, saver, event)
                        for event in range(number % stride, events, stride)]
        for future in running:
            for image, engine, outcome, said, right, reason in future.result():
                images.add(str(image))
                counts[image.script, engine, outcome, reason] += 1
                if outcome not in right:
                    failures += 1
                    print(f"FAIL {image}: {engine} {outcome}, expected {' or '.join(right)}\n{said}", flush=True)
    print(f"{'script':29}{'engine':7}{'images':>6}  outcome")
    for (script, engine, outcome, reason), count in sorted(counts.items()):
        print(f"{script:29}{engine:7}{count:6}  {outcome}{' (' + reason + ')' if reason else ''}")
    for engine in ("rdb", "redb", "shodh"):
        held = sum(n for (_, e, outcome, _), n in counts.items() if e == engine and outcome in HELD)
        print(f"{engine}: opened and went on with {held} of {len(images)} images")
    print(f"images: {len(images)}, failed: {failures}; programs run: {programs.calls}; "
          f"{time.monotonic() - start:.0f} s")
    sys.exit(1 if failures or not images else 0)


if __name__ == "__main__":
    main()
