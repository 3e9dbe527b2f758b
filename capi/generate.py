#!/usr/bin/env python3
"""Keeps what lists the functions of rdb.h in step with the header and with api.csv.

api.csv describes each function: since, stability, handle, thread class, blocking. Its order is the
order of the function table, hence append-only. From it and the prototypes follow

  include/rdb.h    the members of rdb_api_v1, between the "api table" marks
  api_table.inc    the addresses of the functions, in the same order
  rdb.map          the exported names

Without an argument the three are compared and differences reported; --write writes them.
"""
import argparse
import csv
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE / "include" / "rdb.h"
BEGIN = "  /* api table begin: written by capi/generate.py */\n"
END = "  /* api table end */\n"

COLUMNS = ["name", "since", "stability", "handle", "threads", "blocking"]
THREADS = {"any", "shared", "exclusive", "release"}
HANDLES = {"-", "rdb_db", "rdb_txn", "rdb_table", "rdb_cursor", "rdb_value", "rdb_result",
           "rdb_listing", "rdb_report", "rdb_cancel", "rdb_codec", "rdb_extract", "rdb_reservation"}


def prototypes(header):
    """name -> (return type, parameters), in the header's order."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    text = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    found = {}
    for match in re.finditer(r"RDB_API\s([^;()]*?)\b(rdb_\w+)\(([^;]*?)\);", text, flags=re.S):
        result, name, parameters = (re.sub(r"\s+", " ", part).strip() for part in match.groups())
        found[name] = (result, parameters)
    return found


def read_table():
    with open(HERE / "api.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise SystemExit(f"api.csv: the columns are {reader.fieldnames}, not {COLUMNS}")
        return list(reader)


def problems(rows, functions):
    """What api.csv says that the header contradicts."""
    names = [row["name"] for row in rows]
    for name in sorted(set(names)):
        if names.count(name) > 1:
            yield f"api.csv: {name} is listed twice"
    for name in sorted(set(functions) - set(names)):
        yield f"api.csv: {name} is missing"
    for name in sorted(set(names) - set(functions)):
        yield f"rdb.h: {name} is missing"
    for row in rows:
        name = row["name"]
        if name not in functions:
            continue
        _, parameters = functions[name]
        receiver = re.match(r"(const )?(rdb_\w+)\* ", parameters)
        handle = receiver.group(2) if receiver and receiver.group(2) in HANDLES else "-"
        if "**" in parameters.split(",")[0]:
            handle = "-"
        if row["handle"] != handle:
            yield f"api.csv: {name} takes {handle}, not {row['handle']}"
        if row["threads"] not in THREADS:
            yield f"api.csv: {name} has the unknown thread class {row['threads']}"
        elif handle == "-" and row["threads"] != "any":
            yield f"api.csv: {name} has no handle, so its thread class is any"
        elif handle != "-" and (row["threads"] == "shared") != bool(receiver.group(1)):
            yield f"api.csv: {name} has a const receiver if and only if it is shared"
        if row["stability"] not in {"stable", "unstable", "deprecated"}:
            yield f"api.csv: {name} has the unknown stability {row['stability']}"
        if row["blocking"] not in {"yes", "no"}:
            yield f"api.csv: {name} is neither blocking nor not"
        if not re.fullmatch(r"\d+\.\d+", row["since"]):
            yield f"api.csv: {name} has no version"


def member(name, result, parameters):
    """One function pointer of the table, broken at commas before column 100."""
    line = f"  {result} (*{name})("
    indent = "      "
    lines = []
    words = [part.strip() for part in parameters.split(",")]
    for i, word in enumerate(words):
        piece = word + (");" if i + 1 == len(words) else ",")
        if len(line) + len(piece) + (not line.endswith("(")) > 100:
            lines.append(line)
            line = indent + piece
        else:
            line += piece if line.endswith("(") else " " + piece
    return "\n".join(lines + [line]) + "\n"


def generated(rows, functions, header):
    listed = [row["name"] for row in rows if row["name"] != "rdb_api"]
    begin, end = header.index(BEGIN) + len(BEGIN), header.index(END)
    members = "".join(member(name, *functions[name]) for name in listed)
    inc = "// Written by generate.py: the functions in the order of rdb_api_v1.\n"
    inc += "".join(f"&{name},\n" for name in listed)

    # One node for each version that added functions, each inheriting from the one before.
    nodes, before = "# Written by generate.py from api.csv: the exported names.\n", ""
    for since in sorted({row["since"] for row in rows}, key=lambda v: [int(n) for n in v.split(".")]):
        node = "RDB_" + since.removesuffix(".0")
        nodes += f"{node} {{\n  global:\n"
        nodes += "".join(f"    {row['name']};\n" for row in rows if row["since"] == since)
        if not before:
            nodes += "  local:\n    *;\n"
        nodes += f"}}{' ' + before if before else ''};\n"
        before = node
    return {HEADER: header[:begin] + members + header[end:],
            HERE / "api_table.inc": inc,
            HERE / "rdb.map": nodes}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write what differs")
    write = parser.parse_args().write

    header = HEADER.read_text(encoding="utf-8")
    functions = prototypes(header)
    rows = read_table()
    found = list(problems(rows, functions))
    if not found:
        for path, text in generated(rows, functions, header).items():
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            if write:
                path.write_text(text, encoding="utf-8")
            else:
                found.append(f"{path.name} is out of date: run capi/generate.py --write")
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
