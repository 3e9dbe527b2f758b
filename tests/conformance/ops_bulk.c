/* ops_bulk.c: changes that look first, and changes of many records at once. */
#include <string.h>

#include "driver.h"

static void give_old(line* l, rdb_value* old, const value_type* type) {
  if (old == NULL) {
    give_null(l, "old");
    return;
  }
  const rdb_slice bytes = copy_slice(l, rdb_value_data(old));
  rdb_value_free(old);
  give_value(l, "old", bytes, type);
}

static rdb_status run_exchange(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  rdb_value* old = (rdb_value*)(void*)l;
  const rdb_status status =
      rdb_exchange(table->pointer, want_bytes(l, "key", &table->key),
                   want_bytes(l, "value", &table->value), put_flags(l), &old, &l->err);
  if (status != RDB_OK && old != NULL) fail(l, "the handle was not set to NULL");
  if (status == RDB_OK) give_old(l, old, &table->value);
  return status;
}

static rdb_status run_take(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  rdb_value* old = (rdb_value*)(void*)l;
  const rdb_status status =
      rdb_take(table->pointer, want_bytes(l, "key", &table->key), &old, &l->err);
  if (status != RDB_OK && old != NULL) fail(l, "the handle was not set to NULL");
  if (status == RDB_OK) give_old(l, old, &table->value);
  return status;
}

static rdb_status run_compare_and_put(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const bool expects = find_member(l, "expected") != NULL;
  const bool stores = find_member(l, "value") != NULL;
  const rdb_slice none = {NULL, 0};
  const rdb_slice expected = expects ? want_bytes(l, "expected", &table->value) : none;
  const rdb_slice value = stores ? want_bytes(l, "value", &table->value) : none;
  return rdb_compare_and_put(table->pointer, want_bytes(l, "key", &table->key),
                             expects ? &expected : NULL, stores ? &value : NULL, &l->err);
}

static rdb_status run_cursor_put(line* l) {
  const handle* cursor = want_handle(l, HANDLE_CURSOR);
  return rdb_cursor_put(cursor->pointer, want_bytes(l, "value", &cursor->value), &l->err);
}

static rdb_status run_reserve(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rdb_slice value = want_bytes(l, "value", &table->value);
  rdb_reservation* reservation = (rdb_reservation*)(void*)l;
  void* buffer = NULL;
  const rdb_status status = rdb_reserve(table->pointer, want_bytes(l, "key", &table->key),
                                        value.size, put_flags(l), &reservation, &buffer, &l->err);
  if (status < 0 && reservation != NULL) fail(l, "the handle was not set to NULL");
  if (status != RDB_OK) return status;
  const unsigned char* bytes = buffer;
  for (size_t i = 0; i < value.size; ++i) {
    if (bytes[i] != 0) fail(l, "byte %zu is not zero", i);
  }
  if (value.size != 0) memcpy(buffer, value.data, value.size);
  if (find_bool(l, "give_up")) {
    rdb_reservation_free(reservation);
    return RDB_OK;
  }
  return rdb_reservation_store(reservation, &l->err);
}

/* A filter as a line asks for it; it keeps the records for which it answers RDB_OK. */
typedef struct filter_state {
  rdb_table* table;
  const char* what;
  uint64_t calls;
  uint64_t drops;
} filter_state;

static rdb_status on_filter(void* ctx, rdb_slice key, rdb_slice value) {
  filter_state* state = ctx;
  const unsigned char last = key.size == 0 ? 0 : ((const unsigned char*)key.data)[key.size - 1];
  (void)value;
  ++state->calls;
  if (strcmp(state->what, "even") == 0) return last % 2 == 0 ? RDB_OK : RDB_NOT_FOUND;
  if (strcmp(state->what, "stop") == 0) return state->calls == 3 ? RDB_STOPPED : RDB_NOT_FOUND;
  if (strcmp(state->what, "raise") == 0) {
    return state->calls == 3 ? RDB_ERR_CALLBACK : RDB_NOT_FOUND;
  }
  if (strcmp(state->what, "reenter") == 0) {
    uint64_t count = 0;
    return rdb_table_len(state->table, &count, NULL) == RDB_ERR_MISUSE ? RDB_OK : RDB_ERR_INTERNAL;
  }
  return RDB_NOT_FOUND;
}

static void on_drop(void* ctx) { ++((filter_state*)ctx)->drops; }

static rdb_status run_drain(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  rdb_range range;
  const rdb_range* const wanted = want_range(l, &table->key, &range);
  uint64_t removed = 0;
  const rdb_status status = rdb_drain(table->pointer, wanted, &removed, &l->err);
  if (status == RDB_OK) give_number(l, "count", removed);
  return status;
}

static rdb_status run_retain(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  filter_state state = {table->pointer, want_text(l, "function"), 0, 0};
  const rdb_filter filter = {on_filter, &state, on_drop};
  rdb_range range;
  const rdb_range* const wanted = want_range(l, &table->key, &range);
  uint64_t removed = 0;
  const rdb_status status = rdb_retain(table->pointer, wanted, &filter, &removed, &l->err);
  if (state.drops != 1) fail(l, "the context was dropped %d times", (int)state.drops);
  give_number(l, "calls", state.calls);
  if (status == RDB_OK) give_number(l, "count", removed);
  return status;
}

/* Takes out what the filter does not keep, or everything, and gives it as rows. */
static rdb_status run_extract(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  filter_state state = {table->pointer, find_text(l, "function", "none"), 0, 0};
  const uint64_t limit = find_number(l, "limit", UINT64_MAX);
  const bool reverse = find_bool(l, "reverse");
  rdb_range range;
  const rdb_range* const wanted = want_range(l, &table->key, &range);
  rdb_extract* extract = (rdb_extract*)(void*)l;
  rdb_status status = rdb_extract_open(table->pointer, wanted, &extract, &l->err);
  if (status != RDB_OK) {
    if (extract != NULL) fail(l, "the handle was not set to NULL");
    return status;
  }
  const size_t room = 4096;
  rows got = {keep(l, room * sizeof(rdb_slice)), keep(l, room * sizeof(rdb_slice)), 0};
  while (got.count < limit) {
    rdb_slice key, value, same;
    status = reverse ? rdb_extract_prev(extract, &key, &value, &l->err)
                     : rdb_extract_next(extract, &key, &value, &l->err);
    if (status != RDB_OK) break;
    if (rdb_extract_get(extract, &same, NULL, NULL) != RDB_OK || !slices_equal(key, same)) {
      fail(l, "it stands on another record");
    }
    if (on_filter(&state, key, value) == RDB_OK) continue;
    if (got.count == room) fail(l, "more than %zu records", room);
    got.keys[got.count] = copy_slice(l, key);
    got.values[got.count++] = copy_slice(l, value);
    status = rdb_extract_take(extract, &l->err);
    if (status != RDB_OK) break;
    if (rdb_extract_take(extract, NULL) != RDB_NOT_FOUND) fail(l, "taken twice");
  }
  if (status == RDB_END) status = RDB_OK;
  uint64_t removed = 0;
  const rdb_status closed = rdb_extract_close(extract, &removed, &l->err);
  if (status == RDB_OK) status = closed;
  if (status != RDB_OK) return status;
  if (removed != got.count) fail(l, "%d records were removed", (int)removed);
  give_rows(l, &got, &table->key, &table->value);
  give_number(l, "count", removed);
  return RDB_OK;
}

static rdb_status run_table_copy(line* l) {
  uint64_t copied = 0;
  const rdb_status status =
      rdb_table_copy(want_pointer(l, HANDLE_TABLE), want_pointer(l, HANDLE_TXN),
                     want_name(l, "name"), find_pointer(l, HANDLE_CANCEL), &copied, &l->err);
  if (status == RDB_OK) give_number(l, "count", copied);
  return status;
}

const operation bulk_operations[] = {
    {"exchange", run_exchange, -1},
    {"take", run_take, -1},
    {"compare_and_put", run_compare_and_put, -1},
    {"cursor_put", run_cursor_put, -1},
    {"reserve", run_reserve, -1},
    {"drain", run_drain, -1},
    {"retain", run_retain, -1},
    {"extract", run_extract, -1},
    {"table_copy", run_table_copy, -1},
    {NULL, NULL, -1},
};
