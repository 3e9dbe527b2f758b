"""A table of numbers and texts; loading, reading and deleting many records at once."""

import rdb

with rdb.open("numbers.rdb") as db, db.write() as txn:
    numbers = txn.table("numbers", key="u64", value=str)

    # Any iterables will do, and so do arrays and buffers: numpy.arange(100000, dtype="u8").
    print("loaded", numbers.put_batch(range(100_000), (f"number {i}" for i in range(100_000))))

    wanted = [7, 99_999, 100_000]
    for number, text in zip(wanted, numbers.get_batch(wanted, default="not there")):
        print(f"{number}: {text}")

    print("from 255 to 257:", *numbers.range(255, 258).only_keys())  # in order of value

    print("deleted", numbers.delete_batch(range(0, 100_000, 2)))
    print("left", len(numbers))
