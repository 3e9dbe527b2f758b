/* scan.c: all keys in order, a range, a prefix, backwards. */
#include "example.h"

static void print_row(rdb_slice key, rdb_slice value) {
  printf("  %.*s %.*s\n", (int)key.size, (const char*)key.data, (int)value.size,
         (const char*)value.data);
}

/* Prints the rows of a range; NULL: the whole table. */
static void print_range(rdb_table* table, const char* title, const rdb_range* range) {
  rdb_cursor* cursor;
  rdb_slice key, value;
  printf("%s:\n", title);
  ok(rdb_cursor_open(table, &cursor, &err));
  ok(rdb_cursor_set_range(cursor, range, &err));
  while (ok(rdb_cursor_next(cursor, &key, &value, &err)) == RDB_OK) print_row(key, value);
  ok(rdb_cursor_close(cursor, &err));
}

int main(void) {
  rdb_db* db = open_database("stations.rdb");
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table* stations = open_table(txn, "stations");
  rdb_cursor* cursor;
  rdb_slice key, value;
  int i;

  put(stations, "hamburg/altona", "S1 S2 S3");
  put(stations, "berlin/zoo", "U2 U9");
  put(stations, "bern/bahnhof", "S1 S2");
  put(stations, "berlin/alexanderplatz", "U2 U5 U8");
  put(stations, "hamburg/sternschanze", "U3");
  put(stations, "berlin/mehringdamm", "U6 U7");
  print_range(stations, "all", NULL);

  const rdb_range some = {text("berlin/m"), text("bern/z"), RDB_BOUND_INCLUDED, RDB_BOUND_EXCLUDED};
  print_range(stations, "from berlin/m to bern/z", &some);

  /* A prefix is the range up to the first key behind it: '0' follows '/'. */
  const rdb_range berlin = {text("berlin/"), text("berlin0"), RDB_BOUND_INCLUDED,
                            RDB_BOUND_EXCLUDED};
  print_range(stations, "in berlin/", &berlin);

  printf("the last two, backwards:\n");
  ok(rdb_cursor_open(stations, &cursor, &err));
  for (i = 0; i < 2 && ok(rdb_cursor_prev(cursor, &key, &value, &err)) == RDB_OK; ++i) {
    print_row(key, value);
  }
  ok(rdb_cursor_close(cursor, &err));

  ok(rdb_table_close(stations, &err));
  ok(rdb_txn_commit(txn, &err));
  ok(rdb_close(db, &err));
  return 0;
}
