/* ops_cursor.c: scans and cursors. */
#include <string.h>

#include "driver.h"

/* ---- ranges ---- */

static uint32_t want_bound(line* l, const char* key, const char* bound) {
  static const char* const bounds[] = {"none", "included", "excluded", NULL};
  if (find_member(l, key) == NULL) return RDB_BOUND_NONE;
  want_member(l, bound);
  return find_choice(l, bound, bounds, RDB_BOUND_NONE);
}

const rdb_range* want_range(line* l, const value_type* key, rdb_range* range) {
  memset(range, 0, sizeof *range);
  range->lower_bound = want_bound(l, "lower", "lower_bound");
  range->upper_bound = want_bound(l, "upper", "upper_bound");
  if (range->lower_bound != RDB_BOUND_NONE) range->lower = want_bytes(l, "lower", key);
  if (range->upper_bound != RDB_BOUND_NONE) range->upper = want_bytes(l, "upper", key);
  return range->lower_bound == RDB_BOUND_NONE && range->upper_bound == RDB_BOUND_NONE ? NULL
                                                                                      : range;
}

/* From the prefix up to and without the smallest key behind all that begin so. */
static void prefix_range(line* l, rdb_range* range) {
  const rdb_slice prefix = want_bytes(l, "prefix", &type_bytes);
  unsigned char* end = (unsigned char*)(uintptr_t)copy_slice(l, prefix).data; /* the line's own */
  size_t size = prefix.size;
  while (size != 0 && end[size - 1] == 0xff) --size;
  memset(range, 0, sizeof *range);
  range->lower = prefix;
  range->lower_bound = RDB_BOUND_INCLUDED;
  if (size == 0) return;
  ++end[size - 1];
  range->upper.data = end;
  range->upper.size = size;
  range->upper_bound = RDB_BOUND_EXCLUDED;
}

/* ---- rows under way ---- */

typedef struct gathered {
  rows all;
  size_t room;
} gathered;

static void add_row(line* l, gathered* to, rdb_slice key, rdb_slice value) {
  if (to->all.count == to->room) {
    const size_t room = to->room == 0 ? 64 : 2 * to->room;
    rdb_slice* keys = keep(l, room * sizeof *keys);
    rdb_slice* values = keep(l, room * sizeof *values);
    if (to->room != 0) {
      memcpy(keys, to->all.keys, to->room * sizeof *keys);
      memcpy(values, to->all.values, to->room * sizeof *values);
    }
    to->all.keys = keys;
    to->all.values = values;
    to->room = room;
  }
  to->all.keys[to->all.count] = copy_slice(l, key);
  to->all.values[to->all.count++] = copy_slice(l, value);
}

/* Up to limit more rows in batches. RDB_END only when there was none. */
static rdb_status gather(line* l, rdb_cursor* cursor, size_t limit, gathered* to) {
  enum { BATCH = 100 };
  rdb_slice keys[BATCH], values[BATCH];
  rdb_status status = RDB_OK;
  while (to->all.count < limit) {
    const size_t left = limit - to->all.count;
    size_t count = 0;
    status =
        rdb_cursor_next_batch(cursor, keys, values, left < BATCH ? left : BATCH, &count, &l->err);
    if (status < 0) return status;
    if (status == RDB_END) return to->all.count == 0 ? RDB_END : RDB_OK;
    if (count == 0) fail(l, "a batch of nothing");
    for (size_t i = 0; i < count; ++i) add_row(l, to, keys[i], values[i]);
  }
  return status;
}

static rdb_status gather_backward(line* l, rdb_cursor* cursor, size_t limit, gathered* to) {
  while (to->all.count < limit) {
    rdb_slice key, value;
    const rdb_status status = rdb_cursor_prev(cursor, &key, &value, &l->err);
    if (status < 0) return status;
    if (status == RDB_END) break;
    add_row(l, to, key, value);
  }
  return RDB_OK;
}

static rdb_status run_scan(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const size_t limit = (size_t)find_number(l, "limit", SIZE_MAX);
  gathered got = {{NULL, NULL, 0}, 0};
  rdb_range room;
  const rdb_range* range = want_range(l, &table->key, &room);
  rdb_cursor* cursor = NULL;
  if (find_member(l, "prefix") != NULL) {
    prefix_range(l, &room);
    range = &room;
  }
  rdb_status status = rdb_cursor_open(table->pointer, &cursor, &l->err);
  if (status != RDB_OK) return status;
  if (range != NULL) status = rdb_cursor_set_range(cursor, range, &l->err);
  if (status == RDB_OK) {
    status = find_bool(l, "reverse") ? gather_backward(l, cursor, limit, &got)
                                     : gather(l, cursor, limit, &got);
  }
  if (rdb_cursor_close(cursor, NULL) != RDB_OK) fail(l, "the cursor could not be closed");
  if (status < 0) return status;
  give_rows(l, &got.all, &table->key, &table->value);
  return RDB_OK;
}

/* ---- cursors ---- */

static rdb_status run_cursor_open(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const value_type key = table->key, value = table->value;
  rdb_cursor* cursor = (rdb_cursor*)(void*)l;
  const rdb_status status = rdb_cursor_open(table->pointer, &cursor, &l->err);
  if (status < 0 && cursor != NULL) fail(l, "the handle was not set to NULL");
  handle* made = made_handle(l, HANDLE_CURSOR, cursor);
  if (made != NULL) {
    made->key = key;
    made->value = value;
  }
  return status;
}

static rdb_status run_cursor_close(line* l) {
  const rdb_status status = rdb_cursor_close(want_pointer(l, HANDLE_CURSOR), &l->err);
  if (status != RDB_ERR_BAD_HANDLE) forget_handle(l, HANDLE_CURSOR);
  return status;
}

static void give_entry(line* l, const handle* cursor, rdb_slice key, rdb_slice value) {
  give_value(l, "key", key, &cursor->key);
  give_value(l, "value", value, &cursor->value);
}

typedef rdb_status (*move)(rdb_cursor*, rdb_slice*, rdb_slice*, rdb_error*);
static rdb_status run_move(line* l, move function) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  const rdb_status status = function(cursor->pointer, &key, &value, &l->err);
  if (status == RDB_OK) give_entry(l, cursor, key, value);
  return status;
}

typedef rdb_status (*search)(rdb_cursor*, rdb_slice, rdb_slice*, rdb_slice*, rdb_error*);
static rdb_status run_search(line* l, search function) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  const rdb_status status =
      function(cursor->pointer, want_bytes(l, "key", &cursor->key), &key, &value, &l->err);
  if (status == RDB_OK) give_entry(l, cursor, key, value);
  return status;
}

static rdb_status get_entry(rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* err) {
  return rdb_cursor_get(cursor, key, value, err);
}

static rdb_status run_cursor_first(line* l) { return run_move(l, rdb_cursor_first); }
static rdb_status run_cursor_last(line* l) { return run_move(l, rdb_cursor_last); }
static rdb_status run_cursor_next(line* l) { return run_move(l, rdb_cursor_next); }
static rdb_status run_cursor_prev(line* l) { return run_move(l, rdb_cursor_prev); }
static rdb_status run_cursor_get(line* l) { return run_move(l, get_entry); }
static rdb_status run_cursor_seek(line* l) { return run_search(l, rdb_cursor_seek); }
static rdb_status run_cursor_seek_exact(line* l) { return run_search(l, rdb_cursor_seek_exact); }
static rdb_status run_cursor_seek_le(line* l) { return run_search(l, rdb_cursor_seek_le); }

static rdb_status run_cursor_next_key(line* l) { return run_move(l, rdb_cursor_next_key); }
static rdb_status run_cursor_prev_key(line* l) { return run_move(l, rdb_cursor_prev_key); }

/* Moves among the values of a key hand out the value alone. */
typedef rdb_status (*value_move)(rdb_cursor*, rdb_slice*, rdb_error*);
static rdb_status run_value_move(line* l, value_move function) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  rdb_slice key = {NULL, 0}, value = {NULL, 0}, same = {NULL, 0};
  const rdb_status status = function(cursor->pointer, &value, &l->err);
  if (status != RDB_OK) return status;
  value = copy_slice(l, value);
  if (rdb_cursor_get(cursor->pointer, &key, &same, &l->err) != RDB_OK ||
      !slices_equal(value, same)) {
    fail(l, "the cursor is not on the value it handed out");
  }
  give_entry(l, cursor, key, value);
  return status;
}
static rdb_status run_cursor_next_value(line* l) {
  return run_value_move(l, rdb_cursor_next_value);
}
static rdb_status run_cursor_prev_value(line* l) {
  return run_value_move(l, rdb_cursor_prev_value);
}
static rdb_status run_cursor_first_value(line* l) {
  return run_value_move(l, rdb_cursor_first_value);
}
static rdb_status run_cursor_last_value(line* l) {
  return run_value_move(l, rdb_cursor_last_value);
}

static rdb_status run_cursor_seek_pair(line* l) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  const rdb_status status =
      rdb_cursor_seek_pair(cursor->pointer, want_bytes(l, "key", &cursor->key),
                           want_bytes(l, "value", &cursor->value), &key, &value, &l->err);
  if (status == RDB_OK) give_entry(l, cursor, key, value);
  return status;
}

static rdb_status run_cursor_value_count(line* l) {
  uint64_t count;
  const rdb_status status = rdb_cursor_value_count(want_pointer(l, HANDLE_CURSOR), &count, &l->err);
  if (status == RDB_OK) give_number(l, "count", count);
  return status;
}

static rdb_status run_cursor_set_range(line* l) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  rdb_range room;
  return rdb_cursor_set_range(cursor->pointer, want_range(l, &cursor->key, &room), &l->err);
}

static rdb_status run_cursor_next_batch(line* l) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  gathered got = {{NULL, NULL, 0}, 0};
  const rdb_status status = gather(l, cursor->pointer, (size_t)want_number(l, "count"), &got);
  if (status >= 0) give_rows(l, &got.all, &cursor->key, &cursor->value);
  return status;
}

/* Adds the records of one packed batch. */
static void unpack(line* l, const unsigned char* at, size_t size, size_t count, gathered* to) {
  const unsigned char* const end = at + size;
  for (size_t i = 0; i < count; ++i) {
    uint32_t sizes[2];
    if (end - at < 8) fail(l, "packed record %zu is cut short", i);
    for (int which = 0; which < 2; ++which) {
      sizes[which] = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
      at += 4;
    }
    const size_t both = (size_t)sizes[0] + sizes[1];
    if ((size_t)(end - at) < (both + 3) / 4 * 4) fail(l, "packed record %zu is cut short", i);
    add_row(l, to, (rdb_slice){at, sizes[0]}, (rdb_slice){at + sizes[0], sizes[1]});
    at += both;
    for (size_t pad = both; pad % 4 != 0; ++pad) {
      if (*at++ != 0) fail(l, "padding that is not zero");
    }
  }
  if (at != end) fail(l, "a packed batch has bytes left");
}

static rdb_status run_cursor_next_batch_packed(line* l) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  const size_t wanted = (size_t)want_number(l, "count");
  const size_t capacity = (size_t)find_number(l, "buffer", 65536);
  unsigned char* buffer = keep(l, capacity + 1);
  gathered got = {{NULL, NULL, 0}, 0};
  while (got.all.count < wanted) {
    size_t size = 77, count = 77;
    const rdb_status status = rdb_cursor_next_batch_packed(
        cursor->pointer, buffer, capacity, wanted - got.all.count, &size, &count, &l->err);
    if (status < 0) return status;
    if (status != RDB_OK && count != 0) fail(l, "%zu records with status %d", count, status);
    if (status == RDB_MORE && got.all.count == 0) give_number(l, "size", size);
    if (status != RDB_OK && got.all.count == 0) return status;
    if (status != RDB_OK) break;
    unpack(l, buffer, size, count, &got);
  }
  give_rows(l, &got.all, &cursor->key, &cursor->value);
  return RDB_OK;
}

static rdb_status run_cursor_delete(line* l) {
  return rdb_cursor_delete(want_pointer(l, HANDLE_CURSOR), &l->err);
}

const operation cursor_operations[] = {
    {"scan", run_scan, -1},
    {"cursor_open", run_cursor_open, HANDLE_CURSOR},
    {"cursor_close", run_cursor_close, -1},
    {"cursor_first", run_cursor_first, -1},
    {"cursor_last", run_cursor_last, -1},
    {"cursor_next", run_cursor_next, -1},
    {"cursor_prev", run_cursor_prev, -1},
    {"cursor_get", run_cursor_get, -1},
    {"cursor_seek", run_cursor_seek, -1},
    {"cursor_seek_exact", run_cursor_seek_exact, -1},
    {"cursor_seek_le", run_cursor_seek_le, -1},
    {"cursor_next_key", run_cursor_next_key, -1},
    {"cursor_prev_key", run_cursor_prev_key, -1},
    {"cursor_next_value", run_cursor_next_value, -1},
    {"cursor_prev_value", run_cursor_prev_value, -1},
    {"cursor_first_value", run_cursor_first_value, -1},
    {"cursor_last_value", run_cursor_last_value, -1},
    {"cursor_seek_pair", run_cursor_seek_pair, -1},
    {"cursor_value_count", run_cursor_value_count, -1},
    {"cursor_set_range", run_cursor_set_range, -1},
    {"cursor_next_batch", run_cursor_next_batch, -1},
    {"cursor_next_batch_packed", run_cursor_next_batch_packed, -1},
    {"cursor_delete", run_cursor_delete, -1},
    {NULL, NULL, -1},
};
