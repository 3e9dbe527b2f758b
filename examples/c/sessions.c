/* sessions.c: values that expire, and counters kept by merges. */
#include "example.h"

#define MINUTES(n) ((uint64_t)(n)*60 * 1000)
#define START UINT64_C(1767225600000) /* the year 2026 begins */

static rdb_table* open_sessions(rdb_txn* txn) {
  const rdb_type words = RDB_TYPE_INIT("&str");
  rdb_table* table;
  ok(rdb_ttl_open(txn, text("sessions"), &words, &words, &table, &err));
  return table;
}

static rdb_table* open_visits(rdb_txn* txn) {
  const rdb_type words = RDB_TYPE_INIT("&str"), number = RDB_TYPE_INIT("u64");
  rdb_table* table;
  ok(rdb_table_open(txn, text("visits"), &words, &number, &table, &err));
  return table;
}

static void visit(rdb_db* db, const char* user, const char* page) {
  static const unsigned char one[8] = {1}; /* a u64 as it is stored: the lowest byte first */
  const rdb_merge_operator add = RDB_MERGE_OPERATOR_INIT(RDB_MERGE_NUMERIC_ADD);
  const rdb_slice operand = {one, sizeof one};
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table* sessions = open_sessions(txn);
  rdb_table* visits = open_visits(txn);
  ok(rdb_ttl_put(sessions, text(user), text(page), MINUTES(10), 0, &err));
  ok(rdb_merge(visits, text(user), operand, &add, &err));
  ok(rdb_table_close(visits, &err));
  ok(rdb_table_close(sessions, &err));
  ok(rdb_txn_commit(txn, &err));
}

/* The records in one line; those of numbers as numbers. */
static void print_records(rdb_table* table, int numbers) {
  const char* separator = " ";
  rdb_cursor* cursor;
  rdb_slice user, value;
  ok(rdb_cursor_open(table, &cursor, &err));
  while (ok(rdb_cursor_next(cursor, &user, &value, &err)) == RDB_OK) {
    printf("%s%.*s ", separator, (int)user.size, (const char*)user.data);
    if (numbers) {
      printf("%d", ((const unsigned char*)value.data)[0]); /* none passes 255 here */
    } else {
      printf("%.*s", (int)value.size, (const char*)value.data);
    }
    separator = ", ";
  }
  printf("\n");
  ok(rdb_cursor_close(cursor, &err));
}

static void show(rdb_db* db, int minutes) {
  rdb_txn* txn = begin(db, RDB_TXN_READ);
  rdb_table* sessions = open_sessions(txn);
  printf("after %d minutes:", minutes);
  print_records(sessions, 0);
  ok(rdb_table_close(sessions, &err));
  ok(rdb_txn_abort(txn, &err));
}

static int count(const rdb_table* table) {
  uint64_t records;
  ok(rdb_table_len(table, &records, &err));
  return (int)records;
}

int main(void) {
  rdb_db* db = open_database("sessions.rdb");
  rdb_txn* txn;
  rdb_table *sessions, *visits;
  uint64_t live, removed;

  ok(rdb_clock_set(db, START, &err)); /* the system's, unless a program brings its own */
  visit(db, "ada", "home");
  visit(db, "bob", "news");
  show(db, 0);
  ok(rdb_clock_set(db, START + MINUTES(6), &err));
  visit(db, "ada", "mail");
  show(db, 6);
  ok(rdb_clock_set(db, START + MINUTES(12), &err));
  show(db, 12);

  txn = begin(db, RDB_TXN_WRITE);
  sessions = open_sessions(txn);
  ok(rdb_ttl_live_count(sessions, NULL, &live, &err));
  printf("stored %d, live %d\n", count(sessions), (int)live);
  ok(rdb_ttl_purge(sessions, NULL, 0, NULL, NULL, &removed, NULL, &err));
  printf("purged %d, stored %d\n", (int)removed, count(sessions));
  visits = open_visits(txn);
  printf("visits:");
  print_records(visits, 1);

  ok(rdb_table_close(visits, &err));
  ok(rdb_table_close(sessions, &err));
  ok(rdb_txn_commit(txn, &err));
  ok(rdb_close(db, &err));
  return 0;
}
