/* batch_test.c: many records in one call, as slices and packed. */
#include "check.h"

static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;
static rdb_result* result;

/* Packed bytes under construction. */
static unsigned char packed[1024];
static size_t packed_size;

static void add_u32(uint32_t value) {
  packed[packed_size++] = (unsigned char)(value & 255);
  packed[packed_size++] = (unsigned char)(value >> 8 & 255);
  packed[packed_size++] = (unsigned char)(value >> 16 & 255);
  packed[packed_size++] = (unsigned char)(value >> 24);
}
static void add_text(const char* text) {
  memcpy(packed + packed_size, text, strlen(text));
  packed_size += strlen(text);
}
static void add_padding(void) {
  while (packed_size % 4 != 0) packed[packed_size++] = 0;
}
static void add_key(const char* key) {
  add_u32((uint32_t)strlen(key));
  add_text(key);
  add_padding();
}
static void add_record(const char* key, const char* value) {
  add_u32((uint32_t)strlen(key));
  add_u32((uint32_t)strlen(value));
  add_text(key);
  add_text(value);
  add_padding();
}
static rdb_slice packed_slice(void) { return (rdb_slice){packed, packed_size}; }

static void by_slices(void) {
  rdb_slice keys[4] = {RDB_SLICE("a"), RDB_SLICE("b"), RDB_SLICE("c"), RDB_SLICE("")};
  rdb_slice values[4] = {RDB_SLICE("1"), RDB_SLICE("22222"), RDB_SLICE(""), RDB_SLICE("empty")};
  rdb_slice value;
  uint64_t count = 77;

  CASE("records go in and come back in the order of their keys");
  CHECK_OK(rdb_put_batch(table, keys, values, 4, 0, &count, &err));
  CHECK(count == 4);
  keys[2] = RDB_SLICE("none");
  CHECK_OK(rdb_get_batch(table, keys, 4, result, &err));
  CHECK(rdb_result_count(result) == 4);
  CHECK_OK(rdb_result_at(result, 0, &value, &err));
  CHECK(slice_is(value, "1"));
  CHECK_OK(rdb_result_at(result, 1, &value, &err));
  CHECK(slice_is(value, "22222"));
  value = RDB_SLICE("untouched");
  CHECK_STATUS(rdb_result_at(result, 2, &value, &err), RDB_NOT_FOUND);
  CHECK(slice_is(value, "untouched"));
  CHECK_OK(rdb_result_at(result, 3, &value, &err));
  CHECK(slice_is(value, "empty"));
  CHECK_STATUS(rdb_result_at(result, 4, &value, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_result_at(result, 0, NULL, &err), RDB_ERR_MISUSE);

  CASE("flags pass records over, and the count tells how many were stored");
  keys[2] = RDB_SLICE("new");
  CHECK_OK(rdb_put_batch(table, keys, values, 4, RDB_PUT_INSERT_ONLY, &count, &err));
  CHECK(count == 1);
  keys[0] = RDB_SLICE("none");
  CHECK_OK(rdb_put_batch(table, keys, values, 4, RDB_PUT_UPDATE_ONLY, &count, &err));
  CHECK(count == 3);

  CASE("a batch stops at its first error and names the record");
  count = 77;
  keys[0] = RDB_SLICE("before");
  keys[1] = (rdb_slice){NULL, 3};
  keys[2] = RDB_SLICE("behind");
  CHECK_STATUS(rdb_put_batch(table, keys, values, 4, 0, &count, &err), RDB_ERR_MISUSE);
  CHECK(err.position == 1 && count == 77);
  CHECK_OK(rdb_contains(table, RDB_SLICE("before"), &err));
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("behind"), &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_get_batch(table, keys, 4, result, &err), RDB_ERR_MISUSE);
  CHECK(err.position == 1 && rdb_result_count(result) == 0);
  CHECK_STATUS(rdb_delete_batch(table, keys, 4, &count, &err), RDB_ERR_MISUSE);
  CHECK(err.position == 1 && count == 77);
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("before"), &err), RDB_NOT_FOUND);

  CASE("an empty batch is one; missing arrays and unknown flags are not");
  CHECK_OK(rdb_put_batch(table, NULL, NULL, 0, 0, &count, &err));
  CHECK(count == 0);
  CHECK_OK(rdb_get_batch(table, NULL, 0, result, &err));
  CHECK(rdb_result_count(result) == 0);
  CHECK_STATUS(rdb_put_batch(table, NULL, values, 1, 0, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_put_batch(table, values, NULL, 1, 0, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_put_batch(table, values, values, 1, 8, NULL, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_get_batch(table, NULL, 1, result, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_delete_batch(table, NULL, 1, NULL, &err), RDB_ERR_MISUSE);

  CASE("deletes count what was there");
  keys[0] = RDB_SLICE("a");
  keys[1] = RDB_SLICE("none");
  keys[2] = RDB_SLICE("a");
  keys[3] = RDB_SLICE("b");
  CHECK_OK(rdb_delete_batch(table, keys, 4, &count, &err));
  CHECK(count == 2);
}

static void wrong_width(void) {
  const rdb_type u64 = RDB_TYPE_INIT("u64");
  rdb_table* numbers;
  const uint64_t number = 1;
  rdb_slice keys[3] = {{&number, 8}, {&number, 8}, {&number, 4}};
  REQUIRE_OK(rdb_table_open(txn, RDB_SLICE("numbers"), &u64, NULL, &numbers, &err));
  CASE("the core's refusal of one key names its index too");
  CHECK_STATUS(rdb_get_batch(numbers, keys, 3, result, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(err.position == 2 && rdb_result_count(result) == 0);
  CHECK_STATUS(rdb_put_batch(numbers, keys, keys, 3, 0, NULL, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(err.position == 2);
  CHECK_STATUS(rdb_delete_batch(numbers, keys + 1, 2, NULL, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(err.position == 1);
  CHECK_OK(rdb_table_close(numbers, &err));
}

static void by_packed(void) {
  uint64_t count = 77;
  size_t size = 0, i;
  unsigned char out[256];
  unsigned char guarded[256];

  CASE("packed records go in, packed keys get packed answers");
  packed_size = 0;
  add_record("pa", "x");
  add_record("pbb", "yyyy");
  add_record("", "");
  CHECK_OK(rdb_put_batch_packed(table, packed_slice(), 0, &count, &err));
  CHECK(count == 3);
  packed_size = 0;
  add_key("pbb");
  add_key("pc");
  add_key("");
  add_key("pa");
  CHECK_OK(rdb_get_batch_packed(table, packed_slice(), result, &err));
  CHECK(rdb_result_count(result) == 4);

  packed_size = 0;
  add_u32(4);
  add_text("yyyy");
  add_u32(0xffffffffu);
  add_u32(0);
  add_u32(1);
  add_text("x");
  add_padding();
  CHECK_STATUS(rdb_result_pack(result, NULL, 0, &size, &err), RDB_MORE);
  CHECK(size == packed_size);
  memset(out, 0x77, sizeof out);
  CHECK_STATUS(rdb_result_pack(result, out, packed_size - 1, &size, &err), RDB_MORE);
  CHECK(out[0] == 0x77);
  CHECK_OK(rdb_result_pack(result, out, sizeof out, &size, &err));
  CHECK(size == packed_size && memcmp(out, packed, packed_size) == 0 && out[size] == 0x77);
  CHECK_STATUS(rdb_result_pack(result, out, sizeof out, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_result_pack(result, NULL, 8, &size, &err), RDB_ERR_MISUSE);

  CASE("packed keys at an odd address work");
  packed_size = 0;
  add_key("pbb");
  memcpy(guarded + 1, packed, packed_size);
  CHECK_OK(rdb_get_batch_packed(table, (rdb_slice){guarded + 1, packed_size}, result, &err));
  CHECK(rdb_result_count(result) == 1);

  CASE("bytes cut anywhere are refused at the record they end in");
  packed_size = 0;
  add_record("q", "12345");
  add_record("r", "1");
  for (i = packed_size - 1; i > 16; --i) {
    packed_size = i;
    CHECK_STATUS(rdb_put_batch_packed(table, packed_slice(), 0, &count, &err),
                 RDB_ERR_INVALID_ARGUMENT);
    CHECK(err.position == 1);
  }
  CHECK_OK(rdb_contains(table, RDB_SLICE("q"), &err));
  CHECK_STATUS(rdb_contains(table, RDB_SLICE("r"), &err), RDB_NOT_FOUND);
  packed_size = 0;
  add_u32(0xffffffffu);
  add_u32(0xffffffffu);
  CHECK_STATUS(rdb_put_batch_packed(table, packed_slice(), 0, &count, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_get_batch_packed(table, packed_slice(), result, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(err.position == 0 && rdb_result_count(result) == 0);
  CHECK_STATUS(rdb_delete_batch_packed(table, packed_slice(), &count, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(rdb_get_batch_packed(table, (rdb_slice){NULL, 8}, result, &err), RDB_ERR_MISUSE);

  CASE("packed deletes count what was there");
  packed_size = 0;
  add_key("pa");
  add_key("pz");
  CHECK_OK(rdb_delete_batch_packed(table, packed_slice(), &count, &err));
  CHECK(count == 1);
}

int main(void) {
  db = memory_db();
  txn = begin(db, RDB_TXN_WRITE);
  table = open_table(txn, "t");
  REQUIRE_OK(rdb_result_create(&result, &err));
  CHECK_STATUS(rdb_result_create(NULL, &err), RDB_ERR_MISUSE);
  CHECK(rdb_result_count(result) == 0 && rdb_result_count(NULL) == 0);
  by_slices();
  wrong_width();
  by_packed();
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
  CASE("a result outlives its database");
  CHECK(rdb_result_count(result) == 0);
  rdb_result_free(result);
  rdb_result_free(NULL);
  return check_result();
}
