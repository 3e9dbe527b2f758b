"""The Python program of ./run bench bindings; ../README.md says what each workload does.

usage: bench.py WORKLOAD FILE COUNT
"""

import json
import os
import sys
import time

LOOKUPS = 200_000
MASK = (1 << 64) - 1
SECONDS = 0.3
COUNTERS = 10_000
BATCH = 1_000


def mix(i):
    x = (i + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def key_of(i):
    return b"%016x" % mix(i)


def lookups(count):
    return [key_of(mix(count + j) % count) for j in range(LOOKUPS)]


def records(count):
    keys = [key_of(i) for i in range(count)]
    return keys, [(key * 10)[:150] for key in keys]


def repeated(one_pass):
    """one_pass() gives (records, bytes); passes until some time has gone by, after one to get warm."""
    one_pass()
    total = size = 0
    begin = time.monotonic()
    while True:
        done, read = one_pass()
        total += done
        size += read
        seconds = time.monotonic() - begin
        if seconds >= SECONDS:
            return total, seconds, size


def written(file, count, write):
    """write(file, keys, values) gives the seconds of one pass; three count, after one to get warm."""
    keys, values = records(count)
    seconds = 0
    for turn in range(4):
        took = write(f"{file}.{turn}", keys, values)
        seconds += took if turn else 0
    return 3 * count, seconds, 3 * sum(map(len, values))


class Rdb:
    """Over the package of this tree."""

    def __init__(self):
        import rdb
        self.rdb = rdb

    def scan(self, file, count):
        with self.rdb.open(file, mode="read_only") as db, db.read() as txn:
            table = txn.table("bench")

            def one_pass():
                done = size = 0
                for _, value in table.items():
                    done += 1
                    size += len(value)
                return done, size

            return repeated(one_pass)

    def get(self, file, count):
        keys = lookups(count)
        with self.rdb.open(file, mode="read_only") as db, db.read() as txn:
            table = txn.table("bench")

            def one_pass():
                size = 0
                for key in keys:
                    size += len(table[key])
                return LOOKUPS, size

            return repeated(one_pass)

    def put_batch(self, file, count):
        def write(name, keys, values):
            with self.rdb.open(name) as db:
                begin = time.monotonic()
                with db.write() as txn:
                    txn.table("bench").put_batch(keys, values)
                seconds = time.monotonic() - begin
            os.remove(name)
            return seconds

        return written(file, count, write)


    def count(self, file, count, count_hits):
        """count_hits(table, keys) counts one hit for each key."""
        keys = [key_of(mix(j) % COUNTERS) for j in range(count)]
        with self.rdb.open(file, mode="create_new") as db:
            txn = db.write()
            table = txn.table("counters", value=int)

            def one_pass():
                count_hits(table, keys)
                return count, 0

            total, seconds, _ = repeated(one_pass)
            size = 8 * (sum(table.values()) - count)  # the warm pass
            txn.abort()
        os.remove(file)
        return total, seconds, size

    def count_pairs(self, file, count):
        def hits(table, keys):
            for key in keys:
                table[key] = table.get(key, 0) + 1

        return self.count(file, count, hits)

    def count_merges(self, file, count):
        def hits(table, keys):
            for key in keys:
                table.merge(key, 1, "numeric_add")

        return self.count(file, count, hits)

    def count_batches(self, file, count):
        def hits(table, keys):
            for at in range(0, len(keys), BATCH):
                batch = keys[at:at + BATCH]
                table.merge_batch(batch, [1] * len(batch), "numeric_add")

        return self.count(file, count, hits)


class Lmdb:
    """Over py-lmdb."""

    MAP_BYTES = 16 << 30

    def __init__(self):
        import lmdb
        self.lmdb = lmdb

    def open(self, file, **options):
        return self.lmdb.open(file, subdir=False, map_size=self.MAP_BYTES, **options)

    def scan(self, file, count):
        with self.open(file, readonly=True) as env, env.begin() as txn:
            def one_pass():
                done = size = 0
                for _, value in txn.cursor():
                    done += 1
                    size += len(value)
                return done, size

            return repeated(one_pass)

    def get(self, file, count):
        keys = lookups(count)
        with self.open(file, readonly=True) as env, env.begin() as txn:
            get = txn.get

            def one_pass():
                size = 0
                for key in keys:
                    size += len(get(key))
                return LOOKUPS, size

            return repeated(one_pass)

    def put_batch(self, file, count):
        def write(name, keys, values):
            with self.open(name) as env:
                begin = time.monotonic()
                with env.begin(write=True) as txn, txn.cursor() as cursor:
                    cursor.putmulti(zip(keys, values))
                seconds = time.monotonic() - begin
            os.remove(name)
            os.remove(name + "-lock")
            return seconds

        return written(file, count, write)


def main():
    workload, file, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    engine, name = ("lmdb", workload.removeprefix("lmdb-")) if workload.startswith("lmdb-") else ("rdb", workload)
    try:
        program = Lmdb() if engine == "lmdb" else Rdb()
    except ImportError as missing:
        print(missing)
        sys.exit(77)
    total, seconds, size = getattr(program, name)(file, count)
    print(json.dumps({"engine": engine, "language": "python", "workload": name, "records": total,
                      "seconds": seconds, "bytes": size}))


if __name__ == "__main__":
    main()
