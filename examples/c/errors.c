/* errors.c: what is no error (absence), and how errors tell what they are.
 *
 * A negative status is an error and fills in rdb_error; zero and positive ones are outcomes. */
#include "example.h"

/* What a program would decide by: err.message says it in a sentence, err.os_errno why the system
 * refused. */
static void show(const char* what, rdb_status status) {
  printf("%s: %s\n", what, status < 0 ? rdb_status_name(err.status) : "no error");
}

int main(void) {
  const rdb_type number = RDB_TYPE_INIT("u64");
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_txn_options impatient = RDB_TXN_OPTIONS_INIT;
  rdb_db *db, *missing;
  rdb_txn *txn, *second;
  rdb_table *table, *other;
  char buffer[16];
  size_t size;

  db = open_database("errors.rdb");
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "table");

  show("an absent key", rdb_get_into(table, text("nobody"), buffer, sizeof buffer, &size, &err));

  options.mode = RDB_OPEN_EXISTING;
  show("a missing file", rdb_open(text("missing.rdb"), &options, &missing, &err));

  ok(rdb_table_close(table, &err));
  show("another type", rdb_table_open(txn, text("table"), &number, NULL, &other, &err));
  show("a reserved name", rdb_table_open(txn, text("__rdb:mine"), NULL, NULL, &other, &err));

  impatient.wait = RDB_WAIT_NOT;
  show("a second writer", rdb_txn_begin(db, RDB_TXN_WRITE, &impatient, &second, &err));
  show("closing too early", rdb_close(db, &err)); /* db stays open */

  table = open_table(txn, "table");
  put(table, "key", "value");
  ok(rdb_txn_commit(txn, &err));
  show("a table after its transaction", rdb_contains(table, text("key"), &err));
  ok(rdb_table_close(table, &err)); /* releasing is always allowed */

  txn = begin(db, RDB_TXN_READ);
  table = open_table(txn, "table");
  if (ok(rdb_contains(table, text("key"), &err)) == RDB_OK) printf("the database still works\n");
  ok(rdb_table_close(table, &err));
  ok(rdb_txn_abort(txn, &err));
  ok(rdb_close(db, &err));
  return 0;
}
