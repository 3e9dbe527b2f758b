"""Measures what a record costs in each language; README.md says how the programs are called.

usage: compare.py BUILD [--rounds N] [--count N] [--put-count N] [--languages c,python,...]
                  [--workloads scan,get,...] [--dir FOLDER] [--json FILE]
"""

import argparse
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = ["c", "python", "go", "java"]
COUNTS = ["count_pairs", "count_merges", "count_batches"]
WORKLOADS = ["scan", "get", "put_batch", *COUNTS]
WRITES = ["put_batch", *COUNTS]
ENGINES = ["rdb", "lmdb"]
VALUE_BYTES = 150
COUNTER_BYTES = 8
ABSENT = 77  # a start that cannot work here


class Failed(Exception):
    pass


def read_line(text, engine, language, workload):
    """Nanoseconds per record of the one line that a program printed."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise Failed(f"printed {len(lines)} lines, not one")
    line = json.loads(lines[0])
    for name, expected in (("engine", engine), ("language", language), ("workload", workload)):
        if line.get(name) != expected:
            raise Failed(f"says {name} {line.get(name)!r}, not {expected!r}")
    if line["records"] <= 0 or line["seconds"] <= 0:
        raise Failed("measured nothing")
    if line["bytes"] != (COUNTER_BYTES if workload in COUNTS else VALUE_BYTES) * line["records"]:
        raise Failed(f"{line['records']} records with {line['bytes']} bytes: values are missing")
    return line["seconds"] / line["records"] * 1e9


class Programs:
    """The languages' programs, and which of them can run here."""

    def __init__(self, build, work, languages):
        self.build = build
        self.work = work
        self.left_out = []  # (what, why)
        self.languages = [name for name in languages if self.prepare(name)]

    def call(self, language, *arguments):
        folder = self.work / language
        folder.mkdir(exist_ok=True)
        environment = dict(os.environ, RDB_BUILD=str(self.build), RDB_BENCH_WORK=str(folder))
        return subprocess.run([str(HERE / language / "start"), *map(str, arguments)],
                              env=environment, capture_output=True, text=True)

    def prepare(self, language):
        if not (HERE / language / "start").is_file():
            self.left_out.append((language, "it has no program here"))
            return False
        done = self.call(language, "prepare")
        if done.returncode == ABSENT:
            self.left_out.append((language, (done.stdout + done.stderr).strip()))
        elif done.returncode != 0:
            raise Failed(f"{language}: start prepare ended with {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")
        return done.returncode == 0

    def measure(self, language, engine, workload, file, count):
        """Nanoseconds per record, or None when the language cannot do it here."""
        name = workload if engine == "rdb" else "lmdb-" + workload
        done = self.call(language, name, file, count)
        if done.returncode == ABSENT:
            self.left_out.append((f"{language}, {name}", (done.stdout + done.stderr).strip()))
            return None
        if done.returncode != 0:
            raise Failed(f"{language}: {name} ended with {done.returncode}:\n{done.stderr}")
        try:
            return read_line(done.stdout, engine, language, workload)
        except (Failed, KeyError, ValueError) as error:
            raise Failed(f"{language}: {name}: {error}\n{done.stdout}") from error


def spread(values, form):
    return " ".join(form.format(f(values)) for f in (min, statistics.median, max))


def ratios(above, below):
    """Of the same round, so that what slows the machine down slows both."""
    return [a / b for a, b in zip(above, below)]


def report(results, workloads, languages):
    print(f"\n{'':32}{'ns per record':>26}{'ns above C':>12}{'rdb / rdb in C':>22}{'LMDB / rdb':>22}")
    print(f"{'':32}{'min   median      max':>26}{'median':>12}" + 2 * f"{'min median    max':>22}")
    for workload, language in itertools.product(workloads, languages):
        mine = results.get((language, "rdb", workload))
        reference = results.get(("c", "rdb", workload))
        for engine in ENGINES:
            times = results.get((language, engine, workload))
            if not times:
                continue
            line = f"{workload:14}{language:8}{engine:10}{spread(times, '{:8.1f}'):>26}"
            if engine == "rdb" and reference and language != "c":
                above = statistics.median(a - b for a, b in zip(times, reference))
                line += f"{above:12.1f}{spread(ratios(times, reference), '{:6.2f}'):>22}"
            elif engine == "lmdb" and mine:
                line += f"{'':34}{spread(ratios(times, mine), '{:6.2f}'):>22}"
            print(line)


def report_counts(results, languages):
    """Merges against pairs of get and put in the same language."""
    for workload, language in itertools.product(COUNTS[1:], languages):
        pairs = results.get((language, "rdb", COUNTS[0]))
        merges = results.get((language, "rdb", workload))
        if pairs and merges:
            print(f"{COUNTS[0]} / {workload}, {language}: {spread(ratios(pairs, merges), '{:.2f}')}")


def run(options):
    build = pathlib.Path(options.build).resolve()
    work = build / "bench" / "bindings" / "work"
    work.mkdir(parents=True, exist_ok=True)
    programs = Programs(build, work, options.languages)
    results = {}
    with tempfile.TemporaryDirectory(prefix="rdb-bindings-", dir=options.dir or work) as folder:
        files = {engine: pathlib.Path(folder) / f"data.{engine}" for engine in ENGINES}
        made = subprocess.run([str(build / "bench/bindings/bindings_bench"), "make",
                               str(files["rdb"]), str(files["lmdb"]), str(options.count)],
                              capture_output=True, text=True)
        if made.returncode != 0:
            raise Failed(f"the databases could not be made: {made.stderr}")
        plan = [row for row in itertools.product(options.workloads, programs.languages, ENGINES)
                if row[0] not in COUNTS or row[2] == "rdb"]
        absent = set()
        for turn in range(options.rounds):
            # Every other round backwards, so that nobody always follows the same neighbour.
            for workload, language, engine in plan if turn % 2 == 0 else reversed(plan):
                if (language, engine, workload) in absent:
                    continue
                writes = workload in WRITES
                file = pathlib.Path(folder) / f"new.{engine}" if writes else files[engine]
                count = options.put_count if writes else options.count
                cost = programs.measure(language, engine, workload, file, count)
                if cost is None:
                    absent.add((language, engine, workload))
                else:
                    results.setdefault((language, engine, workload), []).append(cost)
            print(f"round {turn + 1} of {options.rounds} done", file=sys.stderr)
    report(results, options.workloads, programs.languages)
    report_counts(results, programs.languages)
    for what, why in programs.left_out:
        print(f"not measured: {what}: {why}")
    if options.json:
        rows = [{"language": language, "engine": engine, "workload": workload, "ns": times}
                for (language, engine, workload), times in results.items()]
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")


def comma_list(known):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(known)}")
        return names
    return parse


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be positive")
    return number


def main():
    parser = argparse.ArgumentParser(prog="./run bench bindings",
                                     description="what a record costs in each language")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--count", type=positive, default=1000000, help="records to read")
    parser.add_argument("--put-count", type=positive, default=100000, help="records to write")
    parser.add_argument("--languages", type=comma_list(LANGUAGES), default=LANGUAGES)
    parser.add_argument("--workloads", type=comma_list(WORKLOADS), default=WORKLOADS)
    parser.add_argument("--dir", help="where the databases are made")
    parser.add_argument("--json", metavar="FILE", help="every single figure")
    try:
        run(parser.parse_args())
    except Failed as error:
        sys.exit(f"bindings bench: {error}")


if __name__ == "__main__":
    main()
