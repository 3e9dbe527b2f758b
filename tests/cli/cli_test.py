#!/usr/bin/env python3
"""Drives the built command line tool: every subcommand, JSON output, exit codes, bad input.

RDB_TOOL names the executable, RDB_EDIT_CATALOG the helper beside this file. Each test works in a directory of its own.
"""
import base64
import fcntl
import json
import math
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
import unittest

TOOL = os.environ["RDB_TOOL"]
EDIT_CATALOG = os.environ["RDB_EDIT_CATALOG"]
DONE, NOT_FOUND, USAGE, ERROR = 0, 1, 2, 3


def read(path):
    with open(path, "rb") as file:
        return file.read()


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


# Type -> JSON values of keys or values, in key order.
TYPES = {
    "bool": [False, True],
    "char": ["\0", "A", "\u00e9", "\U0001f600"],
    "u8": [0, 1, 255],
    "u16": [0, 256, 65535],
    "u32": [0, 65536, 2**32 - 1],
    "u64": [0, 2**53 + 1, 2**64 - 1],
    "u128": [0, 2**53, str(2**53 + 1), str(2**128 - 1)],
    "i8": [-128, -1, 0, 127],
    "i16": [-32768, -1, 256, 32767],
    "i32": [-(2**31), -1, 256, 2**31 - 1],
    "i64": [-(2**63), -1, 256, 2**63 - 1],
    "i128": [str(-(2**127)), -(2**53), -1, 0, str(2**127 - 1)],
    "&str": ["", "a", "a\nb", "\u00e9\U0001f600"],
    "String": ["", "text"],
    "&[u8]": [b64(b""), b64(b"\0\xff"), b64(b"ab")],
    "[u8;4]": [b64(b"\0\1\2\3"), b64(b"abcd")],
    "[u16;2]": [[0, 256], [1, 1], [1, 65535]],
    "[[u8;2];2]": [[b64(b"ab"), b64(b"cd")]],
    "[char;2]": [["a", "\u00e9"]],
    "()": [None],
}
VALUES_ONLY = {
    "f32": [0.5, -0.0, 0.1, "NaN", "inf", "-inf", 3.4028235e38],
    "f64": [0.1, -0.0, 1e308, 5e-324, "NaN", "inf", "-inf", b64(struct.pack("<Q", 0x7FF8000000000001))],
    "[f32;2]": [[1.5, "NaN"], [-0.0, "-inf"]],
}


class CliTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="rdb-cli-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.db = self.path("test.rdb")

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_tool(self, *args, stdin=None):
        return subprocess.run([TOOL, *map(str, args)], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120,
                              stdin=subprocess.DEVNULL if stdin is None else None)

    def rdb(self, *args, stdin=None, code=DONE):
        """Runs the tool, checks its exit code and that errors are one line; gives its output."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        done = self.run_tool(*args, stdin=stdin)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, code, (args, error, done.stdout))
        if code in (USAGE, ERROR):
            self.assertRegex(error, r"^rdb: [^\n]+\n$", args)
            self.assertEqual(done.stdout, b"", args)
        self.error = error
        return done.stdout.decode()

    def json(self, *args, **kwargs):
        return json.loads(self.rdb("--json", *args, **kwargs))

    def rows(self, *args, **kwargs):
        return [json.loads(line) for line in self.rdb("--json", *args, **kwargs).splitlines()]

    def make(self, key_type, value_type, rows, table="t", db=None):
        lines = "".join(json.dumps({"key": k, "value": v}) + "\n" for k, v in rows)
        return self.json("import", db or self.db, table, "-", "--create", "--key-type", key_type,
                         "--value-type", value_type, stdin=lines)

    def content(self):
        return read(self.db)

    def is_open_in(self, process):
        folder = f"/proc/{process.pid}/fd"
        return any(os.path.realpath(os.path.join(folder, number)) == os.path.realpath(self.db)
                   for number in os.listdir(folder))


class Basics(CliTest):
    def test_help_and_version_are_successes(self):
        self.assertIn("Exit codes", self.rdb("--help"))
        self.assertRegex(self.rdb("--version"), r"rdb \d+\.\d+\.\d+")
        for command in ("info tables get put delete scan import export dump load verify stats header").split():
            with self.subTest(command):
                self.assertIn("FILE", self.rdb(command, "--help"))

    def test_wrong_usage_is_exit_2(self):
        for args in ([], ["nonsense"], ["get"], ["get", self.db], ["info", self.db, "more"],
                     ["scan", self.db, "t", "--limit", "x"], ["info", "--what", self.db],
                     ["verify", self.db, "--level", "deep"], ["import", self.db, "t", "--batch", "0"],
                     ["scan", self.db, "t", "--prefix", "a", "--from", "b"]):
            with self.subTest(args):
                self.rdb(*args, code=USAGE)

    def test_put_get_delete(self):
        self.rdb("put", self.db, "t", "7", "seven", "--create", "--key-type", "u64",
                 "--value-type", "str")
        self.assertEqual(self.rdb("get", self.db, "t", "7"), "seven\n")
        self.rdb("put", self.db, "t", "7", "VII")
        self.assertEqual(self.json("get", self.db, "t", "7"),
                         {"key": 7, "found": True, "value": "VII"})
        self.assertEqual(self.json("put", self.db, "t", "8", "x"), {"key": 8, "stored": True})
        self.assertEqual(self.json("delete", self.db, "t", "8"), {"key": 8, "deleted": True})
        self.assertEqual(self.json("delete", self.db, "t", "8", code=NOT_FOUND),
                         {"key": 8, "deleted": False})
        self.rdb("delete", self.db, "t", "7")
        self.assertEqual(self.rdb("get", self.db, "t", "7", code=NOT_FOUND), "")
        self.assertIn("no key 7", self.error)
        self.assertEqual(self.json("get", self.db, "t", "7", code=NOT_FOUND),
                         {"key": 7, "found": False})

    def test_put_modes(self):
        self.make("u8", "str", [(1, "a")])
        self.rdb("put", self.db, "t", "1", "b", "--insert-only", code=NOT_FOUND)
        self.rdb("put", self.db, "t", "2", "b", "--update-only", code=NOT_FOUND)
        self.rdb("put", self.db, "t", "2", "b", "--insert-only")
        self.rdb("put", self.db, "t", "1", "c", "--update-only")
        self.rdb("put", self.db, "t", "1", "c", "--update-only", "--insert-only", code=USAGE)
        self.assertEqual(self.rows("scan", self.db, "t"),
                         [{"key": 1, "value": "c"}, {"key": 2, "value": "b"}])

    def test_negative_numbers_are_arguments_not_options(self):
        self.rdb("put", self.db, "t", "-5", "-inf", "--create", "--key-type", "i64",
                 "--value-type", "f64")
        self.assertEqual(self.json("get", self.db, "t", "-5")["value"], "-inf")
        self.rdb("put", self.db, "t", "-6", "-.5")
        self.assertEqual(self.rows("scan", self.db, "t", "--from", "-6", "--to", "-5"),
                         [{"key": -6, "value": -0.5}])

    def test_byte_strings_on_the_command_line(self):
        self.rdb("put", self.db, "t", "plain", "hex:00ff", "--create", "--key-type", "bytes",
                 "--value-type", "bytes")
        self.assertEqual(self.rdb("get", self.db, "t", "text:plain"), "hex:00ff\n")
        self.assertEqual(self.rdb("get", self.db, "t", "b64:cGxhaW4="), "hex:00ff\n")
        self.assertEqual(self.json("get", self.db, "t", "hex:706c61696e")["value"], b64(b"\0\xff"))
        done = self.run_tool("get", "--raw", self.db, "t", "plain")
        self.assertEqual((done.returncode, done.stdout), (DONE, b"\0\xff"))
        self.rdb("put", self.db, "t", "a", "hex:0", code=USAGE)
        self.assertIn("hexadecimal", self.error)

    def test_values_that_do_not_fit_their_type_are_usage_errors(self):
        self.make("u8", "&str", [(1, "a")])
        before = self.content()
        for args, word in ((("get", self.db, "t", "256"), "out of range"),
                           (("get", self.db, "t", "one"), "whole number"),
                           (("put", self.db, "t", "1", b"\xff"), "UTF-8"),
                           (("delete", self.db, "t", ""), "whole number"),
                           (("scan", self.db, "t", "--from", "x"), "--from"),
                           (("scan", self.db, "t", "--prefix", "1"), "--prefix")):
            with self.subTest(args):
                done = subprocess.run([TOOL, *args], capture_output=True)
                self.assertEqual(done.returncode, USAGE, done.stderr)
                self.assertIn(word, done.stderr.decode())
        self.assertEqual(self.rows("scan", self.db, "t"), [{"key": 1, "value": "a"}])
        self.assertEqual(len(self.content()), len(before))

    def test_tables_are_created_only_when_asked(self):
        self.rdb("put", self.db, "t", "1", "x", "--key-type", "u8", "--value-type", "str", code=ERROR)
        self.assertFalse(os.path.exists(self.db))
        self.rdb("put", self.db, "t", "1", "x", "--create", code=USAGE)
        self.assertFalse(os.path.exists(self.db))
        self.rdb("put", self.db, "t", "1", "x", "--create", "--key-type", "f64", "--value-type",
                 "str", code=USAGE)
        self.assertFalse(os.path.exists(self.db))
        self.make("u8", "str", [(1, "a")])
        self.rdb("put", self.db, "other", "1", "x", code=NOT_FOUND)
        self.rdb("put", self.db, "other", "1", "x", "--create", code=USAGE)
        self.rdb("put", self.db, "t", "1", "x", "--key-type", "u16", code=USAGE)
        self.rdb("put", self.db, "t", "1", "b", "--key-type", "u8", "--value-type", "&str")
        self.assertEqual([t["name"] for t in self.json("tables", self.db)["tables"]], ["t"])

    def test_a_file_is_compressed_when_it_is_made_so(self):
        types = ("--key-type", "u8", "--value-type", "str")
        value = "compressible " * 50
        lines = json.dumps({"key": 2, "value": value}) + "\n"
        for codec, more in (("none", []), ("lz4", []), ("zstd", ["--compression-level", "19"])):
            with self.subTest(codec):
                choice = ["--compression", codec] + more
                paths = {command: self.path(f"{codec}-{command}.rdb") for command in ("put", "import", "load")}
                self.rdb("put", paths["put"], "t", "1", value, "--create", *types, *choice)
                self.rdb("put", paths["put"], "t", "2", value, *types)
                self.rdb("import", paths["import"], "t", "-", "--create", *types, *choice, stdin=lines)
                self.rdb("load", paths["load"], "-", *choice, stdin=self.rdb("dump", paths["put"]))
                for path in paths.values():
                    self.assertEqual(self.json("info", path)["compression"], codec)
                    self.assertEqual(self.json("get", path, "t", "2")["value"], value)
                if codec != "none":
                    stored = self.json("stats", paths["load"])["tables"][0]["stored_bytes"]
                    self.assertLess(stored, len(value))
                # What is there already may be named, and nothing else.
                self.rdb("put", paths["put"], "t", "3", "x", "--create", *types, *choice)
                other = "zstd" if codec == "lz4" else "lz4"
                before = read(paths["put"])
                self.rdb("put", paths["put"], "t", "4", "x", "--create", *types, "--compression", other, code=USAGE)
                self.assertIn(f"{paths['put']} is there already with ", self.error)
                self.assertEqual(read(paths["put"]), before)
        for wrong in (["--compression", "gzip", "--create"], ["--compression", "lz4"],
                      ["--compression-level", "3", "--create"],
                      ["--compression", "zstd", "--compression-level", "23", "--create"],
                      ["--compression", "lz4", "--compression-level", "3", "--create"]):
            with self.subTest(wrong):
                self.rdb("put", self.db, "t", "1", "x", *types, *wrong, code=USAGE)
                self.assertFalse(os.path.exists(self.db))

    def test_missing_tables_are_exit_1(self):
        self.make("u8", "str", [(1, "a")])
        for args in (["get", self.db, "x", "1"], ["scan", self.db, "x"], ["export", self.db, "x"],
                     ["delete", self.db, "x", "1"], ["import", self.db, "x", "-"]):
            with self.subTest(args):
                self.rdb(*args, stdin="", code=NOT_FOUND)
                self.assertIn('no table "x"', self.error)


class Reading(CliTest):
    def test_tables_lists_types_and_rows(self):
        self.make("u64", "&str", [(1, "a"), (2, "b")], table="first")
        self.make("&[u8]", "[f32;3]", [], table="second")
        expected = [
            {"name": "first", "kind": "table", "key_type": "u64", "value_type": "&str",
             "key_known": True, "value_known": True, "key_order_known": True, "rows": 2},
            {"name": "second", "kind": "table", "key_type": "&[u8]", "value_type": "[f32;3]",
             "key_known": True, "value_known": True, "key_order_known": True, "rows": 0}]
        self.assertEqual(self.json("tables", self.db), {"tables": expected})
        lines = self.rdb("tables", self.db).splitlines()
        self.assertEqual(lines[0].split(), ["Table", "Kind", "Key", "Value", "Rows"])
        self.assertEqual(lines[2].split(), ["first", "table", "u64", "&str", "2"])

    def test_tables_with_stats_are_the_stats(self):
        self.make("u64", "str", [(i, "x" * i) for i in range(300)])
        self.assertEqual(self.json("tables", self.db, "--stats"), self.json("stats", self.db))
        self.assertEqual(self.json("stats", self.db)["tables"][0]["rows"], 300)

    def test_info_and_stats(self):
        self.make("u32", "&str", [(i, "v" * 100) for i in range(2000)])
        info = self.json("info", self.db)
        self.assertEqual(info["rows"], 2000)
        self.assertEqual(info["tables"], 1)
        self.assertTrue(info["closed_cleanly"])
        self.assertEqual(info["file_bytes"], os.path.getsize(self.db))
        self.assertIn("KiB", self.rdb("info", self.db) + self.rdb("stats", self.db))
        stats = self.json("stats", self.db)
        total = stats["total"]
        self.assertEqual(total["stored_bytes"], 2000 * 104)
        self.assertEqual(stats["tables"][0]["rows"], 2000)
        self.assertGreater(total["leaf_pages"], 40)
        self.assertGreaterEqual(total["tree_height"], 2)

    def test_reading_never_rewrites_a_cleanly_closed_file(self):
        self.make("u32", "&str", [(i, "v") for i in range(100)])
        before = self.content()
        for args in (["info"], ["tables"], ["get", "t", "1"], ["scan", "t"], ["export", "t"],
                     ["stats"], ["verify"], ["verify", "--level", "header"], ["header"]):
            self.rdb(args[0], self.db, *args[1:])
            self.assertEqual(self.content(), before, args)

    def test_scan_ranges(self):
        self.make("i32", "u8", [(i, i + 10) for i in range(-3, 4)])
        keys = lambda *args: [row["key"] for row in self.rows("scan", self.db, "t", *args)]
        self.assertEqual(keys(), [-3, -2, -1, 0, 1, 2, 3])
        self.assertEqual(keys("--from", "-1"), [-1, 0, 1, 2, 3])
        self.assertEqual(keys("--to", "-1"), [-3, -2])
        self.assertEqual(keys("--from", "-1", "--to", "1"), [-1, 0])
        self.assertEqual(keys("--from", "2", "--to", "1"), [])
        self.assertEqual(keys("--reverse", "--limit", "2"), [3, 2])
        self.assertEqual(keys("--reverse", "--from", "0", "--to", "2"), [1, 0])
        self.assertEqual(keys("--limit", "0"), [])
        self.assertEqual(self.rows("scan", self.db, "t", "--keys-only", "--limit", "1"), [{"key": -3}])
        self.assertEqual(self.rdb("scan", self.db, "t", "--limit", "1"), "-3  7\n")
        self.assertEqual(self.rdb("scan", self.db, "t", "--limit", "1", "--keys-only"), "-3\n")

    def test_scan_prefix(self):
        keys = [b"a", b"ab", b"ab\xff", b"ac", b"b", b"\xff", b"\xff\xff", b"\xff\xffz"]
        self.make("&[u8]", "()", [(b64(k), None) for k in keys])
        scan = lambda p: [base64.b64decode(row["key"]["b64"])
                          for row in self.rows("scan", self.db, "t", "--prefix", p)]
        self.assertEqual(scan("a"), keys[:4])
        self.assertEqual(scan("ab"), keys[1:3])
        self.assertEqual(scan("hex:ffff"), keys[6:])
        self.assertEqual(scan(""), keys)
        self.assertEqual(scan("c"), [])

    def test_scan_cuts_text_between_characters(self):
        self.make("u8", "&str", [(1, "x" * 119 + "\u00e9\u00e9"), (2, "a\tb\x1b[2J")])
        first, second = self.rdb("scan", self.db, "t").splitlines()
        self.assertEqual(first, "1  " + "x" * 119 + "... (123 bytes)")
        self.assertEqual(second, "2  a\\tb\\x1b[2J")

    def test_header(self):
        self.make("u8", "u8", [(1, 1)])
        header = self.json("header", self.db)
        self.assertTrue(header["magic_valid"])
        self.assertFalse(header["recovery_required"])
        self.assertEqual(header["page_bytes"], 4096)
        self.assertEqual(header["layout_bytes"], os.path.getsize(self.db))
        primary = header["slots"][header["primary"]]
        self.assertTrue(primary["checksum_valid"])
        self.assertEqual(primary["user_root"]["length"], 1)
        self.assertIn("(primary)", self.rdb("header", self.db))

    def test_header_of_a_damaged_file_says_what_is_damaged(self):
        self.make("u8", "u8", [(1, 1)])
        good = bytearray(self.content())
        for offset, member in ((0, "magic_valid"), (12, "layout_problem"), (64 + 110, "slots"),
                               (192 + 110, "slots")):
            with self.subTest(offset):
                bad = bytearray(good)
                bad[offset] ^= 0x55
                with open(self.db, "wb") as file:
                    file.write(bad)
                slot = (offset - 64) // 128 if offset >= 64 else None
                header = self.json("header", self.db, code=DONE if slot is not None else NOT_FOUND)
                if slot is not None:
                    self.assertEqual([s["checksum_valid"] for s in header["slots"]],
                                     [slot != 0, slot != 1])
                else:
                    self.assertTrue(all(s["checksum_valid"] for s in header["slots"]))
                    self.assertTrue(not header["magic_valid"] or header["layout_problem"])

    def test_header_needs_no_lock(self):
        self.make("u8", "u8", [(1, 1)])
        with open(self.db, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.json("header", self.db)

    def test_verify(self):
        self.make("u32", "&str", [(i, "v" * 50) for i in range(3000)])
        for level in ("header", "checksums", "full"):
            report = self.json("verify", self.db, "--level", level)
            self.assertTrue(report["ok"])
            self.assertEqual(report["problems"], [])
        self.assertGreater(report["pages_checked"], 40)
        self.assertEqual(report["rows_checked"] >= 3000, True)
        self.assertIn("PASSED", self.rdb("verify", self.db))

    def test_verify_finds_a_damaged_page(self):
        self.make("u32", "&str", [(i, "needle%05d" % i) for i in range(3000)])
        data = bytearray(self.content())
        data[data.index(b"needle01500") + 3] ^= 1
        with open(self.db, "wb") as file:
            file.write(data)
        report = self.json("verify", self.db, code=NOT_FOUND)
        self.assertFalse(report["ok"])
        self.assertTrue(report["problems"])
        self.assertIn("FAILED", self.rdb("verify", self.db, code=NOT_FOUND))
        self.assertEqual(self.content(), bytes(data))

    def unclosed(self):
        """The file as a crash after the last commit would leave it: marked as in use, one-phase commit."""
        data = bytearray(self.content())
        data[9] = (data[9] | 2) & ~4
        with open(self.db, "wb") as file:
            file.write(data)
        return bytes(data)

    def test_verify_never_writes_and_tells_that_a_file_was_not_closed(self):
        self.make("u32", "&str", [(i, "v" * 50) for i in range(3000)])
        self.assertTrue(self.json("verify", self.db)["clean"])
        self.assertRegex(self.rdb("verify", self.db), r"Closed cleanly +yes\n")
        data = self.unclosed()
        for options in ([], ["--read-only"]):
            report = json.loads(self.rdb(*options, "--json", "verify", self.db))
            self.assertEqual((report["ok"], report["clean"], report["opens"]), (True, False, True))
            self.assertFalse(report["lost_last_commit"])
            self.assertEqual(self.content(), data)
        text = self.rdb("--read-only", "verify", self.db)
        self.assertRegex(text, r"Closed cleanly +no\n")
        self.assertRegex(text, r"Recovery +needed; no commit is lost\n")
        self.assertIn("nothing was written", self.error)
        self.assertEqual(self.content(), data)

    def test_verify_of_a_file_that_does_not_open_tells_all_that_is_wrong(self):
        self.make("u32", "&str", [(i, "needle%05d" % i) for i in range(3000)])
        data = bytearray(self.unclosed())
        for needle in (b"needle00500", b"needle02500"):
            data[data.index(needle) + 3] ^= 1
        # The commit before it cannot help either.
        data[64 if data[9] & 1 else 192] ^= 0xff
        with open(self.db, "wb") as file:
            file.write(data)
        report = self.json("verify", self.db, code=NOT_FOUND)
        self.assertEqual((report["ok"], report["opens"]), (False, False))
        objects = [problem["object"] for problem in report["problems"]]
        self.assertEqual(objects, ["file", "header", 'table "t"', 'table "t"'], report)
        self.assertTrue(all(problem["meaning"] for problem in report["problems"]))
        text = self.rdb("verify", self.db, code=NOT_FOUND)
        self.assertIn("FAILED, 4 problems", text)
        self.assertIn("It does not open: ", text)
        self.assertEqual(self.content(), bytes(data))

    def test_a_reader_that_goes_away_is_no_error(self):
        self.make("u32", "&str", [(i, "v" * 100) for i in range(20000)])
        with subprocess.Popen([TOOL, "scan", self.db, "t"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as tool:
            tool.stdout.readline()
            tool.stdout.close()
            self.assertEqual(tool.stderr.read(), b"")
            self.assertEqual(tool.wait(timeout=60), DONE)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_output_that_cannot_be_written_is_an_error(self):
        self.make("u32", "&str", [(i, "v" * 100) for i in range(1000)])
        for args in (["scan", self.db, "t"], ["info", self.db], ["export", self.db, "t"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([TOOL, *args], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, ERROR, args)
            self.assertIn(b"cannot write", done.stderr)
        self.rdb("export", self.db, "t", "/dev/full", code=ERROR)


class ImportExport(CliTest):
    def assert_same(self, left, right):
        def normal(value):
            if isinstance(value, float) and math.copysign(1, value) < 0 and value == 0:
                return "-0.0"
            if isinstance(value, list):
                return [normal(v) for v in value]
            if isinstance(value, dict):
                return {k: normal(v) for k, v in value.items()}
            return value
        self.assertEqual(normal(left), normal(right))

    def test_every_type_goes_out_and_in_again(self):
        for name, values in {**TYPES, **VALUES_ONLY}.items():
            with self.subTest(value_type=name):
                db = self.path("v%d.rdb" % len(os.listdir(self.dir)))
                rows = list(enumerate(values))
                self.assertEqual(self.make("u32", name, rows, db=db)["rows"], len(rows))
                exported = self.rdb("export", db, "t")
                self.assert_same([json.loads(line) for line in exported.splitlines()],
                                 [{"key": k, "value": v} for k, v in rows])
                self.rdb("import", db, "copy", "--create", "--key-type", "u32", "--value-type", name,
                         stdin=exported)
                self.assertEqual(self.rdb("export", db, "copy"), exported)
                self.json("verify", db)

    def test_every_key_type_keeps_its_order(self):
        for name, keys in TYPES.items():
            with self.subTest(key_type=name):
                db = self.path("k%d.rdb" % len(os.listdir(self.dir)))
                self.make(name, "u8", [(k, i) for i, k in reversed(list(enumerate(keys)))], db=db)
                self.assertEqual(self.rows("scan", db, "t"),
                                 [{"key": k, "value": i} for i, k in enumerate(keys)])
                self.assertEqual(self.rows("scan", db, "t", "--reverse"),
                                 [{"key": k, "value": i} for i, k in reversed(list(enumerate(keys)))])
                exported = self.rdb("export", db, "t", "--header")
                self.rdb("import", db, "copy", "--create", stdin=exported)
                self.assertEqual(self.rdb("export", db, "copy"), self.rdb("export", db, "t"))
                self.json("verify", db)

    def test_types_line(self):
        self.make("u8", "&str", [(1, "a")])
        out = self.path("out.jsonl")
        self.assertEqual(self.json("export", self.db, "t", out, "--header"),
                         {"table": "t", "rows": 1, "not_values": 0})
        with open(out) as file:
            self.assertEqual(json.loads(file.readline()),
                             {"table": "t", "key_type": "u8", "value_type": "&str"})
        other = self.path("other.rdb")
        self.assertEqual(self.json("import", other, "t", out, "--create")["rows"], 1)
        self.assertEqual(self.rdb("export", other, "t"), self.rdb("export", self.db, "t"))
        self.rdb("put", self.db, "u", "1", "1", "--create", "--key-type", "u16", "--value-type", "u8")
        self.rdb("import", self.db, "u", out, code=USAGE)

    def test_a_dump_makes_the_same_tables_again(self):
        for number, (type_name, values) in enumerate(TYPES.items()):
            self.make(type_name, "&str", [(value, "x") for value in values], table=f"keys {number}")
            self.make("u32", type_name, list(enumerate(values)), table=f"values {number}")
        self.make("(&str,u64)", "Option<u8>", [(["a", 1], None), (["a", 2], 7)], table="composite")
        self.make("str", "[f32;3]", [], table="empty")
        for value in ("1", "2", "1000"):
            self.rdb("put", self.db, "sets", "a", value, "--create", "--multimap", "--key-type", "str",
                     "--value-type", "u16")
        dump = self.rdb("dump", self.db)
        copy = self.path("copy.rdb")
        tables = self.json("tables", self.db)
        self.assertEqual(self.json("load", copy, stdin=dump),
                         {"tables": len(tables["tables"]), "rows": sum(t["rows"] for t in tables["tables"])})
        self.assertEqual(self.json("tables", copy), tables)
        self.assertEqual(self.rdb("dump", copy), dump)
        self.assertEqual(self.json("dump", copy, self.path("file"))["tables"], len(tables["tables"]))
        with open(self.path("file"), encoding="utf-8") as file:
            self.assertEqual(file.read(), dump)
        self.rdb("verify", copy)

    def test_a_dump_of_nothing(self):
        self.make("u8", "u8", [], table="t")
        self.rdb("load", self.path("empty.rdb"), stdin="\n")
        self.assertEqual(self.rdb("dump", self.path("empty.rdb")), "")

    def test_a_load_is_all_or_nothing(self):
        self.make("u8", "u8", [(1, 1)], table="b")
        types = '{"table":"%s","key_type":"u8","value_type":"u8"}\n'
        row = '{"key":1,"value":2}\n'
        for text, line, why in [
            (types % "a" + row + types % "b" + row, 3, 'there is a table "b" already'),
            (types % "a" + row + '{"key":300,"value":2}\n', 3, "key"),
            (types % "a" + row + "{", 3, "not valid JSON"),
            (types % "a" + '{"key":1}\n', 2, "not an object of the form"),
            (types % "a" + row + '{"key_type":"u8","value_type":"u8"}\n', 3, "without its name"),
            ('{"table":"a","key_type":7,"value_type":"u8"}\n', 1, "key_type is neither"),
            ('{"table":"a","key_type":{"class":900,"name":"x"},"value_type":"u8"}\n', 1, "key_type is neither"),
            ('{"table":"a","key_type":"f32","value_type":"u8"}\n' + row, 1, "order is not known"),
            (row, 1, "a dump begins with the types of a table"),
        ]:
            with self.subTest(text):
                self.rdb("load", self.db, stdin=text, code=ERROR)
                self.assertIn(f"line {line} of standard input", self.error)
                self.assertIn(why, self.error)
                self.assertIn("nothing was stored", self.error)
                self.assertEqual([t["name"] for t in self.json("tables", self.db)["tables"]], ["b"])
                self.assertEqual(self.json("get", self.db, "b", "1")["value"], 1)
        self.rdb("dump", self.db, self.db, code=USAGE)
        self.rdb("load", self.db, self.path("missing"), code=ERROR)

    def test_batches(self):
        lines = "".join('{"key":%d,"value":"v"}\n' % i for i in range(25))
        report = self.json("import", self.db, "t", "--create", "--key-type", "u32", "--value-type",
                           "str", "--batch", "10", stdin=lines)
        self.assertEqual((report["rows"], report["commits"]), (25, 3))
        report = self.json("import", self.db, "t", "--atomic", stdin=lines)
        self.assertEqual((report["rows"], report["commits"]), (25, 1))
        self.assertEqual(len(self.rows("scan", self.db, "t")), 25)
        self.rdb("import", self.db, "t", "--atomic", "--batch", "5", stdin=lines, code=USAGE)

    def test_blank_lines_and_missing_last_newline(self):
        report = self.json("import", self.db, "t", "--create", "--key-type", "u8", "--value-type",
                           "u8", stdin='\n{"key":1,"value":1}\r\n  \n{"key":2,"value":2}')
        self.assertEqual(report["rows"], 2)

    def test_empty_input_makes_an_empty_table(self):
        self.assertEqual(self.make("u8", "u8", [])["rows"], 0)
        self.assertEqual(self.json("tables", self.db)["tables"][0]["rows"], 0)
        self.assertEqual(self.rdb("export", self.db, "t"), "")
        self.assertEqual(self.rdb("scan", self.db, "t"), "")

    def test_a_malformed_line_is_named_and_its_batch_not_stored(self):
        self.make("u8", "&str", [(100, "old")])
        good = ['{"key":%d,"value":"v"}' % i for i in range(10)]
        for bad, word in (("nonsense", "not valid JSON at byte"), ("[1,2]", "form"), ('{"key":1}', "form"),
                          ('{"key":1,"value":"a","more":0}', "form"), ('{"key":256,"value":"a"}', "key: 256"),
                          ('{"key":"x","value":"a"}', "key:"), ('{"key":1,"value":2}', "value: 2"),
                          ('{"key":1.5,"value":"a"}', "key: 1.5"), ('{"key":1,"value":"\\ud800"}', "JSON"),
                          ('{"key":1,"value":"a"', "JSON"), ('{"key":1,"value":{"b64":"/w=="}}', "value")):
            with self.subTest(bad):
                lines = good[:7] + [bad] + good[7:]
                self.rdb("import", self.db, "t", "--batch", "100", stdin="\n".join(lines), code=ERROR)
                self.assertIn("line 8 of standard input", self.error)
                self.assertIn(word, self.error)
                self.assertIn("nothing was stored", self.error)
                self.assertEqual(self.rows("scan", self.db, "t"), [{"key": 100, "value": "old"}])
        self.rdb("import", self.db, "t", "--batch", "3", stdin="\n".join(good[:7] + ["{"] + good[7:]),
                 code=ERROR)
        self.assertIn("6 rows of earlier batches are stored", self.error)
        self.assertEqual([row["key"] for row in self.rows("scan", self.db, "t")], [0, 1, 2, 3, 4, 5, 100])

    def test_wrong_utf8_in_the_input(self):
        self.make("u8", "&str", [])
        self.rdb("import", self.db, "t", stdin=b'{"key":1,"value":"\xff"}\n', code=ERROR)
        self.assertIn("line 1", self.error)

    def test_files_as_input_and_output(self):
        self.make("u8", "&str", [(1, "a"), (2, "b")])
        out = self.path("rows.jsonl")
        with open(out, "w") as file:
            file.write("old")
        self.assertEqual(self.rdb("export", self.db, "t", out), "exported 2 rows\n")
        with open(out) as file:
            self.assertEqual(file.read(), '{"key":1,"value":"a"}\n{"key":2,"value":"b"}\n')
        self.assertFalse(os.path.exists(out + ".part"))
        self.rdb("import", self.db, "copy", out, "--create", "--key-type", "u8", "--value-type", "str")
        self.assertEqual(len(self.rows("scan", self.db, "copy")), 2)
        self.rdb("import", self.db, "copy", self.path("missing"), code=ERROR)
        self.assertIn("No such file", self.error)
        self.rdb("export", self.db, "t", self.path("no/such/dir"), code=ERROR)
        before = self.content()
        self.rdb("export", self.db, "t", self.db, code=USAGE)
        self.assertEqual(self.content(), before)

    def test_a_failed_import_leaves_no_lock_and_no_damage(self):
        self.make("u8", "&str", [(1, "a")])
        self.rdb("import", self.db, "t", stdin="{", code=ERROR)
        self.assertTrue(self.json("info", self.db)["closed_cleanly"])
        self.assertTrue(self.json("verify", self.db)["ok"])

    def test_interrupt_ends_an_import_between_batches(self):
        self.make("u32", "&str", [])
        with subprocess.Popen([TOOL, "import", self.db, "t", "--batch", "10"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tool:
            tool.stdin.write(b"".join(b'{"key":%d,"value":"v"}\n' % i for i in range(15)))
            tool.stdin.flush()
            # The tool is waiting for more input once it has the file. Opening it to see that could be
            # what keeps the tool from it.
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not self.is_open_in(tool):
                time.sleep(0.02)
            time.sleep(0.3)
            tool.send_signal(signal.SIGINT)
            out, error = tool.communicate(timeout=60)
        self.assertEqual(tool.returncode, ERROR, error)
        self.assertRegex(error.decode(), r"^rdb: .*cancelled[^\n]*\n$")
        rows = self.rows("scan", self.db, "t")
        self.assertIn((len(rows), "nothing was stored" in error.decode()), ((0, True), (10, False)))
        self.assertTrue(self.json("verify", self.db)["ok"])


class BadFiles(CliTest):
    COMMANDS = (["info"], ["tables"], ["get", "t", "1"], ["scan", "t"], ["export", "t"], ["stats"],
                ["verify"], ["put", "t", "1", "a"], ["delete", "t", "1"], ["import", "t", "-"])

    def each(self, code, word=None, commands=COMMANDS):
        for command, *rest in commands:
            with self.subTest(command):
                self.rdb(command, self.db, *rest, stdin='{"key":1,"value":"a"}\n', code=code)
                if word:
                    self.assertIn(word, self.error)

    def test_missing_file(self):
        self.each(ERROR)
        self.rdb("header", self.db, code=ERROR)
        self.assertFalse(os.path.exists(self.db))

    def test_not_a_database(self):
        for content in (b"x", b"SQLite format 3\0" + b"\0" * 8192, b"\0" * 100000, b"text\n" * 2000):
            with open(self.db, "wb") as file:
                file.write(content)
            self.each(ERROR)
            self.assertEqual(self.content(), content)
        with open(self.db, "wb") as file:
            file.write(b"x" * 319)
        self.rdb("header", self.db, code=ERROR)

    def test_empty_file(self):
        open(self.db, "wb").close()
        self.each(ERROR)
        self.assertEqual(self.content(), b"")

    def test_a_directory(self):
        os.mkdir(self.db)
        self.each(ERROR)
        self.rdb("header", self.db, code=ERROR)

    def test_truncated_file(self):
        self.make("u8", "&str", [(1, "a")])
        whole = self.content()
        for size in (319, 320, 4096, 8192, len(whole) // 2, len(whole) - 1):
            with self.subTest(size):
                with open(self.db, "wb") as file:
                    file.write(whole[:size])
                done = self.run_tool("--read-only", "info", self.db)
                # What is left may still hold every page in use; otherwise it is refused.
                self.assertIn(done.returncode, (DONE, ERROR), done.stderr)
                self.assertEqual(self.content(), whole[:size])
                done = self.run_tool("--read-only", "verify", self.db)
                self.assertIn(done.returncode, (DONE, NOT_FOUND, ERROR), done.stderr)
                self.assertEqual(self.content(), whole[:size])

    def test_read_only_option(self):
        self.make("u8", "&str", [(1, "a")])
        before = self.content()
        for args in (["put", self.db, "t", "1", "b"], ["delete", self.db, "t", "1"],
                     ["import", self.db, "t"]):
            self.rdb("--read-only", *args, stdin="", code=USAGE)
            self.assertIn("--read-only", self.error)
        for args in (["info", self.db], ["scan", self.db, "t"], ["verify", self.db]):
            self.rdb("--read-only", *args)
        self.assertEqual(self.content(), before)

    @unittest.skipIf(os.geteuid() == 0, "root writes to read-only files")
    def test_read_only_media(self):
        self.make("u8", "&str", [(1, "a")])
        os.chmod(self.db, 0o444)
        self.assertEqual(self.rdb("get", self.db, "t", "1"), "a\n")
        self.rdb("verify", self.db)
        self.rdb("put", self.db, "t", "1", "b", code=ERROR)
        os.chmod(self.db, 0)
        self.each(ERROR)

    def test_a_file_that_is_open_elsewhere(self):
        self.make("u8", "&str", [(1, "a")])
        with open(self.db, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.each(ERROR)
        with open(self.db, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            self.assertEqual(self.rdb("get", self.db, "t", "1"), "a\n")
            self.rdb("put", self.db, "t", "1", "b", code=ERROR)
        self.rdb("put", self.db, "t", "1", "b")

    def test_a_file_that_was_not_closed_is_recovered_unless_forbidden(self):
        self.make("u8", "&str", [(1, "a")])
        data = bytearray(self.content())
        data[9] |= 2  # recovery required
        with open(self.db, "wb") as file:
            file.write(data)
        self.assertTrue(self.json("header", self.db)["recovery_required"])
        done = self.run_tool("--read-only", "get", self.db, "t", "1")
        self.assertIn(done.returncode, (DONE, ERROR))
        self.assertEqual(self.content(), bytes(data))
        self.assertEqual(self.rdb("get", self.db, "t", "1"), "a\n")
        self.assertTrue(self.json("verify", self.db)["ok"])


class UnknownTypes(CliTest):
    """Catalogs that this release would not write, made by replacing bytes in the file."""

    def edit_catalog(self, old, new):
        subprocess.run([EDIT_CATALOG, self.db, old.hex(), new.hex()], check=True)

    def test_composite_keys_and_values_are_json(self):
        types = ("--create", "--key-type", "(&str,u64)", "--value-type", "Option<chrono::NaiveDate>")
        self.rdb("put", self.db, "t", '["b",1]', "null", *types)
        self.rdb("put", self.db, "t", '["aa",2]', '"2024-02-29"')
        rows = [{"key": ["aa", 2], "value": "2024-02-29"}, {"key": ["b", 1], "value": None}]
        self.assertEqual(self.rows("scan", self.db, "t"), rows)
        self.assertEqual(self.rows("scan", self.db, "t", "--from", '["aa",3]'), rows[1:])
        self.assertEqual(self.rdb("get", self.db, "t", '["aa",2]'), '"2024-02-29"\n')
        self.assertEqual(self.json("tables", self.db)["tables"][0]["key_type"],
                         {"class": 3, "name": "(&str,u64)"})
        exported = self.rdb("export", self.db, "t")
        self.rdb("import", self.db, "copy", *types, stdin=exported)
        self.assertEqual(self.rows("scan", self.db, "copy"), rows)
        self.rdb("put", self.db, "t", '["aa"]', "null", code=USAGE)
        self.assertIn("has 1 items, but", self.error)
        self.rdb("put", self.db, "t", '["aa",1]', '"2023-02-29"', code=USAGE)
        self.rdb("put", self.db, "days", "2024-02-29", "00112233-4455-6677-8899-aabbccddeeff", "--create",
                 "--key-type", "chrono::NaiveDate", "--value-type", "uuid::Uuid")
        self.assertEqual(self.rdb("get", self.db, "days", "2024-02-29"),
                         "00112233-4455-6677-8899-aabbccddeeff\n")
        self.rdb("put", self.db, "old", '["a",1]', "7", "--create", "--key-type", "legacy:(&str,u8)",
                 "--value-type", "u8")
        self.assertEqual(self.json("tables", self.db)["tables"][2]["key_type"], "(&str,u8)")
        self.assertTrue(self.json("verify", self.db)["ok"])

    def test_unknown_types_are_listed_and_read_raw(self):
        self.make("u64", "u64", [(i, i * i) for i in range(5)], table="known")
        self.edit_catalog(b"\x01u64\x01u64", b"\x02Abc\x02Xyz")
        table = self.json("tables", self.db)["tables"][0]
        self.assertEqual(table["key_type"], {"class": 2, "name": "Abc"})
        self.assertEqual(table["value_type"], {"class": 2, "name": "Xyz"})
        self.assertFalse(table["key_known"] or table["value_known"] or table["key_order_known"])
        self.assertIn("Abc (class 2)", self.rdb("tables", self.db))
        expected = [{"key": b64(struct.pack("<Q", i)), "value": b64(struct.pack("<Q", i * i))}
                    for i in range(5)]
        self.assertEqual(self.rows("scan", self.db, "known"), expected)
        self.assertEqual([json.loads(line) for line in self.rdb("export", self.db, "known").splitlines()],
                         expected)
        self.rdb("scan", self.db, "known", "--from", "hex:00", code=USAGE)
        self.rdb("put", self.db, "known", "hex:0000000000000000", "hex:0000000000000000", code=ERROR)
        self.assertEqual(self.rows("scan", self.db, "known"), expected)
        self.assertTrue(self.json("verify", self.db)["ok"])
        self.assertEqual(self.json("stats", self.db)["tables"][0]["rows"], 5)

    def test_unknown_values_under_known_keys_can_be_changed(self):
        self.make("u8", "u16", [(1, 1)])
        self.edit_catalog(b"\x01u16", b"\x02Abc")
        self.rdb("put", self.db, "t", "2", "hex:0102")
        self.rdb("put", self.db, "t", "2", "hex:010203", code=USAGE)
        self.rdb("put", self.db, "t", "2", "7", code=USAGE)
        exported = self.rdb("export", self.db, "t")
        self.rdb("import", self.db, "t", stdin=exported)
        self.assertEqual(self.json("get", self.db, "t", "2")["value"], b64(b"\1\2"))
        self.assertEqual(self.rdb("get", self.db, "t", "2"), "hex:0102\n")
        dump = self.rdb("dump", self.db)
        self.rdb("load", self.path("copy.rdb"), stdin=dump)
        self.assertEqual(self.rdb("dump", self.path("copy.rdb")), dump)

    def test_values_that_expire_are_shown_with_their_expiry(self):
        self.make("str", "[bool;24]", [("a", b64(struct.pack("<QQQ", 1, 1, 0)))])
        self.edit_catalog(b"\x01[bool;24]", b"\x01ttl::u128")
        value = {"expires": 1, "value": 1}
        self.assertEqual(self.json("get", self.db, "t", "a")["value"], value)
        self.assertEqual(self.rdb("get", self.db, "t", "a"), '{"expires":1,"value":1}\n')
        self.rdb("put", self.db, "t", "b", '{"expires":null,"value":8}')
        dump = self.rdb("dump", self.db)
        self.assertIn('{"key":"b","value":{"expires":null,"value":8}}', dump)
        self.rdb("load", self.path("copy.rdb"), stdin=dump)
        self.assertEqual(self.rdb("dump", self.path("copy.rdb")), dump)

    def test_tables_of_values_that_expire_can_be_made(self):
        made = ("--create", "--key-type", "str", "--value-type", "ttl::str")
        self.rdb("put", self.db, "t", "a", '{"expires":null,"value":"x"}', *made)
        self.rdb("put", self.db, "t", "b", '{"expires":5,"value":"y"}')
        self.assertEqual(self.rows("scan", self.db, "t"), [{"key": "a", "value": {"expires": None, "value": "x"}},
                                                           {"key": "b", "value": {"expires": 5, "value": "y"}}])
        for wrong in ("x", '{"value":"x"}', '{"expires":-1,"value":"x"}', '{"expires":1,"value":7}'):
            self.rdb("put", self.db, "t", "c", wrong, code=USAGE)
        # A moment is no part of an order.
        self.rdb("put", self.db, "k", "{}", "x", "--create", "--key-type", "ttl::str", "--value-type", "str", code=USAGE)
        self.rdb("put", self.db, "m", "x", "{}", "--create", "--multimap", "--key-type", "str", "--value-type",
                 "ttl::str", code=USAGE)
        self.assertEqual([t["name"] for t in self.json("tables", self.db)["tables"]], ["t"])

    def test_multimaps_have_several_values_a_key(self):
        made = ("--create", "--multimap", "--key-type", "str", "--value-type", "u32")
        self.rdb("put", self.db, "m", "b", "300", *made)
        self.rdb("put", self.db, "m", "b", "2")
        self.rdb("put", self.db, "m", "a", "7")
        self.assertEqual(self.json("put", self.db, "m", "a", "7"), {"key": "a", "stored": False})
        self.rdb("put", self.db, "m", "a", "7", "--insert-only", code=NOT_FOUND)
        self.assertIn("with this value", self.error)
        self.rdb("put", self.db, "m", "a", "7", "--update-only", code=USAGE)
        self.assertEqual(self.json("tables", self.db)["tables"][0]["kind"], "multimap")
        self.assertEqual(self.json("tables", self.db)["tables"][0]["rows"], 3)
        self.assertEqual(self.json("info", self.db)["multimap_tables"], 1)
        self.assertEqual(self.rdb("get", self.db, "m", "b"), "2\n300\n")
        self.assertEqual(self.json("get", self.db, "m", "b"),
                         {"key": "b", "found": True, "values": [2, 300]})
        self.rdb("get", self.db, "m", "c", code=NOT_FOUND)
        self.assertEqual(self.json("get", self.db, "m", "c", code=NOT_FOUND),
                         {"key": "c", "found": False, "values": []})
        self.rdb("get", self.db, "m", "b", "--raw", code=USAGE)
        pairs = [{"key": "a", "value": 7}, {"key": "b", "value": 2}, {"key": "b", "value": 300}]
        self.assertEqual(self.rows("scan", self.db, "m"), pairs)
        self.assertEqual(self.rows("scan", self.db, "m", "--reverse", "--limit", "2"), pairs[:0:-1])
        self.assertEqual(self.rows("scan", self.db, "m", "--from", "b"), pairs[1:])
        self.assertEqual(self.rdb("scan", self.db, "m", "--keys-only"), "a\nb\n")
        self.assertEqual(self.rdb("scan", self.db, "m", "--keys-only", "--reverse"), "b\na\n")

        exported = self.rdb("export", self.db, "m", "--header")
        self.assertIn('"kind":"multimap"', exported.splitlines()[0])
        copy = self.path("copy.rdb")
        self.rdb("import", copy, "m", "--create", stdin=exported)
        self.assertEqual(self.rdb("export", copy, "m", "--header"), exported)
        self.assertTrue(self.json("verify", copy)["ok"])

        stats = self.json("stats", self.db)["tables"][0]
        self.assertEqual((stats["kind"], stats["rows"], stats["stored_bytes"]), ("multimap", 3, 12))
        self.assertIn("m (multimap)", self.rdb("stats", self.db))
        self.assertEqual(self.json("delete", self.db, "m", "b", "2"),
                         {"key": "b", "deleted": True, "values": 1})
        self.rdb("delete", self.db, "m", "b", "2", code=NOT_FOUND)
        self.assertEqual(self.json("delete", self.db, "m", "b"),
                         {"key": "b", "deleted": True, "values": 1})
        self.assertEqual(self.rows("scan", self.db, "m"), pairs[:1])
        self.assertTrue(self.json("verify", self.db)["ok"])

    def test_multimap_arguments_that_do_not_fit_are_refused(self):
        self.make("u8", "u8", [(1, 1)])
        self.rdb("delete", self.db, "t", "1", "1", code=USAGE)
        self.assertIn("no multimap", self.error)
        self.rdb("put", self.db, "t", "1", "1", "--multimap", code=USAGE)
        self.rdb("put", self.db, "t", "1", "1", "--create", "--multimap", code=USAGE)
        self.rdb("put", self.db, "m", "1", "1", "--create", "--multimap", "--key-type", "u8",
                 "--value-type", "f64", code=USAGE)
        self.assertIn("no order", self.error)
        self.assertEqual(len(self.json("tables", self.db)["tables"]), 1)

    def test_bytes_that_are_no_value_of_their_type_are_shown_raw(self):
        self.make("u8", "bool", [(1, True)])
        self.edit_catalog(b"\x01bool", b"\x02Abcd")
        self.rdb("put", self.db, "t", "2", "hex:07")
        self.edit_catalog(b"\x02Abcd", b"\x01bool")
        rows = [{"key": 1, "value": True}, {"key": 2, "value": b64(b"\7")}]
        self.assertEqual(self.rows("scan", self.db, "t"), rows)
        self.assertEqual(self.rdb("get", self.db, "t", "2"), "hex:07\n")
        exported = self.rdb("export", self.db, "t")
        self.assertIn("1 key or value of other bytes", self.error)
        self.rdb("import", self.db, "t", stdin=exported, code=ERROR)
        self.assertIn("line 2", self.error)


if __name__ == "__main__":
    unittest.main(verbosity=1)
