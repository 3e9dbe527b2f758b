/* ops_ttl.c: tables whose values expire, and the clock they go by. */
#include "driver.h"

/* A lifetime in milliseconds; "ever" lasts. */
static uint64_t want_ttl(line* l) {
  const json_t* ttl = want_member(l, "ttl");
  return json_is_string(ttl) ? RDB_TTL_NONE : want_number(l, "ttl");
}

static void give_ttl(line* l, const char* name, uint64_t ttl_ms) {
  if (ttl_ms == RDB_TTL_NONE) {
    give_text(l, name, RDB_SLICE("ever"));
  } else {
    give_number(l, name, ttl_ms);
  }
}

static rdb_status run_clock_set(line* l) {
  const uint64_t now = find_number(l, "now", RDB_CLOCK_RUNS);
  return rdb_clock_set(want_pointer(l, HANDLE_DB), now, &l->err);
}

static rdb_status run_clock_now(line* l) {
  uint64_t now = 0;
  const rdb_status status = rdb_clock_now(want_pointer(l, HANDLE_DB), &now, &l->err);
  if (status == RDB_OK) {
    const uint64_t above = find_number(l, "above", 0);
    if (now < above) fail(l, "the clock says %llu", (unsigned long long)now);
    give_number(l, "now", now);
  }
  return status;
}

static rdb_status run_ttl_set_default(line* l) {
  return rdb_ttl_set_default(want_pointer(l, HANDLE_TABLE), want_ttl(l), &l->err);
}

static rdb_status run_ttl_default(line* l) {
  uint64_t ttl_ms = 0;
  const rdb_status status = rdb_ttl_default(want_pointer(l, HANDLE_TABLE), &ttl_ms, &l->err);
  if (status == RDB_OK) give_ttl(l, "ttl", ttl_ms);
  return status;
}

static rdb_status run_ttl_put(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  return rdb_ttl_put(table->pointer, want_bytes(l, "key", &table->key),
                     want_bytes(l, "value", &table->value), want_ttl(l), put_flags(l), &l->err);
}

static rdb_status run_ttl_touch(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  return rdb_ttl_touch(table->pointer, want_bytes(l, "key", &table->key), want_ttl(l), &l->err);
}

static rdb_status run_ttl_expiry(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  uint64_t expiry = 0;
  const rdb_status status =
      rdb_ttl_expiry(table->pointer, want_bytes(l, "key", &table->key), &expiry, &l->err);
  if (status == RDB_OK) give_number(l, "expiry", expiry);
  return status;
}

static rdb_status run_cursor_expiry(line* l) {
  uint64_t expiry = 0;
  const rdb_status status = rdb_cursor_expiry(want_pointer(l, HANDLE_CURSOR), &expiry, &l->err);
  if (status == RDB_OK) give_number(l, "expiry", expiry);
  return status;
}

static rdb_status run_ttl_live_count(line* l) {
  uint64_t count = 0;
  const rdb_status status = rdb_ttl_live_count(want_pointer(l, HANDLE_TABLE),
                                               find_pointer(l, HANDLE_CANCEL), &count, &l->err);
  if (status == RDB_OK) give_number(l, "count", count);
  return status;
}

static rdb_status run_ttl_purge(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  uint64_t examined = 0;
  uint64_t removed = 0;
  rdb_slice after = {NULL, 0};
  const bool resumes = find_member(l, "after") != NULL;
  if (resumes) after = want_bytes(l, "after", &table->key);
  rdb_value* position = (rdb_value*)(void*)l;
  const rdb_status status =
      rdb_ttl_purge(table->pointer, resumes ? &after : NULL, find_number(l, "max", 0),
                    find_pointer(l, HANDLE_CANCEL), &examined, &removed, &position, &l->err);
  if (status != RDB_OK && position != NULL) fail(l, "the handle was not set to NULL");
  if (status < 0) return status;
  give_number(l, "examined", examined);
  give_number(l, "removed", removed);
  if (position == NULL) {
    give_null(l, "last");
    return status;
  }
  const rdb_slice key = copy_slice(l, rdb_value_data(position));
  rdb_value_free(position);
  give_value(l, "last", key, &table->key);
  return status;
}

const operation ttl_operations[] = {
    {"clock_set", run_clock_set, -1},
    {"clock_now", run_clock_now, -1},
    {"ttl_set_default", run_ttl_set_default, -1},
    {"ttl_default", run_ttl_default, -1},
    {"ttl_put", run_ttl_put, -1},
    {"ttl_touch", run_ttl_touch, -1},
    {"ttl_expiry", run_ttl_expiry, -1},
    {"cursor_expiry", run_cursor_expiry, -1},
    {"ttl_live_count", run_ttl_live_count, -1},
    {"ttl_purge", run_ttl_purge, -1},
    {NULL, NULL, -1},
};
