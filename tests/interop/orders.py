"""Holds rdb's order of keys, type by type, against that of the Rust engines.

    orders.py ORDERS REFEREE_SOURCE TARGET_FOLDER

For each type ORDERS (orders.cpp) makes pairs of keys and tells how rdb orders them; the referee tells how
redb and shodh-redb do. Values of every type go to both; bytes that are no value, where the engine has an
answer instead of a panic, to shodh-redb, whose lenient rules rdb follows (spec 02 sections 9 and 10).

Exit status: 0 all agreed, 1 a difference, 77 not run (no cargo). Environment as for interop.py, and
RDB_ORDER_PAIRS=N pairs a type (100000).
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import interop

TYPES = """1 ()|1 bool|1 char|1 u8|1 u16|1 u32|1 u64|1 u128|1 i8|1 i16|1 i32|1 i64|1 i128|1 &str|1 String|1 &[u8]
1 [u8;5]|1 [i16;3]|1 [[u16;2];2]|1 [char;2]|1 [&str;3]|1 [Option<u16>;2]|1 [(u8,&str);2]|1 Option<u32>
1 Option<&str>|1 Option<bool>|1 Option<Option<i8>>|1 Option<(u8,&str)>|1 (u64,)|1 (&str,)|1 (u64,u32)
1 (i8,char,bool,u16)|3 (u64,&str)|3 (&str,u8)|3 (&str,&str)|3 (&str,u16,&[u8],&str)|3 ((u8,&str),u8)
3 (Option<&str>,[&str;2],i32)|3 (u8,i16,&str,bool,char,u64,&[u8],i8,u32,Option<u8>,i64,&str)|1 (u64,&str)
1 (&str,u8)|1 (&str,u16,&[u8],&str)|1 ((u8,&str),u8)|1 (Option<(u8,&str)>,i16)|2 chrono::NaiveDate
2 chrono::NaiveTime|2 chrono::NaiveDateTime|2 chrono::DateTime<chrono::FixedOffset>|2 chrono::FixedOffset
2 uuid::Uuid|3 (chrono::NaiveDate,uuid::Uuid,&str)|1 Option<chrono::NaiveDateTime>""".replace("\n", "|").split("|")
# Where any bytes have an order in shodh-redb.
LENIENT = """1 bool|1 char|1 Option<u32>|1 Option<bool>|1 [char;2]|2 chrono::NaiveDate|2 chrono::NaiveTime
2 chrono::NaiveDateTime|2 chrono::DateTime<chrono::FixedOffset>|2 chrono::FixedOffset
1 Option<chrono::NaiveDateTime>""".replace("\n", "|").split("|")


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise interop.Difference(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stderr}")
    return done.stdout.strip()


def pair_at(file, index):
    """The pair as hexadecimal text."""
    data = pathlib.Path(file).read_bytes()
    at = 0
    for _ in range(index + 1):
        a, b = (int.from_bytes(data[at + i:at + i + 4], "little") for i in (0, 4))
        first, second = data[at + 8:at + 8 + a], data[at + 8 + a:at + 8 + a + b]
        at += 8 + a + b
    return f"{first.hex()} and {second.hex()}"


def compare(orders, referee, engine, type_text, pairs, seed, folder, raw):
    type_class, name = type_text.split(" ", 1)
    file = pathlib.Path(folder) / "pairs"
    ours = run(orders, type_class, name, pairs, seed, file, *(["--raw"] if raw else []))
    theirs = run(referee, engine, "order", file, "--spec", type_text)
    if len(ours) != pairs or len(theirs) != pairs:
        raise interop.Difference(f"{type_text}: {len(ours)} and {len(theirs)} answers to {pairs} pairs")
    for index, (mine, other) in enumerate(zip(ours, theirs)):
        if mine != other:
            raise interop.Difference(f"{type_text}: rdb says {mine}, {engine} says {other} of "
                                     f"{pair_at(file, index)}")
    return {letter: ours.count(letter) for letter in "leg"}


def main():
    orders, source, target = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    target = pathlib.Path(os.environ.get("RDB_INTEROP_TARGET") or target)
    referee = interop.build_referee(source, target, redb4=False) / "referee"
    pairs = int(os.environ.get("RDB_ORDER_PAIRS", "100000"))
    seed = int(os.environ.get("RDB_INTEROP_SEED", "20260314"))
    only = os.environ.get("RDB_INTEROP_ONLY", "")
    jobs = [(engine, name, False) for name in TYPES for engine in ("redb", "shodh")]
    jobs += [("shodh", name, True) for name in LENIENT]
    failures = 0
    with tempfile.TemporaryDirectory(prefix="rdb-orders-") as folder:
        for engine, name, raw in jobs:
            if only not in name:
                continue
            what = f"{name}{' as any bytes' if raw else ''}, {engine}"
            try:
                counts = compare(orders, referee, engine, name, pairs, seed, folder, raw)
                print(f"ok   {what}: {counts['l']} less, {counts['e']} equal, {counts['g']} greater", flush=True)
            except (interop.Difference, subprocess.TimeoutExpired) as error:
                failures += 1
                print(f"FAIL {what}: {error}", flush=True)
    print(f"types: {len(TYPES)}, comparisons: {len(jobs)} of {pairs} pairs, failed: {failures}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
