/* records.c: opening a database; storing, reading, replacing and deleting records. */
#include "example.h"

static void show(rdb_table* people, const char* name) {
  char buffer[64];
  const char* born = get(people, name, buffer, sizeof buffer);
  printf("%s: %s\n", name, born == NULL ? "not found" : born);
}

int main(void) {
  rdb_db* db = open_database("people.rdb");
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table* people = open_table(txn, "people");
  uint64_t count;

  put(people, "ada", "1815");
  put(people, "alan", "1912");
  ok(rdb_table_close(people, &err));
  ok(rdb_txn_commit(txn, &err)); /* durable once this returns */

  txn = begin(db, RDB_TXN_READ);
  people = open_table(txn, "people");
  show(people, "ada");
  show(people, "grace");
  ok(rdb_table_len(people, &count, &err));
  printf("%d people\n", (int)count);
  ok(rdb_table_close(people, &err));
  ok(rdb_txn_abort(txn, &err));

  txn = begin(db, RDB_TXN_WRITE);
  people = open_table(txn, "people");
  put(people, "ada", "10 December 1815");
  show(people, "ada");
  if (ok(rdb_delete(people, text("alan"), &err)) == RDB_OK) printf("alan was deleted\n");
  ok(rdb_table_len(people, &count, &err));
  printf("%d person\n", (int)count);
  ok(rdb_table_close(people, &err));
  ok(rdb_txn_commit(txn, &err));

  ok(rdb_close(db, &err));
  return 0;
}
