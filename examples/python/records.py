"""Opening a database; storing, reading, replacing and deleting records."""

import rdb

with rdb.open("people.rdb") as db:
    with db.write() as txn:  # commits at the end, and is durable then
        people = txn.table("people", key=str, value=str)
        people["ada"] = "1815"
        people["alan"] = "1912"

    with db.read() as txn:
        people = txn.table("people", key=str, value=str)
        print("ada:", people["ada"])
        print("grace:", people.get("grace", "not found"))
        print(len(people), "people")

    with db.write() as txn:
        people = txn.table("people", key=str, value=str)
        people["ada"] = "10 December 1815"
        print("ada:", people["ada"])
        if people.discard("alan"):
            print("alan was deleted")
        print(len(people), "person")
