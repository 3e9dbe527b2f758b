/* db_test.c: opening, closing, asking a database; what stands in the way of an open. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

static rdb_db* open_file(const char* path, uint32_t mode) {
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_db* db;
  options.mode = mode;
  REQUIRE_OK(rdb_open(slice_of(path), &options, &db, &err));
  return db;
}

static rdb_status try_open(const char* path, uint32_t mode) {
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_db* db = WRONG(rdb_db, &err);
  rdb_status status;
  options.mode = mode;
  status = rdb_open(slice_of(path), &options, &db, &err);
  if (status < 0) CHECK(db == NULL);
  CHECK(rdb_close(db, NULL) == RDB_OK);
  return status;
}

static void reopen(void) {
  const char* path = scratch_path("reopen.rdb");
  rdb_db* db;
  rdb_txn* txn;
  rdb_table* table;
  char buffer[16];
  size_t size = 0;
  rdb_recovery_info recovery = RDB_RECOVERY_INFO_INIT;
  rdb_slice note = {&recovery, 99};

  CASE("what was committed is there after closing and opening");
  db = open_file(path, RDB_OPEN_CREATE);
  fill(db, "t", 100);
  CHECK_OK(rdb_close(db, &err));
  db = open_file(path, RDB_OPEN_EXISTING);
  txn = begin(db, RDB_TXN_READ);
  table = open_table(txn, "t");
  CHECK_OK(rdb_get_into(table, RDB_SLICE("k042"), buffer, sizeof buffer, &size, &err));
  CHECK(size == 4 && memcmp(buffer, "v042", 4) == 0);

  CASE("a clean file reports a clean open");
  CHECK_OK(rdb_recovery(db, &recovery, &err));
  CHECK((recovery.flags & RDB_RECOVERY_CLEAN) != 0);
  CHECK((recovery.flags & (RDB_RECOVERY_FULL_REPAIR | RDB_RECOVERY_OLDER_COMMIT)) == 0);
  CHECK(recovery.txn_id > 0);
  CHECK_STATUS(rdb_recovery_note(db, recovery.note_count, &note, &err), RDB_NOT_FOUND);
  CHECK(note.size == 99);
  CHECK_STATUS(rdb_recovery(db, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_recovery_note(db, 0, NULL, &err), RDB_ERR_MISUSE);

  CASE("close answers BUSY while a transaction is open, and leaves everything usable");
  CHECK_STATUS(rdb_close(db, &err), RDB_ERR_BUSY);
  CHECK_OK(rdb_contains(table, RDB_SLICE("k001"), &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static void refused(void) {
  const char* path = scratch_path("refused.rdb");
  const char* foreign = scratch_path("foreign.rdb");
  const char* cut = scratch_path("cut.rdb");
  rdb_db* db;
  struct stat facts;
  char content[4096];

  CASE("a missing file is an I/O error that carries errno");
  CHECK_STATUS(try_open(path, RDB_OPEN_EXISTING), RDB_ERR_IO);
  CHECK(err.os_errno == ENOENT);
  CHECK_STATUS(try_open(path, RDB_OPEN_READ_ONLY), RDB_ERR_IO);
  CHECK_STATUS(try_open("", RDB_OPEN_CREATE), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_open((rdb_slice){"a\0b", 3}, NULL, &db, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_open((rdb_slice){NULL, 3}, NULL, &db, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_open(slice_of(path), NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_open_memory(NULL, NULL, &err), RDB_ERR_MISUSE);

  CASE("an existing database is no place for create_new");
  CHECK_OK(rdb_close(open_file(path, RDB_OPEN_CREATE_NEW), &err));
  CHECK_STATUS(try_open(path, RDB_OPEN_CREATE_NEW), RDB_ERR_IO);
  CHECK(err.os_errno == EEXIST);

  CASE("a second open is told, in every mode");
  db = open_file(path, RDB_OPEN_CREATE);
  CHECK_STATUS(try_open(path, RDB_OPEN_CREATE), RDB_ERR_ALREADY_OPEN);
  CHECK_STATUS(try_open(path, RDB_OPEN_READ_ONLY), RDB_ERR_ALREADY_OPEN);
  CHECK_OK(rdb_close(db, &err));

  CASE("a file that is no database is left alone");
  memset(content, 'x', sizeof content);
  write_file(foreign, content, sizeof content);
  CHECK_STATUS(try_open(foreign, RDB_OPEN_CREATE), RDB_ERR_FORMAT);
  CHECK(stat(foreign, &facts) == 0 && facts.st_size == (off_t)sizeof content);

  CASE("a file cut short is an error, not a crash");
  db = open_file(cut, RDB_OPEN_CREATE);
  fill(db, "t", 1000);
  CHECK_OK(rdb_close(db, &err));
  CHECK(truncate(cut, 5000) == 0);
  CHECK(try_open(cut, RDB_OPEN_EXISTING) <= RDB_ERR_CORRUPTED);
  CHECK(truncate(cut, 100) == 0);
  CHECK(try_open(cut, RDB_OPEN_EXISTING) <= RDB_ERR_CORRUPTED);
  CHECK(err.message_size > 0);
}

static void read_only(void) {
  const char* path = scratch_path("read_only.rdb");
  rdb_db *db, *beside;
  rdb_txn* txn;
  rdb_table* table;
  db = open_file(path, RDB_OPEN_CREATE);
  fill(db, "t", 3);
  CHECK_OK(rdb_close(db, &err));

  CASE("a database opened for reading has readers and no writer");
  db = open_file(path, RDB_OPEN_READ_ONLY);
  CHECK_STATUS(rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err), RDB_ERR_READ_ONLY);
  CHECK(txn == NULL);
  txn = begin(db, RDB_TXN_READ);
  table = open_table(txn, "t");
  CASE("opens for reading stand beside each other, and keep a writer out");
  beside = open_file(path, RDB_OPEN_READ_ONLY);
  CHECK_OK(rdb_close(beside, &err));
  CHECK_STATUS(try_open(path, RDB_OPEN_EXISTING), RDB_ERR_ALREADY_OPEN);
  CHECK_OK(rdb_contains(table, RDB_SLICE("k001"), &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static rdb_status repair_answer;
static int repair_calls;
static rdb_status on_repair(void* ctx, uint64_t done, uint64_t total) {
  CHECK(ctx == &repair_calls && (total == 0 || done <= total));
  ++repair_calls;
  return repair_answer;
}

static void repaired(void) {
  const char* path = scratch_path("repaired.rdb");
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_recovery_info recovery = RDB_RECOVERY_INFO_INIT;
  rdb_db* db;
  rdb_txn* txn;
  rdb_table* table;
  rdb_cancel* cancel;
  int status = -1;
  const pid_t child = fork();
  if (child == 0) { /* ends without closing */
    db = open_file(path, RDB_OPEN_CREATE);
    fill(db, "t", 900);
    _exit(check_failures != 0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);

  CASE("a file that was not closed is checked when opened for reading");
  db = open_file(path, RDB_OPEN_READ_ONLY);
  CHECK_OK(rdb_recovery(db, &recovery, &err));
  CHECK((recovery.flags & RDB_RECOVERY_CLEAN) == 0);
  CHECK_OK(rdb_close(db, &err));

  CASE("a repair can be stopped by its callback, whose errors come through, and be cancelled");
  options.repair_progress.fn = on_repair;
  options.repair_progress.ctx = &repair_calls;
  repair_answer = RDB_STOPPED;
  CHECK_STATUS(rdb_open(slice_of(path), &options, &db, &err), RDB_ERR_REPAIR_ABORTED);
  CHECK(db == NULL && repair_calls == 1);
  repair_answer = -777;
  CHECK_STATUS(rdb_open(slice_of(path), &options, &db, &err), -777);
  repair_answer = RDB_EXISTS;
  CHECK_STATUS(rdb_open(slice_of(path), &options, &db, &err), RDB_ERR_CALLBACK);
  repair_answer = RDB_OK;
  REQUIRE_OK(rdb_cancel_create(&cancel, &err));
  rdb_cancel_trigger(cancel);
  options.cancel = cancel;
  CHECK_STATUS(rdb_open(slice_of(path), &options, &db, &err), RDB_ERR_CANCELLED);
  options.cancel = NULL;
  rdb_cancel_free(cancel);

  CASE("the repair that is let through keeps every commit");
  repair_calls = 0;
  REQUIRE_OK(rdb_open(slice_of(path), &options, &db, &err));
  CHECK(repair_calls >= 1);
  CHECK_OK(rdb_recovery(db, &recovery, &err));
  CHECK((recovery.flags & RDB_RECOVERY_FULL_REPAIR) != 0);
  txn = begin(db, RDB_TXN_READ);
  table = open_table(txn, "t");
  CHECK_OK(rdb_contains(table, RDB_SLICE("k899"), &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static void deferred(void) {
  const char* path = scratch_path("deferred.rdb");
  rdb_db* db = open_file(path, RDB_OPEN_CREATE);
  rdb_txn *reader, *writer;
  rdb_table *table, *late = WRONG(rdb_table, &err);
  rdb_cursor* cursor;
  rdb_value* value;
  uint64_t number = 7;
  char buffer[8];
  size_t size = 7;

  fill(db, "t", 10);
  reader = begin(db, RDB_TXN_READ);
  writer = begin(db, RDB_TXN_WRITE);
  table = open_table(reader, "t");
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
  REQUIRE_OK(rdb_cursor_first(cursor, NULL, NULL, &err));
  REQUIRE_OK(rdb_get_pin(table, RDB_SLICE("k003"), &value, &err));
  rdb_close_deferred(db);

  CASE("after a deferred close every call but the release answers CLOSED");
  CHECK_STATUS(rdb_txn_id(reader, &number, &err), RDB_ERR_CLOSED);
  CHECK_STATUS(rdb_table_open(reader, RDB_SLICE("t"), NULL, NULL, &late, &err), RDB_ERR_CLOSED);
  CHECK(late == NULL && number == 7);
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("k003"), buffer, sizeof buffer, &size, &err),
               RDB_ERR_CLOSED);
  CHECK(size == 7);
  CHECK_STATUS(rdb_cursor_next(cursor, NULL, NULL, &err), RDB_ERR_CLOSED);
  CHECK_STATUS(rdb_txn_commit(writer, &err), RDB_ERR_CLOSED);

  CASE("a pin outlives its table, transaction and database");
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(reader, &err));
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK(slice_is(rdb_value_data(value), "v003"));
  rdb_value_free(value);

  CASE("the last release closes the file");
  CHECK_OK(rdb_close(open_file(path, RDB_OPEN_EXISTING), &err));
}

static void stats(void) {
  rdb_db* db = memory_db();
  rdb_stats_info info = RDB_STATS_INFO_INIT;
  rdb_txn* reader = begin(db, RDB_TXN_READ);
  fill(db, "t", 10);
  CASE("figures tell what happened since the open");
  CHECK_OK(rdb_stats(db, &info, &err));
  CHECK(info.struct_size == sizeof info);
  CHECK(info.page_bytes == 4096);
  CHECK(info.commits >= 1 && info.live_readers == 1 && info.memory_budget_bytes > 0);
  CHECK(info.last_txn_id >= info.durable_txn_id);
  CHECK_STATUS(rdb_stats(db, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_txn_abort(reader, &err));
  CHECK_OK(rdb_close(db, &err));
}

int main(void) {
  reopen();
  refused();
  read_only();
  repaired();
  deferred();
  stats();
  return check_result();
}
