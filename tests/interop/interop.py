"""Exchanges files between rdb and the Rust engines, and has each judge every row of the others.

    interop.py RDB_SIDE REFEREE_SOURCE TARGET_FOLDER

Builds the referee (referee/src/main.rs says what it does), then runs chains: a file is created by one
program and handed around, the two Rust engines in turn and rdb always between them. Each program checks
that the file holds exactly the rows of the round before, verifies it completely and takes it one round on.
A file is either closed before it is handed on, or left as a killed process leaves it.

Prints the matrix of what was exchanged. Exit status: 0 all agreed, 1 a difference, 77 not run (no cargo).
Environment: RDB_INTEROP_LONG=1 runs the full matrix at 10^5 rows too, files past 4 GiB and redb 4.x, which
wants a newer cargo; RDB_TEST_SHORT=1 small files only, for an rdb_side with sanitizers;
RDB_INTEROP_SEED=N other rows; RDB_INTEROP_ONLY=TEXT chains whose name contains it; RDB_INTEROP_TARGET=FOLDER
instead of TARGET_FOLDER; JOBS=N programs at once.
"""

import concurrent.futures
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

SKIP = 77
MIN_CARGO = (1, 89)
MIN_CARGO_REDB4 = (1, 90)
REGION_PAGES = 64
MIRROR_BYTES = 320
PAGE_BYTES = 4096
ROUNDS = 10  # of one Rust engine and rdb each

CASES = """bytes-bytes str-str String-String asc-bytes str-unit unit-str bool-bytes char-bool u8-i8 i8-u8
u16-char i16-u16 u32-f32 i32-f64 u64-u64 i64-i16 u128-i128 i128-u128 u32-unit [u8;16]-[u32;3] [u8;3]-i32
&[u8;8]-&[u8;8] [u32;3]-[u8;16] [i16;4]-u32 [u64;2]-i64 [[i16;2];3]-bytes [bool;4]-[f32;3]
[char;2]-[[u8;4];2]""".split()
# Of types with members, whose commas are dots here, and those of the chrono and uuid crates.
COMPOSITES = """(u64.&str)-Option<u64> (&str.&str)-(&str.u16.&[u8].&str) (u64.&str)-(&str.u8).legacy
(&str.&str)-(u64.u32).legacy Option<&str>-Vec<u16> Option<u64>-Vec<&str> [&str;2]-[(u8.&str);2]
(u16.i8)-Option<&str> ((u8.&str).u8)-Vec<(u8.&str)> NaiveDate-Uuid NaiveTime-NaiveDate
NaiveDateTime-NaiveTime DateTime-FixedOffset FixedOffset-DateTime Uuid-NaiveDateTime""".split()
ALL_CASES = CASES + COMPOSITES
# Of types that only shodh-redb has.
OWN = "HLC-FixedVec u64-DynVec HLC-BinaryQuantized str-ScalarQuantized u32-HLC".split()
WRITERS = ("rdb", "redb", "shodh")
VAST = "vast:4200"  # rows of a little more than half a MiB, which take a MiB each
REGION_BYTES = 4 << 30  # of files the Rust engines create


class Difference(Exception):
    """A program did not do what the file or the specification demands."""


class Programs:
    """The engines behind one command line."""

    def __init__(self, rdb_side, folder):
        self.commands = {
            "rdb": [rdb_side],
            "redb": [folder / "referee", "redb"],
            "shodh": [folder / "referee", "shodh"],
            "redb4": [folder / "redb4", "redb4"],
        }
        self.calls = 0
        self.lock = threading.Lock()

    def run(self, engine, verb, file, *options):
        command = [*map(str, self.commands[engine]), verb, str(file), *map(str, options)]
        with self.lock:
            self.calls += 1
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
        return done.returncode, done.stdout, done.stderr, command

    def must(self, engine, verb, file, *options):
        code, out, err, command = self.run(engine, verb, file, *options)
        if code != 0:
            raise Difference(f"{' '.join(command)}\nended with {code}:\n{out}{err}")
        return out

    def must_not(self, engine, verb, file, *options):
        code, out, _, command = self.run(engine, verb, file, *options)
        if code == 0:
            raise Difference(f"{' '.join(command)}\nwas expected to refuse the file:\n{out}")


class Chain:
    """One file on its way through the programs."""

    def __init__(self, programs, folder, spec, seed):
        self.programs = programs
        self.file = pathlib.Path(folder) / "database"
        self.rows = ("--spec", spec, "--seed", seed)
        self.round = 0
        self.extra = {engine: [] for engine in (*WRITERS, "redb4")}  # options of every call to an engine
        self.opens = 0

    def create(self, engine, *options, crash=()):
        self.programs.must(engine, "create", self.file, *self.rows, *self.extra[engine], *options, *crash)

    def turn(self, engine, *options, crash=()):
        self.round += 1
        if engine != "rdb":
            options = ("--integrity", "--expect-clean", *options)
        self.programs.must(engine, "turn", self.file, *self.rows, "--round", self.round,
                           *self.extra[engine], *options, *crash)
        self.opens += 1

    def check(self, engine, *options, verb="check"):
        if engine != "rdb" and verb == "check":
            options = ("--integrity", "--expect-clean", *options)
        self.programs.must(engine, verb, self.file, *self.rows, "--round", self.round,
                           *self.extra[engine], *options)
        self.opens += 1

    def refused_by(self, engine, verb="check"):
        self.programs.must_not(engine, verb, self.file, *self.rows, "--round", self.round,
                               *self.extra[engine])

    def copy(self, name):
        other = Chain(self.programs, self.file.parent, "", 0)
        other.file = self.file.with_name(name)
        other.rows, other.round, other.extra = self.rows, self.round, self.extra
        shutil.copy(self.file, other.file)
        return other

    def drop(self):
        self.file.unlink()


def crash_options(dirty, step):
    """How a program leaves a file: closed; at once after a commit; or inside the next transaction."""
    if not dirty:
        return ()
    return ("--crash", "--open-txn") if step % 2 else ("--crash",)


def alternate(chain, writer, dirty, rounds, create_options=()):
    """The exchange the suite is about. dirty(step) tells how step leaves the file."""
    step = 0
    chain.create(writer, *create_options, crash=crash_options(dirty(step), step))
    if writer != "rdb":
        step += 1
        chain.turn("rdb", crash=crash_options(dirty(step), step))
    for number in range(rounds):
        engine = "redb" if number % 2 == 0 else "shodh"
        if not dirty(step) and number % 4 in (0, 1):
            chain.check(engine, verb="look")
        step += 1
        options = ["--recheck"] if number == 1 else []
        if number % 3 == 2:
            options.append("--compact")
        chain.turn(engine, *options, crash=crash_options(dirty(step), step))
        if number == 2:
            chain.check("rdb", verb="look")
        step += 1
        chain.turn("rdb", crash=crash_options(dirty(step), step))
    # The rows of the last turn are judged by all three.
    last = chain.copy("last")
    chain.check("rdb")
    chain.check("shodh")
    last.check("redb")
    chain.opens += last.opens


def clean(_step):
    return False


def dirty_always(_step):
    return True


# --- chains: (name, function of a fresh Chain), the function returns the matrix cells it covers ----


def exchange(spec, writer, dirty, rounds=ROUNDS, cells=()):
    def play(make):
        chain = make(spec)
        alternate(chain, writer, dirty, rounds)
        return cells, chain.opens

    return play


MIXED = "all:0,all:1,all:100,all:2000,composites:1,composites:100"
MIXED_REGION = "all:0,all:1,all:100,all:2000,composites:1,composites:100s"  # no value above 4 MiB
MIXED_SMALL = "all:0,all:1,all:100s,all:2000,composites:100s"  # no value larger than a small region

SEPARATORS = "str-str:8000,bytes-bytes:8000,String-String:3000,str-unit:20000"


def profiles(writer_options, dirty, spec=MIXED):
    """Files rdb makes with other options than its defaults."""

    def play(make):
        chain = make(spec)
        alternate(chain, "rdb", dirty, 4, writer_options)
        return (), chain.opens

    return play


def mirror(make):
    """With the mirror only shodh-redb opens rdb's file; without it redb does too (spec 01, C1)."""
    chain = make(MIXED)
    chain.create("rdb", "--mirror")
    for crash in ((), ("--crash",), ("--crash", "--open-txn")):
        chain.extra["rdb"] = ["--mirror"]
        chain.turn("rdb", crash=crash)
        if not has_mirror(chain.file):
            raise Difference("rdb wrote no mirror although asked to")
        refused = chain.copy("refused")
        refused.refused_by("redb")
        refused.drop()
        chain.turn("shodh", crash=crash)
    chain.extra["rdb"] = []
    chain.turn("rdb")
    if has_mirror(chain.file):
        raise Difference("rdb left a mirror although not asked to keep it")
    chain.turn("redb")
    chain.check("rdb")
    return (), chain.opens


# Without empty values, which shodh-redb does not overwrite in a compressed file (spec 02, D6).
FILLED = ",".join(f"{case}:300" for case in CASES if not case.endswith(("bytes", "str", "String", "unit")))


def compressed(codec, writer, dirty):
    """Version 4 files: rdb and shodh-redb read each other's values, and redb refuses them (spec 01, C6)."""

    def play(make):
        chain = make(FILLED)
        for engine in ("rdb", "shodh"):
            chain.extra[engine] = ["--compression", codec]
        chain.create(writer, crash=crash_options(dirty(0), 0))
        engines = ("rdb", "shodh") if writer == "shodh" else ("shodh", "rdb")
        for step in range(1, 9):
            chain.turn(engines[(step - 1) % 2], crash=crash_options(dirty(step), step))
        refused = chain.copy("refused")
        refused.refused_by("redb")
        chain.turn("shodh", "--compact")
        for engine in ("rdb", "shodh"):
            chain.check(engine)
        opens = chain.opens
        # Large and empty values: rdb changes them, shodh-redb reads.
        chain = make(MIXED)
        chain.extra["shodh"] = ["--compression", codec]
        chain.create(writer, "--compression", codec)
        for step in range(3):
            chain.turn("rdb", crash=crash_options(dirty(step), step))
            chain.check("shodh")
        texts = chain.copy("texts")
        texts.file.unlink()
        for engine in (writer, "rdb", "shodh", "rdb"):
            verb = "check-texts" if texts.file.exists() else "write-texts"
            chain.programs.must(engine, verb, texts.file, "--compression", codec)
        return (), opens + chain.opens

    return play


def own_types(writer, codec, dirty):
    """Types that only shodh-redb has, as keys and as values: that engine and rdb in turn."""

    def play(make):
        opens = 0
        # Empty sequences are empty values, see FILLED.
        cases = [case for case in OWN if not (codec and case.endswith("DynVec"))]
        for size in (0, 1, 10, 1000):
            chain = make(",".join(f"{case}:{size}" for case in cases))
            if codec:
                for engine in ("rdb", "shodh"):
                    chain.extra[engine] = ["--compression", codec]
            chain.create(writer, crash=crash_options(dirty(0), 0))
            engines = ("rdb", "shodh") if writer == "shodh" else ("shodh", "rdb")
            for step in range(1, ROUNDS + 1):
                chain.turn(engines[(step - 1) % 2], crash=crash_options(dirty(step), step))
            chain.check("rdb")
            chain.check("shodh")
            opens += chain.opens
        return (), opens

    return play


def expiring(codec, writer):
    """TTL tables: each engine purges what has expired, and keeps what has not."""
    def play(make):
        chain = make("")
        compression = ("--compression", codec) if codec else ()
        engines = (writer, "shodh" if writer == "rdb" else "rdb")
        for step in range(10):
            chain.programs.must(engines[step % 2], "expire", chain.file, "--round", step, *compression)
        return (), 10

    return play


def quirks(make):
    """What only shodh-redb itself reads of its lz4 files, and rdb all the same (spec 01, section 5.5)."""
    for name, crash in (("closed", ()), ("crashed", ("--crash",))):
        chain = make("")
        file = chain.file.with_name(name)
        chain.programs.must("shodh", "write-quirks", file, *crash)
        for engine in ("shodh", "redb"):
            chain.programs.must_not(engine, "look", file)
        chain.programs.must("rdb", "check-quirks", file)
    return (), 4


def has_mirror(file):
    return file.stat().st_size % PAGE_BYTES == MIRROR_BYTES


def torn_mirror(make):
    """A crash while shodh-redb extends its mirror leaves a tail that only rdb gets over (spec 01, C4)."""
    chain = make("all:10,all:500s")
    chain.create("shodh", crash=("--crash",))
    whole = chain.file.read_bytes()
    if not has_mirror(chain.file):
        raise Difference("shodh-redb wrote no mirror")
    opens = 0
    for name, tail in (("zeros", bytes(MIRROR_BYTES)), ("short", whole[-MIRROR_BYTES:-100]),
                       ("byte", b"\0"), ("garbage", b"\xa5" * (PAGE_BYTES - 1))):
        torn = chain.copy(name)
        torn.file.write_bytes(whole[:-MIRROR_BYTES] + tail)
        torn.refused_by("shodh")
        torn.check("rdb", verb="look")
        torn.turn("rdb")
        both = torn.copy(name + " for redb")
        torn.turn("shodh")
        both.turn("redb")
        both.check("rdb")
        opens += torn.opens + both.opens
    return (), opens


def kept_types(writer):
    """Tables, blobs and multimaps that rdb does not know survive its changes; it may drop a multimap."""

    def play(make):
        chain = make("kept:300,all:50")
        if writer == "shodh":
            chain.extra["shodh"] = ["--blob"]
        chain.create(writer, crash=crash_options(True, 1))
        for number, crash in enumerate(((), ("--crash",), (), ("--crash", "--open-txn"))):
            chain.turn("rdb", *(["--drop-doomed"] if number == 2 else []), crash=crash)
            chain.turn("redb", *(["--compact"] if number == 3 else []), crash=crash)
            chain.turn("rdb")
            chain.turn("shodh", *(["--compact"] if number == 1 else []), crash=crash)
        chain.check("rdb")
        return (), chain.opens

    return play


def sets(writer, largest, dirty):
    """Multimaps whose sets grow and shrink around the threshold between inline collections and trees."""

    def play(make):
        chain = make(f"sets:{largest},u64-u64:50")
        chain.create(writer, crash=crash_options(dirty(0), 0))
        others = [engine for engine in ("redb", "shodh") if engine != writer] if writer != "rdb" else ["redb", "shodh"]
        for step in range(3):
            for number, engine in enumerate(("rdb", writer if writer != "rdb" else "redb", "rdb", others[-1])):
                place = 4 * step + number
                crash = crash_options(dirty(place), place)
                compact = ["--compact"] if step == 1 and engine != "rdb" else []
                chain.turn(engine, *compact, crash=crash)
        chain.check("rdb")
        return (), chain.opens

    return play


def savepoints(writer, crash):
    """A persistent savepoint of one engine is kept by rdb and can be restored by that engine.

    The other engine must not get such a file (spec 01 section 4.6).
    """

    def play(make):
        chain = make("kept:20,all:1,all:300")
        chain.create(writer)
        chain.turn(writer)
        chain.programs.must(writer, "savepoint", chain.file, *chain.rows, *crash)
        saved = chain.round
        for _ in range(4):
            chain.turn("rdb", crash=crash)
            chain.turn(writer, crash=crash)
        chain.turn("rdb", crash=crash)
        restore_savepoint(chain, writer, saved, crash)
        return (), chain.opens

    return play


def crossed_order(make):
    """redb on a crash image with page lists in shodh-redb's byte order (spec 01, Q3): it repairs,
    checks and writes it, and hands on what rdb and shodh-redb understand.

    Without savepoints rdb stores no page lists, so only a savepoint can bring such rows into an image.
    """
    chain = make("all:1,all:300")
    chain.create("shodh")
    chain.programs.must("shodh", "savepoint", chain.file, *chain.rows)
    chain.turn("rdb", crash=("--crash",))
    chain.turn("redb", crash=("--crash",))
    chain.turn("rdb", crash=("--crash", "--open-txn"))
    chain.turn("redb")
    chain.turn("rdb")
    restore_savepoint(chain, "shodh", 0)
    return (), chain.opens


def mixed_order(make):
    """Both byte orders in one file, without rdb between the engines (spec 01, C3); rdb sorts it out."""
    chain = make("all:1,all:300")
    chain.create("redb")
    chain.programs.must("redb", "savepoint", chain.file, *chain.rows)
    chain.turn("shodh", crash=("--crash",))
    chain.check("rdb", verb="look")
    chain.turn("rdb")
    chain.turn("shodh")
    chain.turn("rdb")
    restore_savepoint(chain, "shodh", 0)
    return (), chain.opens


def never_filled(writer):
    """A table changed and renamed in one transaction is committed without its checksums by both Rust
    engines (spec 02, D1). rdb reads it in full, and its verification says what is wrong."""

    def play(make):
        chain = make("asc-bytes:300,u64-u64:2000")
        chain.create(writer)
        chain.round += 1
        chain.programs.must(writer, "rename", chain.file, *chain.rows, "--round", chain.round)
        for verb in ("look", "check"):
            chain.check("rdb", "--expect-problem", "its checksum was never filled in", verb=verb)
        return (), chain.opens

    return play


def restore_savepoint(chain, engine, saved_round, crash=()):
    """Back to the rows of that round, and without savepoints: the file is neutral again."""
    chain.programs.must(engine, "restore", chain.file, *chain.rows, "--round", saved_round,
                        "--integrity", "--expect-clean", *crash)
    chain.round = saved_round
    for next_engine in ("rdb", "redb", "rdb", "shodh", "rdb"):
        chain.turn(next_engine)


def single_tables(writer):
    """One table per file, so that no other table hides what a catalog with a single record does."""

    def play(make):
        opens = 0
        for number, case in enumerate(ALL_CASES):
            size = (0, 1, 10, 300)[number % 4]
            chain = make(f"{case}:{size}")
            chain.create(writer)
            for engine in ("rdb", "redb", "rdb", "shodh", "rdb"):
                chain.turn(engine)
            chain.drop()
            opens += chain.opens
        return (), opens

    return play


def past_one_region(writer):
    """A Rust engine fills more than one region of its own size; all three go on with the file.

    What rdb makes of a second region it did not lay out itself, and what the engines make of its close.
    """

    def play(make):
        chain = make(f"{VAST},all:100s")
        chain.create(writer)
        if chain.file.stat().st_size <= REGION_BYTES:
            raise Difference("the file has one region only")
        other = "shodh" if writer == "redb" else "redb"
        for engine, crash in (("rdb", ()), (other, ("--crash",)), ("rdb", ("--crash",)), (writer, ()),
                              ("rdb", ()), (other, ())):
            chain.turn(engine, crash=crash)
        chain.check("rdb")
        return (), chain.opens

    return play


def later_redb(writer, engines, spec, dirty):
    """redb 4.x writes the same file version, with deferred page lists and a commit of its own at the end.

    What it creates with arrays or tuples it also marks with a class of types that only rdb reads.
    """

    def play(make):
        chain = make(spec)
        chain.create(writer, crash=crash_options(dirty(0), 0))
        for step, engine in enumerate(engines * 2):
            if not dirty(0) and step % 2 == 0:
                chain.check("rdb", verb="look")
            chain.turn("rdb", crash=crash_options(dirty(2 * step), step))
            chain.turn(engine, crash=crash_options(dirty(2 * step + 1), step))
        chain.check("rdb")
        return (), chain.opens

    return play


def plan_short():
    """What an rdb_side with sanitizers gets done in a minute or two: each path, small files."""
    chains = []
    for ending, dirty in (("closed", clean), ("crashed", dirty_always)):
        for writer in WRITERS:
            for size in (10, 0):
                cells = [(case, size, writer, ending) for case in ALL_CASES]
                chains.append((f"{size} rows, {writer}, {ending}",
                               exchange(f"all:{size},composites:{size}", writer, dirty, rounds=2, cells=cells)))
        chains.append((f"many regions, {ending}",
                       profiles(("--region-pages", REGION_PAGES), dirty, "all:1,all:100s")))
    chains += [("crossed byte order", crossed_order), ("mixed byte orders", mixed_order),
               ("torn mirror", torn_mirror)]
    for writer in ("redb", "shodh"):
        chains.append((f"kept types, {writer}", kept_types(writer)))
        chains.append((f"multimaps, {writer}", sets(writer, 3000, dirty_always)))
        chains.append((f"savepoint of {writer}, crashed", savepoints(writer, ("--crash",))))
    return chains


def plan(long):
    """Longest chains first, so that the last worker does not wait for one of them alone."""
    chains = []
    if long:
        chains += [(f"past one region, {writer}", past_one_region(writer)) for writer in ("redb", "shodh")]
        everything = "all:0,all:1,all:10,all:300,kept:100"
        scalars = ",".join(f"{case}:300" for case in CASES if "[" not in case)
        others = ("redb4", "shodh", "redb")
        for ending, dirty in (("closed", clean), ("crashed", dirty_always)):
            chains += [
                (f"redb 4, {ending}", later_redb("redb4", ("redb4",), everything, dirty)),
                (f"redb 4 on rdb's, {ending}", later_redb("rdb", others, "all:1,all:300", dirty)),
                (f"redb 4 and the others, {ending}", later_redb("redb4", others, scalars, dirty)),
            ]
    for number, writer in enumerate(WRITERS):
        if long:
            for ending, dirty in (("closed", clean), ("crashed", dirty_always)):
                cells = [(case, 100000, writer, ending) for case in ALL_CASES]
                chains.append((f"100000 rows, {writer}, {ending}",
                               exchange("all:100000,composites:100000", writer, dirty, cells=cells)))
        else:
            # Each type once per writer group; the first half of the rounds closed, the rest crashed.
            third = CASES[number::len(WRITERS)]
            spec = ",".join(f"{case}:100000" for case in third)
            cells = [(case, 100000, writer, e) for case in third for e in ("closed", "crashed")]
            chains.append((f"100000 rows, {writer}, both",
                           exchange(spec, writer, lambda step: step > ROUNDS, cells=cells)))
    for size in (1000, 10, 1, 0):
        for writer in WRITERS:
            for ending, dirty in (("closed", clean), ("crashed", dirty_always)):
                cells = [(case, size, writer, ending) for case in ALL_CASES]
                chains.append((f"{size} rows, {writer}, {ending}",
                               exchange(f"all:{size},composites:{size}", writer, dirty, cells=cells)))
    for ending, dirty in (("closed", clean), ("crashed", dirty_always)):
        chains.append((f"redb's byte order, {ending}", profiles(("--redb-profile",), dirty)))
        chains.append((f"many regions, {ending}",
                       profiles(("--region-pages", REGION_PAGES), dirty, MIXED_SMALL)))
        chains.append((f"many regions, redb's byte order, {ending}",
                       profiles(("--region-pages", 1024, "--redb-profile"), dirty, MIXED_REGION)))
        # rdb cuts separators short; the Rust engines edit the trees around them (spec 02, section 4).
        chains.append((f"short separators, {ending}", profiles((), dirty, SEPARATORS)))
        chains += [(f"types of shodh-redb alone, {codec or 'plain'}, {writer}, {ending}",
                    own_types(writer, codec, dirty)) for codec in ("", "lz4", "zstd") for writer in ("rdb", "shodh")]
        for codec in ("lz4", "zstd"):
            chains += [(f"{codec}, {writer}, {ending}", compressed(codec, writer, dirty))
                       for writer in ("rdb", "shodh")]
    chains.append(("quirks of lz4", quirks))
    chains += [(f"values that expire, {codec or 'plain'}, {writer}", expiring(codec, writer))
               for codec in ("", "lz4", "zstd") for writer in ("rdb", "shodh")]
    chains.append(("mirror", mirror))
    chains.append(("crossed byte order", crossed_order))
    chains.append(("mixed byte orders", mixed_order))
    chains.append(("torn mirror", torn_mirror))
    for writer in ("redb", "shodh"):
        chains.append((f"kept types, {writer}", kept_types(writer)))
        chains.append((f"changed and renamed, {writer}", never_filled(writer)))
        for ending, crash in (("closed", ()), ("crashed", ("--crash",))):
            chains.append((f"savepoint of {writer}, {ending}", savepoints(writer, crash)))
    for writer in WRITERS:
        chains.append((f"single tables, {writer}", single_tables(writer)))
        chains.append((f"multimaps, 100000 values a key, {writer}", sets(writer, 100000, clean)))
        chains.append((f"multimaps, 3000 values a key, {writer}, crashed", sets(writer, 3000, dirty_always)))
    return chains


def play_one(programs, name, play, seed):
    """Runs one chain in a folder of its own, which stays when the chain fails."""
    folder = tempfile.mkdtemp(prefix="rdb-interop-")
    count = 0

    def make(spec):
        nonlocal count
        count += 1
        place = pathlib.Path(folder) / str(count)
        place.mkdir()
        return Chain(programs, place, spec, seed)

    start = time.monotonic()
    try:
        cells, opens = play(make)
    except (Difference, subprocess.TimeoutExpired) as error:
        return name, None, 0, time.monotonic() - start, f"{error}\nfiles kept in {folder}"
    shutil.rmtree(folder)
    return name, cells, opens, time.monotonic() - start, None


def print_matrix(done):
    cells = {}
    for case, size, writer, ending in done:
        cells.setdefault((size, writer, ending), set()).add(case)
    sizes = sorted({size for size, _, _ in cells})
    print("\ntypes exchanged, of", len(ALL_CASES))
    print("rows      " + "".join(f"{w + ' ' + e:>16}" for w in WRITERS for e in ("closed", "crashed")))
    for size in sizes:
        counts = [len(cells.get((size, w, e), ())) for w in WRITERS for e in ("closed", "crashed")]
        print(f"{size:<10}" + "".join(f"{c:>16}" for c in counts))
    print("cells:", len(set(done)))


def cargo_version():
    try:
        text = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=True).stdout
        return tuple(int(part) for part in text.split()[1].split("-")[0].split(".")[:2])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return None


def not_run(reason):
    print("#" * 78, f"### interop NOT RUN: {reason}", "#" * 78, sep="\n")
    sys.exit(SKIP)


def build_referee(source, target, redb4):
    version, least = cargo_version(), MIN_CARGO_REDB4 if redb4 else MIN_CARGO
    if version is None or version < least:
        not_run(f"it needs cargo {least[0]}.{least[1]} or newer, found {version or 'none'}")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    manifest = ["--manifest-path", str(source / "Cargo.toml"), "--locked"]
    fetched = subprocess.run(["cargo", "fetch", *manifest], env=environment, check=False)
    if fetched.returncode != 0:
        not_run("cargo cannot fetch the crates")
    features = ["--features", "redb4"] if redb4 else []
    subprocess.run(["cargo", "build", "--release", "--quiet", *features, *manifest], env=environment,
                   check=True)
    return target / "release"


def main():
    rdb_side, source, target = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    target = pathlib.Path(os.environ.get("RDB_INTEROP_TARGET") or target)
    long = os.environ.get("RDB_INTEROP_LONG") == "1"
    start = time.monotonic()
    folder = build_referee(source, target, redb4=long)
    print(f"referee built in {time.monotonic() - start:.0f} s", flush=True)

    programs = Programs(rdb_side, folder)
    seed = int(os.environ.get("RDB_INTEROP_SEED", "20260314"))
    only = os.environ.get("RDB_INTEROP_ONLY", "")
    chains = plan_short() if os.environ.get("RDB_TEST_SHORT") == "1" else plan(long)
    chains = [chain for chain in chains if only in chain[0]]
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 2)
    done, failures, opens = [], 0, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(play_one, programs, *chain, seed) for chain in chains]
        for future in concurrent.futures.as_completed(running):
            name, cells, opened, seconds, error = future.result()
            print(f"{'FAIL' if error else 'ok':4} {name} ({seconds:.1f} s)", flush=True)
            if error:
                failures += 1
                print(error, flush=True)
            else:
                done.extend(cells)
                opens += opened
    print_matrix(done)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"chains: {len(chains)}, failed: {failures}; programs run: {programs.calls}; files judged: {opens}")
    print(f"seed {seed}; {time.monotonic() - start:.0f} s, of the processor "
          f"{used.ru_utime + used.ru_stime:.0f} s")
    sys.exit(1 if failures or not chains else 0)


if __name__ == "__main__":
    main()
