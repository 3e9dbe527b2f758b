"""compare.py refuses lines that measured something else, and tells what it left out."""

import json
import os
import pathlib
import tempfile
import unittest

import compare

LINE = {"engine": "rdb", "language": "go", "workload": "scan", "records": 1000, "seconds": 0.5,
        "bytes": 150000}


class Line(unittest.TestCase):
    def read(self, *more, **changed):
        return compare.read_line("\n".join([json.dumps({**LINE, **changed}), *more]), "rdb", "go",
                                 "scan")

    def test_the_cost_is_seconds_by_records(self):
        self.assertAlmostEqual(self.read(), 500000)

    def test_counters_are_eight_bytes(self):
        line = {**LINE, "workload": "count_merges", "bytes": 8000}
        read = lambda line: compare.read_line(json.dumps(line), "rdb", "go", "count_merges")
        self.assertAlmostEqual(read(line), 500000)
        with self.assertRaises(compare.Failed):  # a hit is missing
            read({**line, "bytes": 7992})

    def test_another_measurement_is_refused(self):
        for changed in ({"engine": "lmdb"}, {"language": "c"}, {"workload": "get"}, {"records": 0},
                        {"seconds": 0}, {"bytes": 149999}):
            with self.assertRaises(compare.Failed, msg=changed):
                self.read(**changed)
        with self.assertRaises(compare.Failed):
            self.read("more")
        with self.assertRaises(compare.Failed):
            compare.read_line("", "rdb", "go", "scan")


class Start(unittest.TestCase):
    def programs(self, script):
        folder = pathlib.Path(self.folder.name)
        (folder / "go").mkdir()
        start = folder / "go" / "start"
        start.write_text("#!/bin/sh\n" + script)
        os.chmod(start, 0o755)
        return compare.Programs(folder, folder, ["go", "java"])

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        before, compare.HERE = compare.HERE, pathlib.Path(self.folder.name)
        self.addCleanup(setattr, compare, "HERE", before)

    def test_a_language_that_cannot_run_here_is_left_out_with_its_reason(self):
        programs = self.programs("echo no compiler; exit 77\n")
        self.assertEqual(programs.languages, [])
        self.assertEqual(programs.left_out, [("go", "no compiler"),
                                             ("java", "it has no program here")])

    def test_so_is_one_workload_of_it(self):
        programs = self.programs('[ "$1" = prepare ] && exit; echo no package >&2; exit 77\n')
        self.assertIsNone(programs.measure("go", "lmdb", "scan", "f", 1))
        self.assertIn(("go, lmdb-scan", "no package"), programs.left_out)

    def test_a_program_that_fails_ends_the_comparison(self):
        with self.assertRaises(compare.Failed):
            self.programs("exit 3\n")

    def test_the_program_is_told_where_the_build_is(self):
        programs = self.programs('[ "$1" = prepare ] && exit; [ -d "$RDB_BUILD" ] && '
                                 '[ -d "$RDB_BENCH_WORK" ] && echo ' + repr(json.dumps(LINE)) + "\n")
        self.assertAlmostEqual(programs.measure("go", "rdb", "scan", "f", 1), 500000)
        with self.assertRaises(compare.Failed):  # the line is not about this one
            programs.measure("go", "rdb", "get", "f", 1)


if __name__ == "__main__":
    unittest.main()
