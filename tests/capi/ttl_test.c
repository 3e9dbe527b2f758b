/* ttl_test.c: tables whose values expire, and the clock they go by. */
#include <stdint.h>

#include "check.h"

static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;

static rdb_status put(const char* key, uint64_t ttl_ms) {
  return rdb_ttl_put(table, slice_of(key), RDB_SLICE("v"), ttl_ms, 0, &err);
}

static uint64_t expiry_of(const char* key) {
  uint64_t expiry = 7;
  if (rdb_ttl_expiry(table, slice_of(key), &expiry, &err) != RDB_OK) return 8;
  return expiry;
}

static void moments(void) {
  CASE("a sum beyond the last moment is that moment, and is not never");
  CHECK_OK(rdb_clock_set(db, UINT64_MAX - 5, &err));
  CHECK_OK(put("k", 4));
  CHECK(expiry_of("k") == UINT64_MAX - 1);
  CHECK_OK(put("k", 5));
  CHECK(expiry_of("k") == UINT64_MAX);
  CHECK_OK(put("k", UINT64_MAX - 1));
  CHECK(expiry_of("k") == UINT64_MAX);
  CHECK_OK(put("k", RDB_TTL_NONE));
  CHECK(expiry_of("k") == 0);

  CASE("a lifetime of 0 at the beginning of 1970 is not never either");
  CHECK_OK(rdb_clock_set(db, 0, &err));
  CHECK_OK(put("k", 0));
  CHECK(expiry_of("k") == 1);
  CHECK_OK(rdb_clock_set(db, 1, &err));
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("k"), &err), RDB_NOT_FOUND);

  CASE("a clock that is set back brings back what was not purged");
  CHECK_OK(rdb_clock_set(db, 0, &err));
  CHECK_OK(rdb_contains(table, RDB_SLICE("k"), &err));
  CHECK_OK(rdb_clock_set(db, 1, &err));
  CHECK_STATUS(rdb_ttl_purge(table, NULL, 0, NULL, NULL, NULL, NULL, &err), RDB_END);
  CHECK_OK(rdb_clock_set(db, 0, &err));
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("k"), &err), RDB_NOT_FOUND);
}

static void purges(void) {
  uint64_t examined = 7, removed = 7;
  rdb_value* position = NULL;
  const rdb_slice behind = RDB_SLICE("b");
  CHECK_OK(rdb_clock_set(db, 1000, &err));
  CHECK_OK(put("a", 1));
  CHECK_OK(put("b", 1));
  CHECK_OK(put("c", 1));
  CHECK_OK(put("d", RDB_TTL_NONE));
  CHECK_OK(rdb_clock_set(db, 1001, &err));

  CASE("a purge without room for its answers works all the same");
  CHECK_OK(rdb_ttl_purge(table, NULL, 1, NULL, NULL, NULL, NULL, &err));
  CASE("and goes on behind a key that is not there");
  CHECK_STATUS(rdb_ttl_purge(table, &behind, 0, NULL, &examined, &removed, &position, &err),
               RDB_END);
  CHECK(examined == 2 && removed == 1 && position == NULL);
  CHECK_OK(rdb_ttl_purge(table, NULL, 1, NULL, &examined, &removed, &position, &err));
  CHECK(examined == 1 && removed == 1);
  CHECK(rdb_value_data(position).size == 1);
  CHECK(memcmp(rdb_value_data(position).data, "b", 1) == 0);
  rdb_value_free(position);
  CHECK_STATUS(rdb_ttl_purge(table, NULL, 1, NULL, &examined, &removed, &position, &err), RDB_END);
  CHECK(examined == 1 && removed == 0);

  CASE("a purge that is cancelled removes nothing");
  {
    rdb_cancel* cancel = NULL;
    uint64_t entries = 0;
    CHECK_OK(put("a", 0));
    CHECK_OK(rdb_cancel_create(&cancel, &err));
    rdb_cancel_trigger(cancel);
    position = (rdb_value*)(void*)table;
    CHECK_STATUS(rdb_ttl_purge(table, NULL, 0, cancel, &examined, &removed, &position, &err),
                 RDB_ERR_CANCELLED);
    CHECK(position == NULL);
    CHECK_OK(rdb_table_len(table, &entries, &err));
    CHECK(entries == 2);
    rdb_cancel_free(cancel);
  }
}

static void mistakes(void) {
  uint64_t number = 7;
  rdb_table* other = NULL;
  rdb_cursor* cursor = NULL;
  const rdb_type u64 = {RDB_SLICE("u64"), RDB_TYPE_BUILTIN, 0};

  CASE("outputs that are missing are misuse");
  CHECK_STATUS(rdb_ttl_expiry(table, RDB_SLICE("a"), NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_ttl_default(table, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_ttl_live_count(table, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_clock_now(db, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_ttl_open(txn, RDB_SLICE("x"), NULL, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_ttl_put(NULL, RDB_SLICE("a"), RDB_SLICE("a"), 1, 0, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_clock_set(NULL, 1, &err), RDB_ERR_MISUSE);

  CASE("flags are those of rdb_put");
  CHECK_STATUS(rdb_ttl_put(table, RDB_SLICE("a"), RDB_SLICE("a"), 1, 99, &err),
               RDB_ERR_INVALID_ARGUMENT);

  CASE("a value of another width than the type's is refused");
  CHECK_OK(rdb_ttl_open(txn, RDB_SLICE("wide"), NULL, &u64, &other, &err));
  CHECK_STATUS(rdb_ttl_put(other, RDB_SLICE("a"), RDB_SLICE("a"), 1, 0, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_put(other, RDB_SLICE("a"), RDB_SLICE("0123456789abcdef"), 0, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_OK(rdb_ttl_put(other, RDB_SLICE("a"), RDB_SLICE("01234567"), 1, 0, &err));
  CHECK_OK(rdb_table_close(other, &err));

  CASE("multimaps do not expire, and a cursor over one has no expiry");
  CHECK_OK(rdb_multimap_open(txn, RDB_SLICE("multi"), NULL, NULL, &other, &err));
  CHECK_STATUS(rdb_ttl_put(other, RDB_SLICE("a"), RDB_SLICE("a"), 1, 0, &err), RDB_ERR_TABLE_TYPE);
  CHECK_OK(rdb_cursor_open(other, &cursor, &err));
  CHECK_STATUS(rdb_cursor_expiry(cursor, &number, &err), RDB_ERR_TABLE_TYPE);
  CHECK(number == 7);
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(other, &err));
  CHECK_STATUS(rdb_ttl_open_raw(txn, RDB_SLICE("multi"), &other, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK(other == NULL);
  CASE("a TTL table is no multimap");
  CHECK_STATUS(rdb_multimap_key_count(table, &number, &err), RDB_ERR_TABLE_NOT_MULTIMAP);

  CASE("a cursor without a record has no expiry");
  CHECK_OK(rdb_cursor_open(table, &cursor, &err));
  CHECK_STATUS(rdb_cursor_expiry(cursor, &number, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_close(cursor, &err));
}

static void readers(void) {
  rdb_txn* reader = NULL;
  rdb_table* seen = NULL;
  uint64_t ttl = 0;
  CASE("what is committed expires for readers, too; they change nothing");
  CHECK_OK(rdb_clock_set(db, 5000, &err));
  CHECK_OK(put("r", 10));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_commit(txn, &err));
  CHECK_OK(rdb_txn_begin(db, RDB_TXN_READ, NULL, &reader, &err));
  CHECK_OK(rdb_ttl_open_raw(reader, RDB_SLICE("t"), &seen, &err));
  CHECK_OK(rdb_contains(seen, RDB_SLICE("r"), &err));
  CHECK_OK(rdb_clock_set(db, 5010, &err));
  CHECK_STATUS(rdb_contains(seen, RDB_SLICE("r"), &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_ttl_put(seen, RDB_SLICE("r"), RDB_SLICE("v"), 1, 0, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_ttl_touch(seen, RDB_SLICE("r"), 1, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_ttl_set_default(seen, 1, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_ttl_purge(seen, NULL, 0, NULL, NULL, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_ttl_default(seen, &ttl, &err));
  CHECK(ttl == RDB_TTL_NONE);
  CHECK_OK(rdb_table_close(seen, &err));
  CHECK_OK(rdb_txn_abort(reader, &err));
}

int main(void) {
  CHECK_OK(rdb_open_memory(NULL, &db, &err));
  CHECK(rdb_has_feature(RDB_SLICE("ttl")) == 1);
  CHECK_OK(rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err));
  CHECK_OK(rdb_ttl_open(txn, RDB_SLICE("t"), NULL, NULL, &table, &err));
  moments();
  purges();
  mistakes();
  readers();
  CHECK_OK(rdb_close(db, &err));
  return check_result();
}
