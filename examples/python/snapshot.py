"""A reader keeps what it saw while a writer goes on; an abort."""

import rdb


def show(who, txn):
    print(f"{who}:", txn.table("accounts", key=str, value=int)["ada"])


with rdb.open("accounts.rdb") as db:
    with db.write() as txn:
        txn.table("accounts", key=str, value=int)["ada"] = 100

    with db.read() as reader:
        show("balance before", reader)
        with db.write() as writer:  # the reader is in nobody's way
            writer.table("accounts", key=str, value=int)["ada"] = 70
            show("the writer sees", writer)
        show("the reader still sees", reader)

    with db.read() as reader:
        show("a new reader sees", reader)

    try:
        with db.write() as doubtful:
            doubtful.table("accounts", key=str, value=int)["ada"] = 0
            raise RuntimeError("second thoughts")  # an exception takes everything back
    except RuntimeError:
        pass
    with db.read() as reader:
        show("after an abort", reader)
