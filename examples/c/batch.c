/* batch.c: a table of numbers and texts; loading, reading and deleting many records at once. */
#include "example.h"

enum { RECORDS = 100000, BATCH = 1000 };

/* A key of type u64 as it is stored: eight bytes, the lowest first. */
typedef struct {
  unsigned char bytes[8];
} number;

static number encode(uint64_t value) {
  number encoded;
  int i;
  for (i = 0; i < 8; ++i) encoded.bytes[i] = (unsigned char)(value >> 8 * i & 0xff);
  return encoded;
}

static uint64_t decode(rdb_slice bytes) {
  uint64_t value = 0;
  size_t i;
  for (i = 0; i < bytes.size; ++i)
    value |= (uint64_t)((const unsigned char*)bytes.data)[i] << 8 * i;
  return value;
}

static rdb_slice slice_of(const number* encoded) {
  rdb_slice slice;
  slice.data = encoded->bytes;
  slice.size = sizeof encoded->bytes;
  return slice;
}

static rdb_table* open_numbers(rdb_txn* txn) {
  const rdb_type key = RDB_TYPE_INIT("u64"), value = RDB_TYPE_INIT("&str");
  rdb_table* table;
  ok(rdb_table_open(txn, text("numbers"), &key, &value, &table, &err));
  return table;
}

/* Stores the records from first on, up to a batch of them. */
static uint64_t load_batch(rdb_table* table, uint64_t first) {
  static number keys[BATCH];
  static char texts[BATCH][32];
  static rdb_slice key_slices[BATCH], text_slices[BATCH];
  uint64_t written;
  size_t i;
  for (i = 0; i < BATCH; ++i) {
    keys[i] = encode(first + i);
    snprintf(texts[i], sizeof texts[i], "number %d", (int)(first + i));
    key_slices[i] = slice_of(&keys[i]);
    text_slices[i] = text(texts[i]);
  }
  ok(rdb_put_batch(table, key_slices, text_slices, BATCH, 0, &written, &err));
  return written;
}

/* Three keys asked for in one call. */
static void show_some(rdb_table* table) {
  const uint64_t wanted[3] = {7, 99999, 100000};
  number keys[3];
  rdb_slice slices[3], value;
  rdb_result* result;
  size_t i;
  for (i = 0; i < 3; ++i) {
    keys[i] = encode(wanted[i]);
    slices[i] = slice_of(&keys[i]);
  }
  ok(rdb_result_create(&result, &err));
  ok(rdb_get_batch(table, slices, 3, result, &err));
  for (i = 0; i < 3; ++i) {
    const int found = ok(rdb_result_at(result, i, &value, &err)) == RDB_OK;
    printf("%d: %.*s\n", (int)wanted[i], found ? (int)value.size : 9,
           found ? (const char*)value.data : "not there");
  }
  rdb_result_free(result);
}

/* Numbers are in order of value, though the lowest byte comes first. */
static void show_range(rdb_table* table, uint64_t from, uint64_t to) {
  const number lower = encode(from), upper = encode(to);
  const rdb_range range = {slice_of(&lower), slice_of(&upper), RDB_BOUND_INCLUDED,
                           RDB_BOUND_INCLUDED};
  rdb_cursor* cursor;
  rdb_slice key;
  printf("from %d to %d:", (int)from, (int)to);
  ok(rdb_cursor_open(table, &cursor, &err));
  ok(rdb_cursor_set_range(cursor, &range, &err));
  while (ok(rdb_cursor_next(cursor, &key, NULL, &err)) == RDB_OK) printf(" %d", (int)decode(key));
  printf("\n");
  ok(rdb_cursor_close(cursor, &err));
}

/* Every second one, a batch at a time. */
static uint64_t delete_even(rdb_table* table) {
  number keys[BATCH];
  rdb_slice slices[BATCH];
  uint64_t first, deleted, all = 0;
  size_t i;
  for (first = 0; first < RECORDS; first += 2 * BATCH) {
    for (i = 0; i < BATCH; ++i) {
      keys[i] = encode(first + 2 * i);
      slices[i] = slice_of(&keys[i]);
    }
    ok(rdb_delete_batch(table, slices, BATCH, &deleted, &err));
    all += deleted;
  }
  return all;
}

int main(void) {
  rdb_db* db = open_database("numbers.rdb");
  rdb_txn* txn = begin(db, RDB_TXN_WRITE);
  rdb_table* numbers = open_numbers(txn);
  uint64_t first, loaded = 0, left;

  for (first = 0; first < RECORDS; first += BATCH) loaded += load_batch(numbers, first);
  printf("loaded %d\n", (int)loaded);
  show_some(numbers);
  show_range(numbers, 255, 257);
  printf("deleted %d\n", (int)delete_even(numbers));
  ok(rdb_table_len(numbers, &left, &err));
  printf("left %d\n", (int)left);

  ok(rdb_table_close(numbers, &err));
  ok(rdb_txn_commit(txn, &err));
  ok(rdb_close(db, &err));
  return 0;
}
