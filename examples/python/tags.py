"""A multimap: several values a key, both in order."""

import rdb

PAIRS = [("sf", "dune"), ("desert", "dune"), ("england", "emma"), ("sf", "solaris"), ("ocean", "solaris")]

with rdb.open("tags.rdb") as db, db.write() as txn:
    tags = txn.multimap("tags", key=str, value=str)
    tags.update(PAIRS)
    print(f"tags {len(tags)}, pairs {tags.pair_count()}")
    print("sf and dune again:", "new" if tags.add("sf", "dune") else "nothing new")

    for tag, books in tags.items():  # books is a set that reads when it is asked
        print(f"{tag}: {', '.join(books)}")

    tags.discard("sf", "dune")
    print("sf without dune:", *tags["sf"])
    del tags["sf"]
    print(f"without sf: tags {len(tags)}, pairs {tags.pair_count()}")
