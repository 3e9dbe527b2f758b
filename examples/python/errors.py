"""What is no error (absence), and how errors tell what they are."""

import rdb


def show(what, call):
    """Errors are rdb.Error, and have the bases that Python has for such things: KeyError, OSError ..."""
    try:
        call()
        print(f"{what}: no error")
    except rdb.Error as error:  # str(error) says it in a sentence, error.errno why the system refused
        print(f"{what}: {error.name}")


with rdb.open("errors.rdb") as db:
    txn = db.write()
    table = txn.table("table")

    show("an absent key", lambda: table.get(b"nobody"))  # None; table[b"nobody"] is a KeyError
    show("a missing file", lambda: rdb.open("missing.rdb", mode="existing"))

    table.close()
    show("another type", lambda: txn.table("table", key=int))
    show("a reserved name", lambda: txn.table("__rdb:mine"))
    show("a second writer", lambda: db.write(timeout=0))
    show("closing too early", db.close)  # it stays open

    table = txn.table("table")
    table[b"key"] = b"value"
    txn.commit()
    show("a table after its transaction", lambda: b"key" in table)

    with db.read() as txn:
        if b"key" in txn.table("table"):
            print("the database still works")
