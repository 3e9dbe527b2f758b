"""Replays the conformance scripts (tests/conformance/README.md) over the Python package.

usage: replay.py SCRIPT...
"""

import datetime
import errno
import gzip
import itertools
import json
import math
import os
import pathlib
import re
import shutil
import struct
import sys
import tempfile
import uuid
import warnings

import rdb

FACE = "python"
KINDS = ("db", "txn", "table", "cursor", "pin", "cancel", "report", "listing", "result")
RELEASED = object()


class Mismatch(Exception):
    """A line gave something else than it says."""


class NotHere(Exception):
    """A line depends on one that is not for this face."""


class Outcome(Exception):
    """An ordinary outcome that is not OK, by name."""


def to_bytes(form):
    if isinstance(form, str):
        return form.encode()
    if "hex" in form:
        return bytes.fromhex(form["hex"])
    if "fill" in form:
        return form["fill"].encode() * form["count"]
    raise Mismatch(f"unknown bytes {form}")


def clock(seconds, nanoseconds):
    return datetime.time(seconds // 3600, seconds // 60 % 60, seconds % 60, nanoseconds // 1000)


def moment(year, month, day, seconds, nanoseconds):
    return datetime.datetime.combine(datetime.date(year, month, day), clock(seconds, nanoseconds))


def zone(offset):
    return datetime.timezone(datetime.timedelta(seconds=offset))


MOMENTS = {
    "uuid": lambda text: uuid.UUID(hex=text),
    "date": lambda numbers: datetime.date(*numbers),
    "time": lambda numbers: clock(*numbers),
    "datetime": lambda numbers: moment(*numbers),
    "zoned": lambda n: moment(*n[:5]).replace(tzinfo=datetime.timezone.utc).astimezone(zone(n[5])),
    "offset": zone,
}


def to_value(form):
    """A key or value by meaning, as the package takes it."""
    if form is None:
        return None
    if isinstance(form, dict):
        for word, make in (("int", int), ("float", float), ("bool", bool), ("char", str), ("str", str)):
            if word in form:
                return make(form[word])
        if "unit" in form or "none" in form:
            return None
        if "some" in form:
            return to_value(form["some"])
        for word, make in (("list", tuple), ("tuple", tuple), ("vec", list)):
            if word in form:
                return make(to_value(item) for item in form[word])
        for word, make in MOMENTS.items():
            if word in form:
                return make(form[word])
    return to_bytes(form)


def same(wanted, got):
    if isinstance(wanted, float) and isinstance(got, float):
        # The text of an f32 is the shortest that means it.
        narrow = struct.unpack("f", struct.pack("f", wanted))[0] if abs(wanted) < 1e38 else wanted
        return got in (wanted, narrow) or (math.isnan(wanted) and math.isnan(got))
    if isinstance(wanted, tuple | list) and isinstance(got, tuple | list):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    return type(wanted) is type(got) and wanted == got


def numbered(template, number):
    """A template of a counted list, each run of # replaced."""
    if isinstance(template, str):
        return re.sub("#+", lambda run: str(number).zfill(len(run.group())), template)
    if isinstance(template, dict):
        return {name: numbered(item, number) for name, item in template.items()}
    if isinstance(template, list):
        return [numbered(item, number) for item in template]
    return template


def counted(form):
    return range(*form["each"])


def to_rows(form):
    if isinstance(form, dict):
        return [(to_value(numbered(form["key"], i)), to_value(numbered(form["value"], i))) for i in counted(form)]
    return [(to_value(key), to_value(value)) for key, value in form]


def to_keys(form):
    if isinstance(form, dict):
        return [to_value(numbered(form["key"], i)) for i in counted(form)]
    return [to_value(key) for key in form]


def to_type(form):
    return rdb.TypeName(form["name"], form["class"]) if isinstance(form, dict) else form


def to_name(form):
    return form if isinstance(form, str) else to_bytes(form)


def from_type(name):
    return name.name if name.type_class == 1 else {"name": name.name, "class": name.type_class}


def describe(info):
    return {"name": info.name, "key_type": from_type(info.key), "value_type": from_type(info.value),
            "entries": info.entries, "kind": info.kind, "key_width": info.key_width,
            "value_width": info.value_width, "key_order_known": info.key_order_known}


def found(record, otherwise):
    if record is None:
        raise Outcome(otherwise)
    return {"key": record[0], "value": record[1]}


def status_of(failure):
    """The name of a status for what the package raised."""
    if isinstance(failure, Outcome):
        return str(failure)
    if isinstance(failure, rdb.Error):
        return failure.name.removeprefix("RDB_")
    if isinstance(failure, KeyError):
        return "NOT_FOUND"
    if isinstance(failure, TypeError | ValueError | OverflowError):
        return "ERR_INVALID_ARGUMENT"
    raise failure


class Replayer:
    """The handles of one script, and the operations on them."""

    def __init__(self, scripts):
        self.scripts = scripts  # their folder
        self.handles = {}
        self.ids = {}
        self.absent = set()

    def find(self, kind, line):
        name = line[kind]
        if not isinstance(name, str):
            raise Mismatch(f"{name} is no {kind} for this face")
        if (kind, name) in self.absent:
            raise NotHere
        handle = self.handles.get((kind, name))
        if handle is None:
            raise Mismatch(f"no {kind} {name}")
        if handle is RELEASED:
            raise rdb.ClosedError(f"the {kind} was released", status=-102, name="RDB_ERR_CLOSED")
        return handle

    def keep(self, kind, line, handle):
        self.absent.discard((kind, line[kind]))
        self.handles[kind, line[kind]] = handle

    def release(self, kind, line, end=None):
        """Takes the name away, then ends the object; a second time does nothing."""
        if self.handles.get((kind, line[kind])) is RELEASED:
            return
        handle = self.find(kind, line)
        if end is not None:
            end(handle)
        self.handles[kind, line[kind]] = RELEASED

    def release_always(self, kind, line, end):
        """As release, whatever end raises."""
        try:
            self.release(kind, line, end)
        finally:
            self.handles[kind, line[kind]] = RELEASED

    def cancel(self, line):
        return self.find("cancel", line) if "cancel" in line else None

    def progress(self, line, calls):
        if "progress" not in line:
            return None
        answer = {"continue": None, "stop": False}[line["progress"]]
        return lambda done, total: (calls.append(done), answer)[1]

    # The library

    def op_version(self, line):
        number = [int(part) for part in rdb.version().split(".")]
        if rdb.version_number() != number[0] * 1_000_000 + number[1] * 1000 + number[2] or not rdb.build_info():
            raise Mismatch("the versions do not agree")

    def op_status_name(self, line):
        return {"name": rdb.status_name(line["status"])}

    def op_has_feature(self, line):
        return {"has": rdb.has_feature(line["name"])}

    def op_options(self, line):
        return {"names": [option.name for option in rdb.options()]}

    def op_option(self, line):
        options = rdb.options()
        if line["index"] >= len(options):
            raise Outcome("NOT_FOUND")
        return {name: getattr(options[line["index"]], name) for name in ("name", "type", "choices", "initial")}

    # Databases and files

    def op_open(self, line):
        calls = []
        path = line["path"] if isinstance(line["path"], str) else to_bytes(line["path"])
        try:
            self.keep("db", line, rdb.open(path, cancel=self.cancel(line), progress=self.progress(line, calls),
                                           **line.get("options", {})))
        except rdb.Error as failure:
            failure.gives = {"progress_calls": bool(calls)}
            raise
        return {"progress_calls": bool(calls)}

    def op_open_memory(self, line):
        self.keep("db", line, rdb.open_memory(**line.get("options", {})))

    def op_close(self, line):
        self.release("db", line, rdb.Database.close)

    def op_close_deferred(self, line):
        self.release("db", line)  # and the collector closes it

    def op_recovery(self, line):
        recovery = self.find("db", line).recovery()
        flags = ("clean", "full_repair", "older_commit", "mirror")
        return {"flags": [flag.upper() for flag in flags if getattr(recovery, flag)], "notes": len(recovery.notes)}

    def op_stats(self, line):
        return self.find("db", line).stats()._asdict()

    def op_verify(self, line):
        calls = []
        report = self.find("db", line).verify(line.get("level", "header"), cancel=self.cancel(line),
                                              progress=self.progress(line, calls))
        gives = {"progress_calls": bool(calls)}
        if report is None:
            stopped = Outcome("STOPPED")
            stopped.gives = gives
            raise stopped
        if "report" in line:
            self.keep("report", line, report)
        pages = [problem.page for problem in report.problems if problem.page is not None]
        return gives | report._asdict() | {"problem_count": len(report.problems), "pages": pages}

    def op_report_problem(self, line):
        problems = self.find("report", line).problems
        if line["index"] >= len(problems):
            raise Outcome("NOT_FOUND")
        return {"parts": problems[line["index"]]._asdict()}

    def op_report_free(self, line):
        self.release("report", line)

    def op_write_file(self, line):
        pathlib.Path(line["path"]).write_bytes(to_bytes(line["bytes"]))

    def op_copy_file(self, line):
        data = pathlib.Path(line["from"]).read_bytes()
        pathlib.Path(line["to"]).write_bytes(data[: line.get("size", len(data))])

    def op_unpack_file(self, line):
        pathlib.Path(line["path"]).write_bytes(gzip.decompress((self.scripts / line["file"]).read_bytes()))

    def op_patch_file(self, line):
        with open(line["path"], "r+b") as file:
            file.seek(line["offset"])
            file.write(to_bytes(line["bytes"]))

    def op_xor_file(self, line):
        path, wanted = pathlib.Path(line["path"]), to_bytes(line["find"])
        data = path.read_bytes()
        if wanted not in data:
            raise Mismatch("the file has no such bytes")
        path.write_bytes(data.replace(wanted, bytes([wanted[0] ^ line["with"]]) + wanted[1:]))

    # Transactions

    def op_begin(self, line):
        db = self.find("db", line)
        if line["kind"] == "read":
            self.keep("txn", line, db.read())
            return
        timeout = {"forever": None, "not": 0, "timeout": line.get("timeout_ms", 0) / 1000}[line.get("wait", "forever")]
        switches = {name: line[name] for name in ("durability", "two_phase", "quick_repair") if name in line}
        self.keep("txn", line, db.write(timeout=timeout, cancel=self.cancel(line), **switches))

    def op_commit(self, line):
        txn = self.find("txn", line)
        if not txn.writable:
            # A reader has no commit here, which is what the library's answer says.
            self.release("txn", line, rdb.Transaction.abort)
            raise rdb.UsageError("a reader", status=-100, name="RDB_ERR_MISUSE")
        self.release_always("txn", line, lambda txn: txn.commit())

    def op_abort(self, line):
        self.release_always("txn", line, lambda txn: txn.abort())

    def op_txn_id(self, line):
        number = self.find("txn", line).id
        self.ids[line["txn"]] = number
        wanted = line.get("gives", {})
        return {"same_as": next((name for name in [wanted.get("same_as")] if self.ids.get(name) == number), None),
                "above": next((name for name in [wanted.get("above")] if self.ids.get(name, number) < number), None)}

    def op_set_durability(self, line):
        self.writer(line).set_durability(line["durability"])

    def op_set_two_phase(self, line):
        self.writer(line).set_two_phase(line["on"])

    def op_set_quick_repair(self, line):
        self.writer(line).set_quick_repair(line["on"])

    def writer(self, line):
        """A reader lacks these methods: what the library calls misuse."""
        return self.writable(self.find("txn", line), rdb.WriteTransaction)

    def writable_table(self, line):
        return self.writable(self.find("table", line), rdb.WriteTable | rdb.WriteMultimap)

    @staticmethod
    def writable(handle, kind):
        if not isinstance(handle, kind):
            raise rdb.UsageError("a reader", status=-100, name="RDB_ERR_MISUSE")
        return handle

    # Tables

    def op_table_open(self, line):
        types = {word: to_type(line[f"{word}_type"]) for word in ("key", "value") if f"{word}_type" in line}
        self.keep("table", line, self.find("txn", line).table(to_name(line["name"]), **types))

    def op_encode(self, line):
        return {"bytes": rdb.encode(to_value(line["value"]), to_type(line.get("type")))}

    def op_decode(self, line):
        return {"value": rdb.decode(to_bytes(line["bytes"]), to_type(line.get("type")))}

    def op_table_open_raw(self, line):
        self.keep("table", line, self.find("txn", line).existing_table(to_name(line["name"]), raw=True))

    def op_multimap_open(self, line):
        types = {word: to_type(line[f"{word}_type"]) for word in ("key", "value") if f"{word}_type" in line}
        self.keep("table", line, self.find("txn", line).multimap(to_name(line["name"]), **types))

    def op_multimap_open_raw(self, line):
        self.keep("table", line, self.find("txn", line).existing_multimap(to_name(line["name"]), raw=True))

    def op_ttl_open(self, line):
        types = {word: to_type(line[f"{word}_type"]) for word in ("key", "value") if f"{word}_type" in line}
        self.keep("table", line, self.find("txn", line).ttl_table(to_name(line["name"]), **types))

    def op_ttl_open_raw(self, line):
        self.keep("table", line, self.find("txn", line).existing_ttl_table(to_name(line["name"]), raw=True))

    def op_table_close(self, line):
        self.release("table", line, lambda table: table.close())

    def op_table_describe(self, line):
        return describe(self.find("table", line).describe())

    def op_table_list(self, line):
        infos = self.find("txn", line).tables()
        if "listing" in line:
            self.keep("listing", line, infos)
        return {"names": [info.name for info in infos]}

    def op_table_find(self, line):
        info = self.find("txn", line).find_table(to_name(line["name"]))
        if info is None:
            raise Outcome("NOT_FOUND")
        if "listing" in line:
            self.keep("listing", line, [info])
        return describe(info)

    def op_listing_at(self, line):
        infos = self.find("listing", line)
        if line["index"] >= len(infos):
            raise Outcome("NOT_FOUND")
        return describe(infos[line["index"]])

    def op_listing_count(self, line):
        return {"count": len(self.find("listing", line))}

    def op_listing_free(self, line):
        self.release("listing", line)

    def op_table_rename(self, line):
        self.writer(line).rename_table(to_name(line["from"]), to_name(line["to"]))

    def op_table_delete(self, line):
        if not self.writer(line).delete_table(to_name(line["name"])):
            raise Outcome("NOT_FOUND")

    def op_table_len(self, line):
        table = self.find("table", line)
        return {"count": table.pair_count() if isinstance(table, rdb.Multimap) else len(table)}

    def op_table_stats(self, line):
        return self.find("table", line).stats(cancel=self.cancel(line))._asdict()

    # Records

    def op_get(self, line):
        return {"value": self.find("table", line)[to_value(line["key"])]}

    def op_get_into(self, line):
        table, key = self.find("table", line), to_value(line["key"])
        size = len(table.pin(key))
        if size > line["capacity"]:
            more = Outcome("MORE")
            more.gives = {"size": size}
            raise more
        return {"size": size, "value": table[key]}

    def op_get_pin(self, line):
        table = self.find("table", line)
        self.keep("pin", line, table.pin(to_value(line["key"])))

    def op_pin_data(self, line):
        return {"value": bytes(self.find("pin", line))}

    def op_pin_free(self, line):
        self.release("pin", line)

    def op_contains(self, line):
        if to_value(line["key"]) not in self.find("table", line):
            raise Outcome("NOT_FOUND")

    def op_put(self, line):
        table, key, value = self.writable_table(line), to_value(line["key"]), to_value(line["value"])
        if isinstance(table, rdb.Multimap):
            if not table.add(key, value):
                raise Outcome("EXISTS")
            return
        match line.get("flags", []):
            case []:
                table.put(key, value)
            case ["insert_only"]:
                if not table.insert(key, value):
                    raise Outcome("EXISTS")
            case ["update_only"]:
                if not table.replace(key, value):
                    raise Outcome("NOT_FOUND")
            case other:
                table.put_items([(key, value)], mode="+".join(other))

    def op_delete(self, line):
        table, key = self.writable_table(line), to_value(line["key"])
        if not (table.discard_key(key) if isinstance(table, rdb.Multimap) else table.discard(key)):
            raise Outcome("NOT_FOUND")

    def op_pop_first(self, line):
        return found(self.writable_table(line).pop_first(), "NOT_FOUND")

    def op_pop_last(self, line):
        return found(self.writable_table(line).pop_last(), "NOT_FOUND")

    # Batches

    def op_get_batch(self, line):
        return {"values": self.find("table", line).get_batch(to_keys(line["keys"]))}

    def op_put_batch(self, line):
        table = self.writable_table(line)
        if isinstance(table, rdb.Multimap):
            return {"count": table.update(to_rows(line["rows"]))}
        mode = {(): "put", ("insert_only",): "insert", ("update_only",): "replace"}.get(
            tuple(line.get("flags", ())), "both")
        return {"count": table.put_items(to_rows(line["rows"]), mode=mode)}

    def op_delete_batch(self, line):
        table, keys = self.writable_table(line), to_keys(line["keys"])
        if isinstance(table, rdb.Multimap):
            return {"count": sum(map(table.discard_key, keys))}
        return {"count": table.delete_batch(keys)}

    op_get_batch_packed = op_get_batch
    op_put_batch_packed = op_put_batch
    op_delete_batch_packed = op_delete_batch

    # Values that expire

    @staticmethod
    def lifetime(line):
        return None if line["ttl"] == "ever" else line["ttl"] / 1000

    @staticmethod
    def milliseconds(seconds):
        return 0 if seconds is None else round(seconds * 1000)

    def op_clock_set(self, line):
        self.find("db", line).set_clock(line["now"] / 1000 if "now" in line else None)

    def op_clock_now(self, line):
        now = self.milliseconds(self.find("db", line).now())
        if now < line.get("above", 0):
            raise Mismatch(f"the clock says {now}")
        return {"now": now}

    def op_ttl_set_default(self, line):
        self.writable_table(line).default_ttl = self.lifetime(line)

    def op_ttl_default(self, line):
        ttl = self.find("table", line).default_ttl
        return {"ttl": "ever" if ttl is None else round(ttl * 1000)}

    def op_ttl_put(self, line):
        flags = line.get("flags", [])
        mode = "insert" if "insert_only" in flags else "replace" if "update_only" in flags else "put"
        table = self.writable_table(line)
        if not table.put_for(to_value(line["key"]), to_value(line["value"]), self.lifetime(line), mode=mode):
            raise Outcome("EXISTS" if mode == "insert" else "NOT_FOUND")

    def op_ttl_touch(self, line):
        if not self.writable_table(line).touch(to_value(line["key"]), self.lifetime(line)):
            raise Outcome("NOT_FOUND")

    def op_ttl_expiry(self, line):
        return {"expiry": self.milliseconds(self.find("table", line).expiry(to_value(line["key"])))}

    def op_cursor_expiry(self, line):
        return {"expiry": self.milliseconds(self.find("cursor", line).expiry())}

    def op_ttl_live_count(self, line):
        return {"count": self.find("table", line).live_count(cancel=self.cancel(line))}

    def op_ttl_purge(self, line):
        after = to_value(line["after"]) if "after" in line else None
        examined, removed, position = self.writable_table(line).purge(
            line.get("max", 0), after=after, cancel=self.cancel(line))
        gives = {"examined": examined, "removed": removed, "last": position}
        if position is None:
            end = Outcome("END")
            end.gives = gives
            raise end
        return gives

    # Multimaps

    def op_multimap_key_count(self, line):
        return {"count": len(self.find("table", line))}

    def op_multimap_value_count(self, line):
        count = self.find("table", line).count(to_value(line["key"]))
        if count == 0:
            raise Outcome("NOT_FOUND")
        return {"count": count}

    def op_multimap_get(self, line):
        values = self.find("table", line)[to_value(line["key"])]
        if list(reversed(values)) != list(values)[::-1] or len(values) != len(list(values)):
            raise Mismatch("the set of values contradicts itself")
        return {"values": list(values)}

    def op_multimap_contains(self, line):
        if not self.find("table", line).has(to_value(line["key"]), to_value(line["value"])):
            raise Outcome("NOT_FOUND")

    def op_multimap_delete(self, line):
        if not self.writable_table(line).discard(to_value(line["key"]), to_value(line["value"])):
            raise Outcome("NOT_FOUND")

    def op_multimap_delete_batch(self, line):
        return {"count": self.writable_table(line).discard_batch(to_rows(line["rows"]))}

    op_multimap_delete_batch_packed = op_multimap_delete_batch

    def op_multimap_drain(self, line):
        return {"count": self.writable_table(line).drain(**self.limits(line))}

    def op_cursor_next_key(self, line):
        return self.move(line, "next_key", "END")

    def op_cursor_prev_key(self, line):
        return self.move(line, "prev_key", "END")

    def op_cursor_next_value(self, line):
        return self.move(line, "next_value", "END")

    def op_cursor_prev_value(self, line):
        return self.move(line, "prev_value", "END")

    def op_cursor_first_value(self, line):
        return self.move(line, "first_value", "END")

    def op_cursor_last_value(self, line):
        return self.move(line, "last_value", "END")

    def op_cursor_seek_pair(self, line):
        cursor = self.find("cursor", line)
        return found(cursor.seek_pair(to_value(line["key"]), to_value(line["value"])), "NOT_FOUND")

    def op_cursor_value_count(self, line):
        count = self.find("cursor", line).value_count()
        if count == 0:
            raise Outcome("NOT_FOUND")
        return {"count": count}

    # What was there, what to expect, many records

    def op_exchange(self, line):
        return {"old": self.writable_table(line).exchange(to_value(line["key"]), to_value(line["value"]))}

    def op_take(self, line):
        table = self.writable_table(line)
        try:
            return {"old": table.pop(to_value(line["key"]))}
        except KeyError:
            raise Outcome("NOT_FOUND") from None

    def op_compare_and_put(self, line):
        table = self.writable_table(line)
        key, expected, value = (to_value(line[word]) if word in line else None
                                for word in ("key", "expected", "value"))
        if not table.compare_and_put(key, expected, value):
            raise Outcome("EXISTS" if expected is None else "DIFFERENT" if key in table else "NOT_FOUND")

    def op_cursor_put(self, line):
        if not self.find("cursor", line).put(to_value(line["value"])):
            raise Outcome("NOT_FOUND")

    def op_drain(self, line):
        return {"count": self.writable_table(line).drain(**self.limits(line))}

    def filter(self, table, what, calls):
        """A function that says whether a record stays."""
        class Raised(Exception):
            pass

        def keep(key, value):
            calls.append(key)
            match what:
                case "even":
                    return key[-1] % 2 == 0
                case "raise" if len(calls) == 3:
                    raise Raised
                case "reenter":
                    try:
                        len(table)
                    except rdb.UsageError as refusal:
                        if refusal.name == "RDB_ERR_MISUSE":
                            return True
                    raise Mismatch("the call on the table was not refused")
            return False

        return keep, Raised

    def op_retain(self, line):
        table, calls = self.writable_table(line), []
        keep, raised = self.filter(table, line["function"], calls)
        try:
            return {"count": table.retain(keep, **self.limits(line)), "calls": len(calls)}
        except raised:
            outcome = Outcome("ERR_CALLBACK")
            outcome.gives = {"calls": len(calls)}
            raise outcome from None

    def op_extract(self, line):
        table = self.writable_table(line)
        keep, _ = self.filter(table, line.get("function", "none"), [])
        rows = []
        with table.extract(**self.limits(line), reverse=line.get("reverse", False),
                           where=lambda key, value: not keep(key, value)) as walk:
            if line.get("limit") != 0:
                for row in walk:
                    rows.append(row)
                    if len(rows) == line.get("limit"):
                        break
        return {"rows": rows, "count": len(rows)}

    def op_table_copy(self, line):
        txn = self.writable(self.find("txn", line), rdb.WriteTransaction)
        return {"count": txn.copy_table(self.find("table", line), line["name"], cancel=self.cancel(line))}

    # Merges

    def merging(self, line, call):
        """Calls call(op) with the line's operator or function."""
        table, calls = self.writable_table(line), []

        class Raised(Exception):
            pass

        def function(key, existing, operand):
            calls.append(key)
            match line["function"]:
                case "drop":
                    return None
                case "raise":
                    raise Raised
                case "reenter":
                    try:
                        len(table)
                    except rdb.UsageError as refusal:
                        if refusal.name == "RDB_ERR_MISUSE":
                            return operand
                    raise Mismatch("the call on the table was not refused")
                case "join":
                    return operand if existing is None else existing + b"," + operand
            raise Mismatch(f"unknown function {line['function']}")

        try:
            call(table, line.get("operator", function))
        except Raised:
            raised = Outcome("ERR_CALLBACK")
            raised.gives = {"calls": len(calls)}
            raise raised from None
        return {"calls": len(calls)}

    def op_merge(self, line):
        key, operand = to_value(line["key"]), to_value(line["operand"])
        return self.merging(line, lambda table, op: table.merge(key, operand, op))

    def op_merge_batch(self, line):
        rows = to_rows(line["rows"])
        return self.merging(line, lambda table, op: table.merge_items(rows, op))

    op_merge_batch_packed = op_merge_batch

    # Scans and cursors

    @staticmethod
    def limits(line):
        limits = {}
        for word in ("lower", "upper"):
            if word in line:
                limits[word] = to_value(line[word])
                limits[f"include_{word}"] = line.get(f"{word}_bound", "included") == "included"
        return limits

    def op_scan(self, line):
        table = self.find("table", line)
        if "prefix" in line:
            scan = table.prefix(to_value(line["prefix"]), reverse=line.get("reverse", False))
        else:
            scan = table.range(**self.limits(line), reverse=line.get("reverse", False))
        rows = list(itertools.islice(scan, line.get("limit")))
        return {"rows": rows, "keys": [key for key, _ in rows], "count": len(rows)}

    def op_cursor_open(self, line):
        self.keep("cursor", line, self.find("table", line).cursor())

    def op_cursor_close(self, line):
        self.release("cursor", line, rdb.Cursor.close)

    def move(self, line, method, otherwise):
        return found(getattr(self.find("cursor", line), method)(), otherwise)

    def op_cursor_first(self, line):
        return self.move(line, "first", "END")

    def op_cursor_last(self, line):
        return self.move(line, "last", "END")

    def op_cursor_next(self, line):
        return self.move(line, "next", "END")

    def op_cursor_prev(self, line):
        return self.move(line, "prev", "END")

    def op_cursor_get(self, line):
        return self.move(line, "get", "NOT_FOUND")

    def seek(self, line, method):
        return found(getattr(self.find("cursor", line), method)(to_value(line["key"])), "NOT_FOUND")

    def op_cursor_seek(self, line):
        return self.seek(line, "seek")

    def op_cursor_seek_exact(self, line):
        return self.seek(line, "seek_exact")

    def op_cursor_seek_le(self, line):
        return self.seek(line, "seek_le")

    def op_cursor_set_range(self, line):
        self.find("cursor", line).set_range(**self.limits(line))

    def op_cursor_next_batch(self, line):
        rows = self.find("cursor", line).next_batch(line["count"])
        if not rows and line["count"]:
            end = Outcome("END")
            end.gives = {"rows": [], "keys": [], "count": 0}
            raise end
        return {"rows": rows, "keys": [key for key, _ in rows], "count": len(rows)}

    op_cursor_next_batch_packed = op_cursor_next_batch

    def op_cursor_delete(self, line):
        cursor = self.find("cursor", line)
        if not cursor.delete():
            raise Outcome("NOT_FOUND")

    # Cancellation

    def op_cancel_create(self, line):
        self.keep("cancel", line, rdb.Cancel())

    def op_cancel_trigger(self, line):
        self.find("cancel", line).trigger()

    def op_cancel_reset(self, line):
        self.find("cancel", line).reset()

    def op_cancel_free(self, line):
        self.release("cancel", line)

    # Lines

    def replay(self, line):
        """Raises Mismatch, or NotHere when the line is not for this face."""
        not_ours = FACE not in line.get("faces", [FACE]) or FACE in line.get("except", {}) or not all(
            map(rdb.has_feature, line.get("needs", [])))
        operation = getattr(self, f"op_{line['op']}", None)
        if not_ours:
            for kind in KINDS:
                if isinstance(line.get(kind), str) and (kind, line[kind]) not in self.handles:
                    self.absent.add((kind, line[kind]))
            raise NotHere
        if operation is None:
            raise Mismatch("unknown operation")
        gives = {}
        try:
            status, gives = "OK", operation(line) or {}
        except (Outcome, rdb.Error, LookupError, TypeError, ValueError, OverflowError) as failure:
            status = status_of(failure)
            gives = getattr(failure, "gives", {})
            if isinstance(failure, rdb.Error):
                gives |= {"position": failure.position, "message": failure.message, "errno": failure.errno}
            text = f" ({failure})"
        else:
            text = ""
        if status != line.get("expect", "OK"):
            raise Mismatch(f"got {status}{text}")
        for name, wanted in line.get("gives", {}).items():
            self.compare(name, wanted, gives)

    def compare(self, name, wanted, gives):
        if name == "message_contains":
            fits, got = wanted in gives["message"], gives["message"]
        elif name == "errno":
            got = gives["errno"]
            fits = got == getattr(errno, wanted)
        elif "parts" in gives:
            got = gives["parts"][name]
            fits = wanted in got
        else:
            got = gives.get(name)
            if name == "rows":
                fits = same(to_rows(wanted), got)
            elif name in ("keys", "values"):
                fits = same(to_keys(wanted), got)
            elif name in ("key", "value", "bytes", "old", "last"):
                fits = same(to_value(wanted), got)
            elif isinstance(wanted, dict) and "at_least" in wanted:
                fits = got >= wanted["at_least"]
            else:
                fits = got == wanted
        if not fits:
            raise Mismatch(f"{name}: got {str(got)[:500]}")


def replay_script(script):
    """(passed, failed, not for this face)"""
    counts = [0, 0, 0]
    home = os.getcwd()
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    replayer = Replayer(script.parent)
    try:
        for number, text in enumerate(script.read_text(encoding="utf-8").splitlines(), 1):
            line = json.loads(text) if text.strip() else {}
            if "op" not in line:
                continue
            try:
                replayer.replay(line)
                counts[0] += 1
            except NotHere:
                counts[2] += 1
            except Exception as failure:
                counts[1] += 1
                what = failure if isinstance(failure, Mismatch) else f"{type(failure).__name__}: {failure}"
                print(f"{script.name}:{number}: {text}\n    {what}")
    finally:
        replayer.handles.clear()
        os.chdir(home)
        shutil.rmtree(folder)
    return counts


def main(scripts):
    warnings.simplefilter("ignore", ResourceWarning)  # some lines leave a database to the collector
    passed, failed, absent = (sum(counts) for counts in
                              zip(*(replay_script(pathlib.Path(script).resolve()) for script in scripts), strict=True))
    print(f"conformance: {FACE}: {passed} lines passed, {failed} failed, {absent} not for this face")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
