/* txn_test.c: beginning, waiting, committing, aborting, cancelling; what a handle is worth behind
 * the end of its transaction. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "check.h"

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
#include <sys/single_threaded.h>
#define SINGLE_THREADED __libc_single_threaded
#endif

static rdb_status try_begin(const rdb_db* db, const rdb_txn_options* options) {
  rdb_txn* txn = WRONG(rdb_txn, &err);
  const rdb_status status = rdb_txn_begin(db, RDB_TXN_WRITE, options, &txn, &err);
  if (status < 0) CHECK(txn == NULL);
  CHECK(rdb_txn_abort(txn, NULL) == RDB_OK);
  return status;
}

static void isolation(void) {
  rdb_db* db = memory_db();
  rdb_txn *writer, *before, *after;
  rdb_table* table;
  uint64_t old_id = 0, new_id = 0, writer_id = 0;
  fill(db, "t", 1);

  CASE("a reader keeps its snapshot, a later one sees the commit");
  before = begin(db, RDB_TXN_READ);
  writer = begin(db, RDB_TXN_WRITE);
  CHECK_OK(rdb_txn_id(writer, &writer_id, &err));
  table = open_table(writer, "t");
  CHECK_OK(rdb_put(table, RDB_SLICE("new"), RDB_SLICE("1"), 0, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_commit(writer, &err));
  after = begin(db, RDB_TXN_READ);
  CHECK_OK(rdb_txn_id(before, &old_id, &err));
  CHECK_OK(rdb_txn_id(after, &new_id, &err));
  CHECK(old_id < new_id && new_id == writer_id);
  table = open_table(before, "t");
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("new"), &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_table_close(table, &err));
  table = open_table(after, "t");
  CHECK_OK(rdb_contains(table, RDB_SLICE("new"), &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(before, &err));
  CHECK_OK(rdb_txn_abort(after, &err));

  CASE("an abort leaves nothing behind");
  writer = begin(db, RDB_TXN_WRITE);
  table = open_table(writer, "t");
  CHECK_OK(rdb_put(table, RDB_SLICE("gone"), RDB_SLICE("1"), 0, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(writer, &err));
  after = begin(db, RDB_TXN_READ);
  table = open_table(after, "t");
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("gone"), &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(after, &err));
  CHECK_OK(rdb_close(db, &err));
}

static void ended(void) {
  rdb_db* db = memory_db();
  rdb_txn* writer;
  rdb_table* table;
  rdb_cursor* cursor;
  rdb_result* result;
  rdb_value* value = WRONG(rdb_value, &err);
  rdb_slice slice = {&err, 77};
  uint64_t number = 77;
  size_t size = 77;
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  rdb_table_stats_info stats = RDB_TABLE_STATS_INFO_INIT;
  int commit;

  REQUIRE_OK(rdb_result_create(&result, &err));
  for (commit = 0; commit < 2; ++commit) {
    writer = begin(db, RDB_TXN_WRITE);
    table = open_table(writer, "t");
    CHECK_OK(rdb_put(table, RDB_SLICE("a"), RDB_SLICE("1"), 0, &err));
    REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
    CHECK_OK(rdb_cursor_first(cursor, NULL, NULL, &err));
    CHECK_OK(commit ? rdb_txn_commit(writer, &err) : rdb_txn_abort(writer, &err));

    CASE("behind commit or abort every call on tables and cursors answers CLOSED");
    CHECK_STATUS(rdb_get_pin(table, RDB_SLICE("a"), &value, &err), RDB_ERR_CLOSED);
    CHECK(value == NULL);
    CHECK_STATUS(rdb_get_into(table, RDB_SLICE("a"), NULL, 0, &size, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_contains(table, RDB_SLICE("a"), &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_put(table, RDB_SLICE("a"), RDB_SLICE("2"), 0, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_delete(table, RDB_SLICE("a"), &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_pop_first(table, NULL, NULL, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_pop_last(table, NULL, NULL, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_table_len(table, &number, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_table_describe(table, &info, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_table_stats(table, NULL, &stats, &err), RDB_ERR_CLOSED);
    slice = RDB_SLICE("a");
    CHECK_STATUS(rdb_get_batch(table, &slice, 1, result, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_put_batch(table, &slice, &slice, 1, 0, NULL, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_delete_batch(table, &slice, 1, NULL, &err), RDB_ERR_CLOSED);
    slice.size = 77;
    CHECK_STATUS(rdb_cursor_first(cursor, &slice, &slice, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_last(cursor, &slice, &slice, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_next(cursor, &slice, &slice, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_prev(cursor, &slice, &slice, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_get(cursor, &slice, &slice, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_seek(cursor, RDB_SLICE("a"), NULL, NULL, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_seek_exact(cursor, RDB_SLICE("a"), NULL, NULL, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_seek_le(cursor, RDB_SLICE("a"), NULL, NULL, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_set_range(cursor, NULL, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_next_batch(cursor, &slice, NULL, 1, &size, &err), RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_next_batch_packed(cursor, NULL, 0, 0, &size, &size, &err),
                 RDB_ERR_CLOSED);
    CHECK_STATUS(rdb_cursor_delete(cursor, &err), RDB_ERR_CLOSED);
    CHECK(slice.size == 77 && size == 77 && number == 77);
    CASE("and their release is fine, in any order");
    CHECK_OK(commit ? rdb_table_close(table, &err) : rdb_cursor_close(cursor, &err));
    CHECK_OK(commit ? rdb_cursor_close(cursor, &err) : rdb_table_close(table, &err));
  }
  rdb_result_free(result);
  CHECK_OK(rdb_close(db, &err));
}

static void readers_do_not_write(void) {
  rdb_db* db = memory_db();
  rdb_txn* reader;
  rdb_table* table;
  rdb_cursor* cursor;
  rdb_slice key = RDB_SLICE("a");
  fill(db, "t", 1);
  reader = begin(db, RDB_TXN_READ);
  table = open_table(reader, "t");
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
  CHECK_OK(rdb_cursor_first(cursor, NULL, NULL, &err));

  CASE("a function that changes something is misuse on a reader");
  CHECK_STATUS(rdb_put(table, key, key, 0, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_delete(table, key, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_pop_first(table, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_pop_last(table, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_put_batch(table, &key, &key, 1, 0, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_put_batch_packed(table, RDB_SLICE(""), 0, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_delete_batch(table, &key, 1, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_delete_batch_packed(table, RDB_SLICE(""), NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_delete(cursor, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_table_rename(reader, RDB_SLICE("t"), RDB_SLICE("u"), &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_table_delete(reader, RDB_SLICE("t"), &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_txn_set_durability(reader, RDB_DURABILITY_NONE, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_txn_set_two_phase(reader, 1, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_txn_set_quick_repair(reader, 1, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CASE("commit of a reader is misuse, and releases it all the same");
  CHECK_STATUS(rdb_txn_commit(reader, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_close(db, &err));
}

static void options(void) {
  const char* path = scratch_path("durability.rdb");
  rdb_db* db;
  rdb_txn* txn;
  rdb_txn_options txn_options = RDB_TXN_OPTIONS_INIT;
  rdb_stats_info stats = RDB_STATS_INFO_INIT;
  REQUIRE_OK(rdb_open(slice_of(path), NULL, &db, &err));

  CASE("a commit without durability is visible, and durable with the next one");
  txn_options.durability = RDB_DURABILITY_NONE;
  REQUIRE_OK(rdb_txn_begin(db, RDB_TXN_WRITE, &txn_options, &txn, &err));
  CHECK_OK(rdb_table_close(open_table(txn, "t"), &err));
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK_OK(rdb_stats(db, &stats, &err));
  CHECK(stats.durable_txn_id < stats.last_txn_id);
  txn = begin(db, RDB_TXN_WRITE);
  CHECK_OK(rdb_table_close(open_table(txn, "u"), &err));
  CHECK_OK(rdb_txn_set_durability(txn, RDB_DURABILITY_IMMEDIATE, &err));
  CHECK_STATUS(rdb_txn_set_durability(txn, 2, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_OK(rdb_txn_set_two_phase(txn, 1, &err));
  CHECK_OK(rdb_txn_set_quick_repair(txn, 1, &err));
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK_OK(rdb_stats(db, &stats, &err));
  CHECK(stats.durable_txn_id == stats.last_txn_id);

  CASE("the same by options");
  CHECK_OK(rdb_txn_options_init(&txn_options, sizeof txn_options, &err));
  txn_options.two_phase = 1;
  txn_options.quick_repair = 1;
  REQUIRE_OK(rdb_txn_begin(db, RDB_TXN_WRITE, &txn_options, &txn, &err));
  CHECK_OK(rdb_table_close(open_table(txn, "v"), &err));
  CHECK_OK(rdb_txn_commit(txn, &err));

  CASE("options out of their domain are refused, and no writer stays behind");
  txn_options.two_phase = 2;
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_INVALID_ARGUMENT);
  txn_options.two_phase = 0;
  txn_options.wait = 3;
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_INVALID_ARGUMENT);
  txn_options.wait = RDB_WAIT_NOT;
  txn_options.durability = 2;
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_INVALID_ARGUMENT);
  txn_options.durability = 0;
  txn_options.reserved[0] = 1;
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_STRUCT_TOO_NEW);
  txn_options.reserved[0] = 0;
  CHECK_OK(try_begin(db, &txn_options));
  CHECK_STATUS(rdb_txn_begin(db, 2, NULL, &txn, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_txn_begin(db, RDB_TXN_READ, NULL, NULL, &err), RDB_ERR_MISUSE);
  txn = begin(db, RDB_TXN_READ);
  CHECK_STATUS(rdb_txn_id(txn, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
}

static rdb_cancel* shared_cancel;
static void on_alarm(int signal_number) {
  (void)signal_number;
  rdb_cancel_trigger(shared_cancel);
}

/* Commits from another thread than the one that began. */
static void* commit_elsewhere(void* txn) {
  rdb_error own;
  return rdb_txn_commit((rdb_txn*)txn, &own) == RDB_OK ? NULL : txn;
}

static void waiting(void) {
  rdb_db* db = memory_db();
  rdb_txn* writer = begin(db, RDB_TXN_WRITE);
  rdb_txn_options txn_options = RDB_TXN_OPTIONS_INIT;
  rdb_cancel* cancel;
  pthread_t thread;
  void* failed = &err;

  CASE("a second writer is told when it will not or not long wait");
  txn_options.wait = RDB_WAIT_NOT;
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_LOCK_TIMEOUT);
  txn_options.wait = RDB_WAIT_TIMEOUT;
  txn_options.timeout_ms = 5;
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_LOCK_TIMEOUT);

  CASE("a waiting writer can be cancelled, before and while it waits");
  REQUIRE_OK(rdb_cancel_create(&cancel, &err));
  txn_options.wait = RDB_WAIT_FOREVER;
  txn_options.cancel = cancel;
  rdb_cancel_trigger(cancel);
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_CANCELLED);
  rdb_cancel_reset(cancel);
  shared_cancel = cancel;
  signal(SIGALRM, on_alarm);
  ualarm(20000, 0);
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_CANCELLED);
  rdb_cancel_reset(cancel);

  CASE("a transaction is not bound to its thread");
  CHECK(pthread_create(&thread, NULL, commit_elsewhere, writer) == 0);
  CHECK(pthread_join(thread, &failed) == 0 && failed == NULL);
  CHECK_OK(try_begin(db, &txn_options));
  txn_options.wait = RDB_WAIT_TIMEOUT;
  txn_options.timeout_ms = UINT64_MAX;
  CHECK_OK(try_begin(db, &txn_options));
  rdb_cancel_free(cancel);
  CHECK_OK(rdb_close(db, &err));
}

/* Before any thread is made: later the C library cannot tell. */
static void waiting_alone(void) {
#ifdef SINGLE_THREADED
  rdb_db* db = memory_db();
  rdb_txn* writer = begin(db, RDB_TXN_WRITE);
  rdb_txn_options txn_options = RDB_TXN_OPTIONS_INIT;

  CASE("a wait for a writer that nobody could end is refused, when that is certain");
  if (!SINGLE_THREADED) {
    printf("skipped: the process has other threads\n"); /* a sanitizer's */
  } else {
    CHECK_STATUS(try_begin(db, NULL), RDB_ERR_MISUSE);
    CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_MISUSE);
  }
  txn_options.wait = RDB_WAIT_NOT;
  CHECK_STATUS(try_begin(db, &txn_options), RDB_ERR_LOCK_TIMEOUT);
  CHECK_OK(rdb_txn_commit(writer, &err));
  CHECK_OK(try_begin(db, NULL));
  CHECK_OK(rdb_close(db, &err));
#endif
}

static void* begin_and_end(void* db) {
  rdb_txn* writer;
  if (rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &writer, NULL) != RDB_OK) return &err;
  return rdb_txn_commit(writer, NULL) == RDB_OK ? NULL : &err;
}

/* The thread that began a writer is not the one that must end it. */
static void waiting_for_another_thread(void) {
  rdb_db* db = memory_db();
  rdb_txn* writer = begin(db, RDB_TXN_WRITE);
  pthread_t ender;
  pthread_t waiter;
  void* failed = &err;

  CASE("a writer that moved to another thread is waited for, by the thread that began it too");
  CHECK(pthread_create(&waiter, NULL, begin_and_end, db) == 0);
  CHECK(pthread_create(&ender, NULL, commit_elsewhere, writer) == 0);
  CHECK_OK(try_begin(db, NULL));
  CHECK(pthread_join(ender, &failed) == 0 && failed == NULL);
  CHECK(pthread_join(waiter, &failed) == 0 && failed == NULL);
  CHECK_OK(rdb_close(db, &err));
}

/* The library's own threads end no writer, and other threads that are gone do not either. */
static void waiting_alone_again(bool was_alone) {
  static char value[64 << 10];
  rdb_db* db = memory_db();
  rdb_txn* writer = begin(db, RDB_TXN_WRITE);
  rdb_table* table;
  uint32_t i;

  CASE(
      "a wait that nobody could end is refused also after threads, and beside those of the "
      "library");
  if (!was_alone) {
    printf("skipped: the process has other threads\n"); /* a sanitizer's */
  } else {
    REQUIRE_OK(rdb_table_open(writer, RDB_SLICE("t"), NULL, NULL, &table, &err));
    for (i = 0; i < 1000; ++i) { /* 64 MB: memory is prepared ahead of it on another thread */
      const rdb_slice key = {&i, sizeof i};
      const rdb_slice bytes = {value, sizeof value};
      REQUIRE_OK(rdb_put(table, key, bytes, 0, &err));
    }
    CHECK_STATUS(try_begin(db, NULL), RDB_ERR_MISUSE);
    CHECK_OK(rdb_table_close(table, &err));
  }
  CHECK_OK(rdb_txn_abort(writer, &err));
  CHECK_OK(rdb_close(db, &err));
}

int main(void) {
#ifdef SINGLE_THREADED
  const bool alone = SINGLE_THREADED;
#else
  const bool alone = false;
#endif
  waiting_alone();
  isolation();
  ended();
  readers_do_not_write();
  options();
  waiting();
  waiting_for_another_thread();
  waiting_alone_again(alone);
  return check_result();
}
