/* multimap_test.c: several values for each key. */
#include "check.h"

static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;

static const rdb_type text = RDB_TYPE_INIT("&str");

static void put(const char* key, const char* value, rdb_status expected) {
  CHECK_STATUS(rdb_put(table, slice_of(key), slice_of(value), 0, &err), expected);
}

static void opening(void) {
  rdb_table* other = NULL;
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  const rdb_type unordered = RDB_TYPE_INIT("f64");

  CASE("a multimap is opened by functions of its own");
  REQUIRE_OK(rdb_multimap_open(txn, RDB_SLICE("m"), &text, &text, &table, &err));
  CHECK_STATUS(rdb_multimap_open(txn, RDB_SLICE("m"), &text, &text, &other, &err),
               RDB_ERR_TABLE_OPEN);
  CHECK_OK(rdb_table_describe(table, &info, &err));
  CHECK(info.kind == RDB_TABLE_MULTIMAP && info.entries == 0);
  CHECK_OK(rdb_table_close(table, &err));
  other = WRONG(rdb_table, txn);
  CHECK_STATUS(rdb_table_open(txn, RDB_SLICE("m"), &text, &text, &other, &err),
               RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK(other == NULL);
  CHECK_STATUS(rdb_table_open_raw(txn, RDB_SLICE("m"), &other, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK_STATUS(rdb_multimap_open(txn, RDB_SLICE("m"), &text, NULL, &other, &err),
               RDB_ERR_TABLE_TYPE);
  CHECK_STATUS(rdb_multimap_open(txn, RDB_SLICE("n"), &text, &unordered, &other, &err),
               RDB_ERR_UNKNOWN_KEY_TYPE);
  CHECK_STATUS(rdb_multimap_open(txn, RDB_SLICE("m"), &text, &text, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_multimap_open(NULL, RDB_SLICE("m"), &text, &text, &other, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_multimap_open_raw(txn, RDB_SLICE("none"), &other, &err), RDB_ERR_TABLE_MISSING);
  CHECK_STATUS(rdb_multimap_open_raw(txn, RDB_SLICE("m"), NULL, &err), RDB_ERR_MISUSE);
  REQUIRE_OK(rdb_multimap_open_raw(txn, RDB_SLICE("m"), &table, &err));
  CHECK(rdb_has_feature(RDB_SLICE("multimaps")) == 1);
}

static void pairs(void) {
  uint64_t count = 77;
  rdb_result* result;
  rdb_slice value;

  CASE("a pair goes in once");
  put("a", "2", RDB_OK);
  put("a", "1", RDB_OK);
  put("a", "2", RDB_EXISTS);
  put("b", "1", RDB_OK);
  CHECK_STATUS(rdb_put(table, RDB_SLICE("c"), RDB_SLICE("1"), RDB_PUT_INSERT_ONLY, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_OK(rdb_table_len(table, &count, &err));
  CHECK(count == 3);
  CHECK_OK(rdb_multimap_key_count(table, &count, &err));
  CHECK(count == 2);
  CHECK_OK(rdb_multimap_value_count(table, RDB_SLICE("a"), &count, &err));
  CHECK(count == 2);
  CHECK_STATUS(rdb_multimap_value_count(table, RDB_SLICE("c"), &count, &err), RDB_NOT_FOUND);
  CHECK(count == 2);
  CHECK_STATUS(rdb_multimap_value_count(table, RDB_SLICE("a"), NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_multimap_key_count(table, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_contains(table, RDB_SLICE("a"), &err));
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("c"), &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_multimap_contains(table, RDB_SLICE("a"), RDB_SLICE("1"), &err));
  CHECK_STATUS(rdb_multimap_contains(table, RDB_SLICE("a"), RDB_SLICE("3"), &err), RDB_NOT_FOUND);

  CASE("all values of a key come in one result");
  REQUIRE_OK(rdb_result_create(&result, &err));
  CHECK_OK(rdb_multimap_get(table, RDB_SLICE("a"), result, &err));
  CHECK(rdb_result_count(result) == 2);
  CHECK_OK(rdb_result_at(result, 0, &value, &err));
  CHECK(slice_is(value, "1"));
  CHECK_OK(rdb_result_at(result, 1, &value, &err));
  CHECK(slice_is(value, "2"));
  CHECK_STATUS(rdb_multimap_get(table, RDB_SLICE("c"), result, &err), RDB_NOT_FOUND);
  CHECK(rdb_result_count(result) == 0);
  CHECK_STATUS(rdb_multimap_get(table, RDB_SLICE("a"), NULL, &err), RDB_ERR_MISUSE);
  rdb_result_free(result);

  CASE("a pair goes out alone, a key with all its values");
  CHECK_OK(rdb_multimap_delete(table, RDB_SLICE("a"), RDB_SLICE("1"), &err));
  CHECK_STATUS(rdb_multimap_delete(table, RDB_SLICE("a"), RDB_SLICE("1"), &err), RDB_NOT_FOUND);
  put("a", "3", RDB_OK);
  CHECK_OK(rdb_delete(table, RDB_SLICE("a"), &err));
  CHECK_STATUS(rdb_delete(table, RDB_SLICE("a"), &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_table_len(table, &count, &err));
  CHECK(count == 1);
}

static void batches(void) {
  const rdb_slice keys[4] = {RDB_SLICE("k"), RDB_SLICE("j"), RDB_SLICE("k"), RDB_SLICE("k")};
  const rdb_slice values[4] = {RDB_SLICE("2"), RDB_SLICE("1"), RDB_SLICE("1"), RDB_SLICE("2")};
  const unsigned char packed[] = {1, 0, 0, 0, 1, 0, 0, 0, 'j', '1', 0, 0,
                                  1, 0, 0, 0, 1, 0, 0, 0, 'j', '9', 0, 0};
  const rdb_slice broken = {packed, 14};
  const rdb_slice whole = {packed, sizeof packed};
  rdb_range range = {RDB_SLICE("j"), RDB_SLICE("l"), RDB_BOUND_INCLUDED, RDB_BOUND_EXCLUDED};
  uint64_t count = 77;

  CASE("batches count what they changed");
  CHECK_OK(rdb_put_batch(table, keys, values, 4, 0, &count, &err));
  CHECK(count == 3);
  CHECK_STATUS(rdb_put_batch(table, keys, values, 4, RDB_PUT_INSERT_ONLY, &count, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_OK(rdb_put_batch_packed(table, whole, 0, &count, &err));
  CHECK(count == 1);
  CHECK_OK(rdb_multimap_delete_batch(table, keys, values, 3, &count, &err));
  CHECK(count == 3);
  CHECK_OK(rdb_multimap_delete_batch_packed(table, whole, &count, &err));
  CHECK(count == 1);
  CHECK_OK(rdb_multimap_delete_batch(table, NULL, NULL, 0, &count, &err));
  CHECK(count == 0);
  count = 77;
  CHECK_STATUS(rdb_multimap_delete_batch(table, NULL, values, 3, &count, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_multimap_delete_batch(table, keys, NULL, 3, &count, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_multimap_delete_batch_packed(table, broken, &count, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK(err.position == 1);
  CHECK(count == 77);

  CASE("keys are deleted by batches and by ranges");
  CHECK_OK(rdb_put_batch(table, keys, values, 4, 0, NULL, &err));
  CHECK_OK(rdb_delete_batch(table, keys, 4, &count, &err));
  CHECK(count == 2);
  CHECK_OK(rdb_put_batch(table, keys, values, 4, 0, NULL, &err));
  CHECK_OK(rdb_multimap_drain(table, &range, &count, &err));
  CHECK(count == 2);
  range.upper_bound = 9;
  CHECK_STATUS(rdb_multimap_drain(table, &range, &count, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_OK(rdb_multimap_drain(table, NULL, NULL, &err));
  CHECK_OK(rdb_table_len(table, &count, &err));
  CHECK(count == 0);
}

static void cursors(void) {
  rdb_cursor* cursor;
  rdb_slice key, value, keys[8], values[8];
  size_t filled;
  uint64_t count = 77;
  int i;

  put("a", "1", RDB_OK);
  put("a", "2", RDB_OK);
  put("b", "1", RDB_OK);
  for (i = 0; i < 300; ++i) { /* a subtree */
    char number[16];
    snprintf(number, sizeof number, "%08d", i);
    put("c", number, RDB_OK);
  }
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));

  CASE("a cursor moves over pairs, keys and the values of a key");
  CHECK_STATUS(rdb_cursor_next_value(cursor, &value, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_value_count(cursor, &count, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_next(cursor, &key, &value, &err));
  CHECK(slice_is(key, "a") && slice_is(value, "1"));
  CHECK_OK(rdb_cursor_next_value(cursor, &value, &err));
  CHECK(slice_is(value, "2"));
  CHECK_STATUS(rdb_cursor_next_value(cursor, &value, &err), RDB_END);
  CHECK_OK(rdb_cursor_prev_value(cursor, &value, &err));
  CHECK_STATUS(rdb_cursor_prev_value(cursor, NULL, &err), RDB_END);
  CHECK_OK(rdb_cursor_next_key(cursor, &key, &value, &err));
  CHECK(slice_is(key, "b") && slice_is(value, "1"));
  CHECK_OK(rdb_cursor_prev_key(cursor, &key, &value, &err));
  CHECK(slice_is(key, "a") && slice_is(value, "2"));
  CHECK_STATUS(rdb_cursor_prev_key(cursor, &key, &value, &err), RDB_END);
  CHECK_OK(rdb_cursor_seek_exact(cursor, RDB_SLICE("c"), &key, &value, &err));
  CHECK(slice_is(value, "00000000"));
  CHECK_OK(rdb_cursor_value_count(cursor, &count, &err));
  CHECK(count == 300);
  CHECK_OK(rdb_cursor_last_value(cursor, &value, &err));
  CHECK(slice_is(value, "00000299"));
  CHECK_OK(rdb_cursor_first_value(cursor, &value, &err));
  CHECK(slice_is(value, "00000000"));
  CHECK_OK(rdb_cursor_seek_pair(cursor, RDB_SLICE("a"), RDB_SLICE("15"), &key, &value, &err));
  CHECK(slice_is(key, "a") && slice_is(value, "2"));
  CHECK_OK(rdb_cursor_seek_pair(cursor, RDB_SLICE("a"), RDB_SLICE("3"), &key, &value, &err));
  CHECK(slice_is(key, "b"));
  CHECK_STATUS(rdb_cursor_seek_pair(cursor, RDB_SLICE("c"), RDB_SLICE("1"), &key, &value, &err),
               RDB_NOT_FOUND);
  CHECK_STATUS(rdb_cursor_value_count(cursor, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_next_key(NULL, &key, &value, &err), RDB_ERR_MISUSE);

  CASE("deleting under the cursor leaves it between the neighbours");
  CHECK_OK(rdb_cursor_seek_pair(cursor, RDB_SLICE("c"), RDB_SLICE("00000010"), &key, &value, &err));
  CHECK_OK(rdb_cursor_delete(cursor, &err));
  CHECK_STATUS(rdb_cursor_get(cursor, &key, &value, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_cursor_delete(cursor, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_next(cursor, &key, &value, &err));
  CHECK(slice_is(value, "00000011"));
  CHECK_OK(rdb_cursor_get(cursor, &key, &value, &err));
  CHECK(slice_is(key, "c") && slice_is(value, "00000011"));

  CASE("batches of pairs");
  CHECK_OK(rdb_cursor_first(cursor, NULL, NULL, &err));
  CHECK_OK(rdb_cursor_next_batch(cursor, keys, values, 8, &filled, &err));
  CHECK(filled == 8);
  CHECK(slice_is(keys[0], "a") && slice_is(values[0], "2") && slice_is(keys[7], "c"));
  CHECK(slice_is(values[7], "00000005"));
  CHECK_OK(rdb_cursor_close(cursor, &err));
}

static void kinds(void) {
  rdb_table* plain = open_table(txn, "plain");
  rdb_cursor* cursor;
  rdb_result* result;
  rdb_value* pinned;
  rdb_slice key = RDB_SLICE("a"), value;
  size_t size;
  uint64_t count;

  CASE("what is about one kind of table is refused by the other");
  REQUIRE_OK(rdb_result_create(&result, &err));
  CHECK_STATUS(rdb_get_pin(table, key, &pinned, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK_STATUS(rdb_get_into(table, key, NULL, 0, &size, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK_STATUS(rdb_get_batch(table, &key, 1, result, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK_STATUS(rdb_get_batch_packed(table, RDB_SLICE(""), result, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK_STATUS(rdb_pop_first(table, NULL, NULL, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK_STATUS(rdb_pop_last(table, NULL, NULL, &err), RDB_ERR_TABLE_IS_MULTIMAP);
  CHECK_STATUS(rdb_multimap_key_count(plain, &count, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_multimap_value_count(plain, key, &count, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_multimap_get(plain, key, result, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_multimap_contains(plain, key, key, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_multimap_delete(plain, key, key, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_multimap_delete_batch(plain, &key, &key, 1, &count, &err),
               RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_multimap_drain(plain, NULL, &count, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  REQUIRE_OK(rdb_cursor_open(plain, &cursor, &err));
  CHECK_STATUS(rdb_cursor_seek_pair(cursor, key, key, &key, &value, &err),
               RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_cursor_next_key(cursor, NULL, NULL, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_cursor_prev_key(cursor, NULL, NULL, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_cursor_next_value(cursor, NULL, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_cursor_prev_value(cursor, NULL, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_cursor_first_value(cursor, NULL, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_cursor_last_value(cursor, NULL, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_STATUS(rdb_cursor_value_count(cursor, &count, &err), RDB_ERR_TABLE_NOT_MULTIMAP);
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(plain, &err));
  rdb_result_free(result);
}

static void after_the_end(void) {
  rdb_table_stats_info stats = RDB_TABLE_STATS_INFO_INIT;
  rdb_cursor* cursor;
  rdb_slice value;
  uint64_t count;

  CASE("a reader's multimap changes nothing, and closed ones say so");
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
  CHECK_OK(rdb_cursor_first(cursor, NULL, NULL, &err));
  REQUIRE_OK(rdb_txn_commit(txn, &err));
  CHECK_STATUS(rdb_cursor_next_value(cursor, &value, &err), RDB_ERR_CLOSED);
  CHECK_STATUS(rdb_cursor_next(cursor, NULL, &value, &err), RDB_ERR_CLOSED);
  CHECK_STATUS(rdb_cursor_get(cursor, NULL, &value, &err), RDB_ERR_CLOSED);
  CHECK_STATUS(rdb_cursor_value_count(cursor, &count, &err), RDB_ERR_CLOSED);
  CHECK_STATUS(rdb_multimap_key_count(table, &count, &err), RDB_ERR_CLOSED);
  CHECK_STATUS(rdb_multimap_delete(table, RDB_SLICE("a"), RDB_SLICE("1"), &err), RDB_ERR_CLOSED);
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_cursor_close(cursor, &err));
  txn = begin(db, RDB_TXN_READ);
  REQUIRE_OK(rdb_multimap_open(txn, RDB_SLICE("m"), &text, &text, &table, &err));
  CHECK_STATUS(rdb_put(table, RDB_SLICE("a"), RDB_SLICE("9"), 0, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_multimap_delete(table, RDB_SLICE("a"), RDB_SLICE("1"), &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_multimap_drain(table, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_table_stats(table, NULL, &stats, &err));
  CHECK(stats.entries == 302 && stats.branch_pages == 1 && stats.leaf_pages == 1);
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
}

int main(void) {
  db = memory_db();
  txn = begin(db, RDB_TXN_WRITE);
  opening();
  pairs();
  batches();
  cursors();
  kinds();
  after_the_end();
  CHECK_OK(rdb_close(db, &err));
  return check_result();
}
