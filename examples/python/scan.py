"""All keys in order, a range, a prefix, backwards."""

import itertools

import rdb


def show(title, rows):
    print(f"{title}:")
    for station, lines in rows:
        print(" ", station, lines)


with rdb.open("stations.rdb") as db, db.write() as txn:
    stations = txn.table("stations", key=str, value=str)
    stations.update({
        "hamburg/altona": "S1 S2 S3",
        "berlin/zoo": "U2 U9",
        "bern/bahnhof": "S1 S2",
        "berlin/alexanderplatz": "U2 U5 U8",
        "hamburg/sternschanze": "U3",
        "berlin/mehringdamm": "U6 U7",
    })

    show("all", stations.items())
    show("from berlin/m to bern/z", stations.range("berlin/m", "bern/z"))
    show("in berlin/", stations.prefix("berlin/"))
    show("the last two, backwards", itertools.islice(reversed(stations.items()), 2))
