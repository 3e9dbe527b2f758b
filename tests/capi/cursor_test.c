/* cursor_test.c: moving, searching, ranges, batches and deletes with cursors. */
#include "check.h"

static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;
static rdb_cursor* cursor;
static rdb_slice key, value;

static void moves(void) {
  int seen = 0;
  rdb_status status;
  CASE("a fresh cursor stands before the first entry");
  CHECK_STATUS(rdb_cursor_get(cursor, &key, &value, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_next(cursor, &key, &value, &err));
  CHECK(slice_is(key, "k000") && slice_is(value, "v000"));
  CHECK_OK(rdb_cursor_get(cursor, &key, &value, &err));
  CHECK(slice_is(key, "k000") && slice_is(value, "v000"));
  CASE("the ends are told, and the way back is open");
  CHECK_STATUS(rdb_cursor_prev(cursor, &key, &value, &err), RDB_END);
  CHECK_OK(rdb_cursor_next(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k000"));
  CHECK_OK(rdb_cursor_last(cursor, NULL, &value, &err));
  CHECK(slice_is(value, "v299"));
  CHECK_STATUS(rdb_cursor_next(cursor, NULL, NULL, &err), RDB_END);
  CHECK_STATUS(rdb_cursor_get(cursor, NULL, NULL, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_prev(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k299"));
  CASE("every entry is met once, in both directions");
  for (status = rdb_cursor_first(cursor, &key, &value, &err); status == RDB_OK;
       status = rdb_cursor_next(cursor, &key, &value, &err)) {
    ++seen;
  }
  CHECK(status == RDB_END && seen == 300);
  for (status = rdb_cursor_last(cursor, &key, &value, &err); status == RDB_OK;
       status = rdb_cursor_prev(cursor, &key, &value, &err)) {
    --seen;
  }
  CHECK(status == RDB_END && seen == 0);
}

static void searches(void) {
  CASE("seek goes to the key or the one behind, seek_le to the one before");
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k010"), &key, NULL, &err));
  CHECK(slice_is(key, "k010"));
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k0105"), &key, NULL, &err));
  CHECK(slice_is(key, "k011"));
  CHECK_STATUS(rdb_cursor_seek(cursor, RDB_SLICE("z"), &key, NULL, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_seek_exact(cursor, RDB_SLICE("k020"), &key, &value, &err));
  CHECK(slice_is(value, "v020"));
  CHECK_STATUS(rdb_cursor_seek_exact(cursor, RDB_SLICE("k0205"), &key, NULL, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_seek_le(cursor, RDB_SLICE("k0305"), &key, NULL, &err));
  CHECK(slice_is(key, "k030"));
  CHECK_STATUS(rdb_cursor_seek_le(cursor, RDB_SLICE("a"), &key, NULL, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_cursor_seek(cursor, (rdb_slice){NULL, 1}, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_seek_exact(cursor, (rdb_slice){NULL, 1}, NULL, NULL, &err),
               RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_seek_le(cursor, (rdb_slice){NULL, 1}, NULL, NULL, &err), RDB_ERR_MISUSE);
}

static void ranges(void) {
  rdb_range range = {RDB_SLICE("k010"), RDB_SLICE("k013"), RDB_BOUND_EXCLUDED, RDB_BOUND_INCLUDED};
  CASE("a range confines every move and search");
  CHECK_OK(rdb_cursor_set_range(cursor, &range, &err));
  CHECK_OK(rdb_cursor_next(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k011"));
  CHECK_STATUS(rdb_cursor_prev(cursor, NULL, NULL, &err), RDB_END);
  CHECK_OK(rdb_cursor_last(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k013"));
  CHECK_STATUS(rdb_cursor_next(cursor, NULL, NULL, &err), RDB_END);
  CHECK_STATUS(rdb_cursor_seek_exact(cursor, RDB_SLICE("k010"), NULL, NULL, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_cursor_seek(cursor, RDB_SLICE("k014"), NULL, NULL, &err), RDB_NOT_FOUND);
  range.lower_bound = RDB_BOUND_NONE;
  range.lower = (rdb_slice){NULL, 9}; /* not looked at */
  range.upper_bound = RDB_BOUND_EXCLUDED;
  CHECK_OK(rdb_cursor_set_range(cursor, &range, &err));
  CHECK_OK(rdb_cursor_last(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k012"));
  range.upper_bound = 3;
  CHECK_STATUS(rdb_cursor_set_range(cursor, &range, &err), RDB_ERR_INVALID_ARGUMENT);
  range.upper_bound = RDB_BOUND_INCLUDED;
  range.upper = (rdb_slice){NULL, 9};
  CHECK_STATUS(rdb_cursor_set_range(cursor, &range, &err), RDB_ERR_MISUSE);
  CASE("no range is the whole table again");
  CHECK_OK(rdb_cursor_set_range(cursor, NULL, &err));
  CHECK_OK(rdb_cursor_last(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k299"));
}

static void slice_batches(void) {
  rdb_slice keys[400], values[400];
  size_t count = 0, seen = 0, i;
  char expected[8];
  rdb_status status;
  CASE("batches of slices meet every entry once");
  CHECK_OK(rdb_cursor_set_range(cursor, NULL, &err));
  while ((status = rdb_cursor_next_batch(cursor, keys, values, 400, &count, &err)) == RDB_OK) {
    CHECK(count >= 1 && count <= 400);
    for (i = 0; i < count; ++i, ++seen) {
      snprintf(expected, sizeof expected, "k%03d", (int)seen);
      CHECK(slice_is(keys[i], expected));
      expected[0] = 'v';
      CHECK(slice_is(values[i], expected));
    }
  }
  CHECK(status == RDB_END && count == 0 && seen == 300);
  CASE("a batch starts behind the cursor and leaves it on its last entry");
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k100"), NULL, NULL, &err));
  CHECK_OK(rdb_cursor_next_batch(cursor, keys, NULL, 2, &count, &err));
  CHECK(count >= 1 && slice_is(keys[0], "k101"));
  snprintf(expected, sizeof expected, "k%03d", 100 + (int)(count % 800));
  CHECK_OK(rdb_cursor_get(cursor, &key, NULL, &err));
  CHECK(slice_is(key, expected));
  count = 77;
  CHECK_STATUS(rdb_cursor_next_batch(cursor, NULL, NULL, 2, &count, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_next_batch(cursor, keys, NULL, 2, NULL, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_next_batch(cursor, keys, NULL, 0, &count, &err),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK(count == 77);
}

static void packed_batches(void) {
  static unsigned char buffer[1000];
  size_t size = 0, count = 0, seen = 0, i;
  char expected[12];
  rdb_status status;
  CASE("packed batches hold size, size, key, value, each 16 bytes here");
  CHECK_OK(rdb_cursor_set_range(cursor, NULL, &err));
  while ((status = rdb_cursor_next_batch_packed(cursor, buffer, sizeof buffer, 0, &size, &count,
                                                &err)) == RDB_OK) {
    CHECK(count >= 1 && size == count * 16 && size <= sizeof buffer);
    for (i = 0; i < count; ++i, ++seen) {
      snprintf(expected, sizeof expected, "k%03dv%03d", (int)seen, (int)seen);
      CHECK(memcmp(buffer + 16 * i, "\4\0\0\0\4\0\0\0", 8) == 0);
      CHECK(memcmp(buffer + 16 * i + 8, expected, 8) == 0);
    }
  }
  CHECK(status == RDB_END && size == 0 && count == 0 && seen == 300);
  CASE("a record that does not fit is told by its size, and waits");
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k007"), NULL, NULL, &err));
  CHECK_STATUS(rdb_cursor_next_batch_packed(cursor, buffer, 15, 0, &size, &count, &err), RDB_MORE);
  CHECK(size == 16 && count == 0);
  CHECK_STATUS(rdb_cursor_next_batch_packed(cursor, NULL, 0, 0, &size, &count, &err), RDB_MORE);
  CHECK_OK(rdb_cursor_next_batch_packed(cursor, buffer, 16, 0, &size, &count, &err));
  CHECK(size == 16 && count == 1 && memcmp(buffer + 8, "k008", 4) == 0);
  CASE("a batch that meets the end of table or range leaves the cursor on its last record");
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k297"), NULL, NULL, &err));
  CHECK_OK(rdb_cursor_next_batch_packed(cursor, buffer, sizeof buffer, 0, &size, &count, &err));
  CHECK(count == 2);
  CHECK_OK(rdb_cursor_get(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k299"));
  CHECK_OK(rdb_cursor_set_range(
      cursor,
      &(rdb_range){RDB_SLICE("k100"), RDB_SLICE("k102"), RDB_BOUND_INCLUDED, RDB_BOUND_INCLUDED},
      &err));
  CHECK_OK(rdb_cursor_next_batch_packed(cursor, buffer, sizeof buffer, 0, &size, &count, &err));
  CHECK(count == 3);
  CHECK_OK(rdb_cursor_get(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k102"));
  CHECK_STATUS(rdb_cursor_next_batch_packed(cursor, buffer, sizeof buffer, 0, &size, &count, &err),
               RDB_END);
  CHECK_OK(rdb_cursor_set_range(cursor, NULL, &err));
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k008"), NULL, NULL, &err));
  CASE("max_records is kept");
  CHECK_OK(rdb_cursor_next_batch_packed(cursor, buffer, sizeof buffer, 3, &size, &count, &err));
  CHECK(count >= 1 && count <= 3);
  CHECK_STATUS(rdb_cursor_next_batch_packed(cursor, NULL, 16, 0, &size, &count, &err),
               RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_next_batch_packed(cursor, buffer, 16, 0, NULL, &count, &err),
               RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_cursor_next_batch_packed(cursor, buffer, 16, 0, &size, NULL, &err),
               RDB_ERR_MISUSE);
}

static void changes(void) {
  uint64_t length = 0;
  rdb_cursor* other;
  CASE("deleting under the cursor leaves it between the neighbours");
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k050"), NULL, NULL, &err));
  CHECK_OK(rdb_cursor_delete(cursor, &err));
  CHECK_STATUS(rdb_cursor_delete(cursor, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_cursor_get(cursor, NULL, NULL, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_next(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k051"));
  CHECK_OK(rdb_table_len(table, &length, &err));
  CHECK(length == 299);

  CASE("a change beside the cursor invalidates it until it is placed anew");
  CHECK_OK(rdb_put(table, RDB_SLICE("k0515"), RDB_SLICE("x"), 0, &err));
  CHECK_STATUS(rdb_cursor_next(cursor, &key, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_cursor_seek(cursor, RDB_SLICE("k051"), &key, NULL, &err));
  CHECK_OK(rdb_cursor_next(cursor, &key, NULL, &err));
  CHECK(slice_is(key, "k0515"));

  CASE("deleting through one cursor invalidates the other");
  REQUIRE_OK(rdb_cursor_open(table, &other, &err));
  CHECK_OK(rdb_cursor_first(other, NULL, NULL, &err));
  CHECK_OK(rdb_cursor_delete(cursor, &err));
  CHECK_STATUS(rdb_cursor_next(other, NULL, NULL, &err), RDB_ERR_MISUSE);
  CHECK_OK(rdb_cursor_first(other, NULL, NULL, &err));
  CHECK_OK(rdb_cursor_close(other, &err));
}

static void empty(void) {
  rdb_table* none = open_table(txn, "none");
  rdb_cursor* over;
  REQUIRE_OK(rdb_cursor_open(none, &over, &err));
  CASE("an empty table has only ends");
  CHECK_STATUS(rdb_cursor_first(over, NULL, NULL, &err), RDB_END);
  CHECK_STATUS(rdb_cursor_last(over, NULL, NULL, &err), RDB_END);
  CHECK_STATUS(rdb_cursor_next(over, NULL, NULL, &err), RDB_END);
  CHECK_STATUS(rdb_cursor_prev(over, NULL, NULL, &err), RDB_END);
  CHECK_STATUS(rdb_cursor_seek(over, RDB_SLICE(""), NULL, NULL, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_cursor_delete(over, &err), RDB_NOT_FOUND);
  CHECK_OK(rdb_cursor_close(over, &err));
  CHECK_OK(rdb_table_close(none, &err));
}

/* What both kinds of transaction do alike. */
static void look_around(uint32_t kind) {
  txn = begin(db, kind);
  table = open_table(txn, "t");
  CHECK_STATUS(rdb_cursor_open(table, NULL, &err), RDB_ERR_MISUSE);
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
  moves();
  searches();
  ranges();
  slice_batches();
  packed_batches();
}
static void done(void) {
  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
}

int main(void) {
  db = memory_db();
  fill(db, "t", 300);
  look_around(RDB_TXN_READ);
  done();
  look_around(RDB_TXN_WRITE);
  changes();
  empty();
  done();
  CHECK_OK(rdb_close(db, &err));
  return check_result();
}
