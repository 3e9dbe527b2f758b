/* fork_test.c: what a forked child may do with the parent's handles: nothing, safely. */
#include <sys/wait.h>

#include "check.h"

static rdb_db* db;
static rdb_txn *reader, *writer;
static rdb_table* table;
static rdb_cursor* cursor;
static rdb_value* value;

static int in_child(const char* path) {
  rdb_txn* txn = WRONG(rdb_txn, &err);
  rdb_stats_info stats = RDB_STATS_INFO_INIT;
  rdb_db* own = NULL;
  size_t size = 0;
  CASE("every handle of the parent answers FORKED in the child");
  CHECK_STATUS(rdb_stats(db, &stats, &err), RDB_ERR_FORKED);
  CHECK_STATUS(rdb_txn_begin(db, RDB_TXN_READ, NULL, &txn, &err), RDB_ERR_FORKED);
  CHECK(txn == NULL);
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("k001"), &err), RDB_ERR_FORKED);
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("k001"), NULL, 0, &size, &err), RDB_ERR_FORKED);
  CHECK_STATUS(rdb_cursor_first(cursor, NULL, NULL, &err), RDB_ERR_FORKED);
  CASE("a value read before the fork stays readable");
  CHECK(slice_is(rdb_value_data(value), "v001"));
  CASE("the child cannot open the file beside its parent");
  CHECK_STATUS(rdb_open(slice_of(path), NULL, &own, &err), RDB_ERR_ALREADY_OPEN);
  CHECK(own == NULL);
  CASE("releases say so, and touch neither file nor lock");
  rdb_value_free(value);
  CHECK_STATUS(rdb_cursor_close(cursor, &err), RDB_ERR_FORKED);
  CHECK_STATUS(rdb_table_close(table, &err), RDB_ERR_FORKED);
  CHECK_STATUS(rdb_txn_abort(reader, &err), RDB_ERR_FORKED);
  CHECK_STATUS(rdb_txn_commit(writer, &err), RDB_ERR_FORKED);
  CHECK_STATUS(rdb_close(db, &err), RDB_ERR_FORKED);
  CASE("a database of the child's own works");
  REQUIRE_OK(rdb_open_memory(NULL, &own, &err));
  fill(own, "t", 3);
  CHECK_OK(rdb_close(own, &err));
  return check_result();
}

int main(void) {
  const char* path = scratch_path("fork.rdb");
  pid_t child;
  int status = -1;
  REQUIRE_OK(rdb_open(slice_of(path), NULL, &db, &err));
  fill(db, "t", 3);
  reader = begin(db, RDB_TXN_READ);
  writer = begin(db, RDB_TXN_WRITE);
  table = open_table(reader, "t");
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
  REQUIRE_OK(rdb_get_pin(table, RDB_SLICE("k001"), &value, &err));

  child = fork();
  if (child == 0) _exit(in_child(path)); /* without the parent's exit handlers */
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);

  CASE("the parent goes on as if nothing had been");
  CHECK_OK(rdb_contains(table, RDB_SLICE("k001"), &err));
  rdb_value_free(value);
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(reader, &err));
  table = open_table(writer, "t");
  CHECK_OK(rdb_put(table, RDB_SLICE("new"), RDB_SLICE("1"), 0, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_commit(writer, &err));
  CHECK_OK(rdb_close(db, &err));
  REQUIRE_OK(rdb_open(slice_of(path), NULL, &db, &err));
  CHECK_OK(rdb_close(db, &err));
  return check_result();
}
