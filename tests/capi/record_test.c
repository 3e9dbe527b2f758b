/* record_test.c: single records in and out, in all three value forms. */
#include "check.h"

static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;

static void put_and_get(void) {
  char buffer[8];
  size_t size = 77;
  rdb_value* value = WRONG(rdb_value, &err);
  const rdb_slice nothing = {NULL, 0};
  const rdb_slice broken = {NULL, 1};

  CASE("a value comes back by copy and by pin");
  CHECK_OK(rdb_put(table, RDB_SLICE("key"), RDB_SLICE("value"), 0, &err));
  memset(buffer, '.', sizeof buffer);
  CHECK_OK(rdb_get_into(table, RDB_SLICE("key"), buffer, sizeof buffer, &size, &err));
  CHECK(size == 5 && memcmp(buffer, "value...", 8) == 0);
  CHECK_OK(rdb_get_pin(table, RDB_SLICE("key"), &value, &err));
  CHECK(slice_is(rdb_value_data(value), "value"));
  rdb_value_free(value);
  CHECK_OK(rdb_contains(table, RDB_SLICE("key"), &err));

  CASE("a buffer too small is told the size, and left alone");
  memset(buffer, '.', sizeof buffer);
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("key"), buffer, 4, &size, &err), RDB_MORE);
  CHECK(size == 5 && memcmp(buffer, "....", 4) == 0);
  size = 0;
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("key"), NULL, 0, &size, &err), RDB_MORE);
  CHECK(size == 5);

  CASE("an absent key leaves the outputs alone");
  size = 77;
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("none"), buffer, 8, &size, &err), RDB_NOT_FOUND);
  CHECK(size == 77);
  value = WRONG(rdb_value, &err);
  CHECK_STATUS(rdb_get_pin(table, RDB_SLICE("none"), &value, &err), RDB_NOT_FOUND);
  CHECK(value == NULL);
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("none"), &err), RDB_NOT_FOUND);

  CASE("the empty key and the empty value are ordinary ones");
  CHECK_OK(rdb_put(table, nothing, nothing, 0, &err));
  CHECK_OK(rdb_contains(table, RDB_SLICE(""), &err));
  CHECK_OK(rdb_get_into(table, nothing, NULL, 0, &size, &err));
  CHECK(size == 0);
  CHECK_OK(rdb_get_pin(table, nothing, &value, &err));
  CHECK(rdb_value_data(value).size == 0);
  rdb_value_free(value);
  CHECK_OK(rdb_delete(table, nothing, &err));

  CASE("NULL where bytes should be is misuse");
  CHECK_STATUS(rdb_put(table, broken, nothing, 0, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_put(table, nothing, broken, 0, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_contains(table, broken, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_delete(table, broken, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_get_into(table, broken, buffer, 8, &size, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("key"), NULL, 8, &size, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_get_into(table, RDB_SLICE("key"), buffer, 8, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_get_pin(table, RDB_SLICE("key"), NULL, &err), RDB_ERR_MISUSE);
}

static void flags(void) {
  size_t size;
  char buffer[8];
  CASE("insert only and update only keep their word");
  CHECK_OK(rdb_put(table, RDB_SLICE("f"), RDB_SLICE("1"), RDB_PUT_INSERT_ONLY, &err));
  CHECK_STATUS(rdb_put(table, RDB_SLICE("f"), RDB_SLICE("2"), RDB_PUT_INSERT_ONLY, &err),
               RDB_EXISTS);
  CHECK_OK(rdb_put(table, RDB_SLICE("f"), RDB_SLICE("3"), RDB_PUT_UPDATE_ONLY, &err));
  CHECK_STATUS(rdb_put(table, RDB_SLICE("g"), RDB_SLICE("4"), RDB_PUT_UPDATE_ONLY, &err),
               RDB_NOT_FOUND);
  CHECK_OK(rdb_get_into(table, RDB_SLICE("f"), buffer, sizeof buffer, &size, &err));
  CHECK(buffer[0] == '3');
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("g"), &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_put(table, RDB_SLICE("f"), RDB_SLICE("5"), 3, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_put(table, RDB_SLICE("f"), RDB_SLICE("5"), 4, &err), RDB_ERR_INVALID_ARGUMENT);
  CASE("a delete finds a key once");
  CHECK_OK(rdb_delete(table, RDB_SLICE("f"), &err));
  CHECK_STATUS(rdb_delete(table, RDB_SLICE("f"), &err), RDB_NOT_FOUND);
}

static void limits(void) {
  /* Sizes are looked at before the bytes are. */
  const rdb_slice oversize = {"x", (size_t)3221225473u};
  CASE("a key or value above the format's limit is refused");
  CHECK_STATUS(rdb_put(table, oversize, RDB_SLICE("v"), 0, &err), RDB_ERR_TOO_LARGE);
  CHECK_STATUS(rdb_put(table, RDB_SLICE("k"), oversize, 0, &err), RDB_ERR_TOO_LARGE);
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("k"), &err), RDB_NOT_FOUND);
}

static void pop(void) {
  rdb_value *key = NULL, *value = NULL;
  uint64_t length = 0;
  rdb_table* queue = open_table(txn, "queue");
  CHECK_OK(rdb_put(queue, RDB_SLICE("a"), RDB_SLICE("1"), 0, &err));
  CHECK_OK(rdb_put(queue, RDB_SLICE("b"), RDB_SLICE("2"), 0, &err));
  CHECK_OK(rdb_put(queue, RDB_SLICE("c"), RDB_SLICE("3"), 0, &err));
  CASE("pop takes records from both ends");
  CHECK_OK(rdb_pop_first(queue, &key, &value, &err));
  CHECK(slice_is(rdb_value_data(key), "a") && slice_is(rdb_value_data(value), "1"));
  rdb_value_free(key);
  rdb_value_free(value);
  CHECK_OK(rdb_pop_last(queue, &key, NULL, &err));
  CHECK(slice_is(rdb_value_data(key), "c"));
  rdb_value_free(key);
  CHECK_OK(rdb_pop_last(queue, NULL, &value, &err));
  CHECK(slice_is(rdb_value_data(value), "2"));
  rdb_value_free(value);
  CASE("an empty table has nothing to pop");
  CHECK_STATUS(rdb_pop_first(queue, &key, &value, &err), RDB_NOT_FOUND);
  CHECK(key == NULL && value == NULL);
  CHECK_STATUS(rdb_pop_last(queue, NULL, NULL, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_table_len(queue, &length, &err));
  CHECK(length == 0);
  CHECK_OK(rdb_table_close(queue, &err));
}

static void pins(void) {
  rdb_txn *reader, *writer;
  rdb_table *seen, *changed;
  rdb_value *old, *large;
  static char bytes[300000];
  rdb_slice got;
  int i;
  memset(bytes, 'L', sizeof bytes);
  writer = begin(db, RDB_TXN_WRITE);
  changed = open_table(writer, "pins");
  CHECK_OK(rdb_put(changed, RDB_SLICE("k"), RDB_SLICE("first"), 0, &err));
  CHECK_OK(rdb_put(changed, RDB_SLICE("large"), (rdb_slice){bytes, sizeof bytes}, 0, &err));
  CHECK_OK(rdb_table_close(changed, &err));
  CHECK_OK(rdb_txn_commit(writer, &err));
  reader = begin(db, RDB_TXN_READ);
  seen = open_table(reader, "pins");
  REQUIRE_OK(rdb_get_pin(seen, RDB_SLICE("k"), &old, &err));
  REQUIRE_OK(rdb_get_pin(seen, RDB_SLICE("large"), &large, &err));
  CHECK_OK(rdb_table_close(seen, &err));
  CHECK_OK(rdb_txn_abort(reader, &err));

  CASE("a pin keeps its bytes while the key is overwritten again and again");
  for (i = 0; i < 20; ++i) {
    writer = begin(db, RDB_TXN_WRITE);
    changed = open_table(writer, "pins");
    CHECK_OK(rdb_put(changed, RDB_SLICE("k"), RDB_SLICE("later"), 0, &err));
    CHECK_OK(rdb_delete_batch(changed, NULL, 0, NULL, &err));
    if (i == 5) CHECK_OK(rdb_delete(changed, RDB_SLICE("large"), &err));
    CHECK_OK(rdb_table_close(changed, &err));
    CHECK_OK(rdb_txn_commit(writer, &err));
  }
  CHECK(slice_is(rdb_value_data(old), "first"));
  got = rdb_value_data(large);
  CHECK(got.size == sizeof bytes && memcmp(got.data, bytes, sizeof bytes) == 0);

  CASE("and after the database is closed");
  CHECK_OK(rdb_close(db, &err));
  CHECK(slice_is(rdb_value_data(old), "first"));
  got = rdb_value_data(large);
  CHECK(got.size == sizeof bytes && memcmp(got.data, bytes, sizeof bytes) == 0);
  rdb_value_free(old);
  rdb_value_free(large);
}

int main(void) {
  db = memory_db();
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  put_and_get();
  flags();
  limits();
  pop();
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_commit(txn, &err));
  pins();
  return check_result();
}
