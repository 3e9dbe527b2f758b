/* snapshot.c: a reader keeps what it saw while a writer goes on; an abort. */
#include "example.h"

static void show(const char* who, rdb_table* accounts) {
  char buffer[32];
  printf("%s: %s\n", who, get(accounts, "ada", buffer, sizeof buffer));
}

/* What a reader that begins now sees. */
static void show_now(const char* who, rdb_db* db) {
  rdb_txn* txn = begin(db, RDB_TXN_READ);
  rdb_table* accounts = open_table(txn, "accounts");
  show(who, accounts);
  ok(rdb_table_close(accounts, &err));
  ok(rdb_txn_abort(txn, &err));
}

int main(void) {
  rdb_db* db = open_database("accounts.rdb");
  rdb_txn* writer = begin(db, RDB_TXN_WRITE);
  rdb_table* written = open_table(writer, "accounts");
  rdb_txn* reader;
  rdb_table* seen;

  put(written, "ada", "100");
  ok(rdb_table_close(written, &err));
  ok(rdb_txn_commit(writer, &err));

  reader = begin(db, RDB_TXN_READ);
  seen = open_table(reader, "accounts");
  show("balance before", seen);

  writer = begin(db, RDB_TXN_WRITE); /* the reader is in nobody's way */
  written = open_table(writer, "accounts");
  put(written, "ada", "70");
  show("the writer sees", written);
  ok(rdb_table_close(written, &err));
  ok(rdb_txn_commit(writer, &err));

  show("the reader still sees", seen);
  ok(rdb_table_close(seen, &err));
  ok(rdb_txn_abort(reader, &err)); /* ends it, so that its pages can be used again */
  show_now("a new reader sees", db);

  writer = begin(db, RDB_TXN_WRITE);
  written = open_table(writer, "accounts");
  put(written, "ada", "0");
  ok(rdb_table_close(written, &err));
  ok(rdb_txn_abort(writer, &err));
  show_now("after an abort", db);

  ok(rdb_close(db, &err));
  return 0;
}
