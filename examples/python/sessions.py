"""Values that expire, and counters kept by merges."""

import datetime

import rdb

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc).timestamp()


def visit(db, user, page):
    with db.write() as txn:
        sessions = txn.ttl_table("sessions", key=str, value=str)
        sessions.put_for(user, page, datetime.timedelta(minutes=10))
        txn.table("visits", key=str, value="u64").merge(user, 1, "numeric_add")


def show(db, minutes):
    with db.read() as txn:
        sessions = txn.ttl_table("sessions", key=str, value=str)
        print(f"after {minutes} minutes:", ", ".join(f"{user} {page}" for user, page in sessions.items()))


with rdb.open("sessions.rdb") as db:
    db.set_clock(START)  # the system's, unless a program brings its own
    visit(db, "ada", "home")
    visit(db, "bob", "news")
    show(db, 0)
    db.set_clock(START + 6 * 60)
    visit(db, "ada", "mail")
    show(db, 6)
    db.set_clock(START + 12 * 60)
    show(db, 12)

    with db.write() as txn:
        sessions = txn.ttl_table("sessions", key=str, value=str)
        print(f"stored {len(sessions)}, live {sessions.live_count()}")
        examined, removed, position = sessions.purge()
        print(f"purged {removed}, stored {len(sessions)}")
        visits = txn.table("visits", key=str, value="u64")
        print("visits:", ", ".join(f"{user} {count}" for user, count in visits.items()))
