/* hot.c: see hot.h. */
#include "hot.h"

#include <stdlib.h>
#include <string.h>

#define HANDLE(type, number) ((type*)(number))

static rdb_slice slice(const uint8_t* bytes, int64_t size) {
  rdb_slice result = {bytes, (size_t)size};
  return result;
}

/* Without memory for the copy the status still arrives. */
static rdb_error* keep(rdb_status status, const rdb_error* detail) {
  if (status >= 0) return NULL;
  rdb_error* copy = malloc(sizeof *copy);
  if (copy != NULL) *copy = *detail;
  return copy;
}

static rdb_go_answer answer(rdb_status status, const rdb_error* detail, size_t size, size_t count) {
  rdb_go_answer result = {keep(status, detail), (int64_t)size, (int64_t)count, status};
  return result;
}

rdb_go_answer rdb_go_get_into(uintptr_t table, uint8_t* key, int64_t key_size, uint8_t* buffer,
                              int64_t capacity) {
  rdb_error detail;
  size_t size = 0;
  rdb_status status = rdb_get_into(HANDLE(const rdb_table, table), slice(key, key_size), buffer,
                                   (size_t)capacity, &size, &detail);
  return answer(status, &detail, size, 0);
}

static rdb_go_pin pin(rdb_status status, const rdb_error* detail, const rdb_value* value) {
  rdb_slice data = rdb_value_data(value);
  rdb_go_pin result = {keep(status, detail), (uintptr_t)value, (uint8_t*)data.data,
                       (int64_t)data.size, status};
  return result;
}

rdb_go_pin rdb_go_get_pin(uintptr_t table, uint8_t* key, int64_t key_size) {
  rdb_error detail;
  rdb_value* value = NULL;
  rdb_status status =
      rdb_get_pin(HANDLE(const rdb_table, table), slice(key, key_size), &value, &detail);
  return pin(status, &detail, value);
}

rdb_go_pin rdb_go_value_data(uintptr_t value) {
  return pin(RDB_OK, NULL, HANDLE(const rdb_value, value));
}

rdb_go_answer rdb_go_contains(uintptr_t table, uint8_t* key, int64_t key_size) {
  rdb_error detail;
  rdb_status status = rdb_contains(HANDLE(const rdb_table, table), slice(key, key_size), &detail);
  return answer(status, &detail, 0, 0);
}

rdb_go_answer rdb_go_put(uintptr_t table, uint8_t* key, int64_t key_size, uint8_t* value,
                         int64_t value_size, uint64_t flags) {
  rdb_error detail;
  rdb_status status = rdb_put(HANDLE(rdb_table, table), slice(key, key_size),
                              slice(value, value_size), flags, &detail);
  return answer(status, &detail, 0, 0);
}

rdb_go_answer rdb_go_delete(uintptr_t table, uint8_t* key, int64_t key_size) {
  rdb_error detail;
  rdb_status status = rdb_delete(HANDLE(rdb_table, table), slice(key, key_size), &detail);
  return answer(status, &detail, 0, 0);
}

rdb_go_answer rdb_go_next_batch(uintptr_t cursor, uint8_t* buffer, int64_t capacity,
                                int64_t max_records) {
  rdb_error detail;
  size_t size = 0, count = 0;
  rdb_status status =
      rdb_cursor_next_batch_packed(HANDLE(rdb_cursor, cursor), buffer, (size_t)capacity,
                                   (size_t)max_records, &size, &count, &detail);
  return answer(status, &detail, size, count);
}

static void store_u32(uint8_t* to, uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = (uint8_t)(value >> (8 * i));
}

rdb_go_answer rdb_go_prev_batch(uintptr_t cursor, uint8_t* buffer, int64_t capacity,
                                int64_t max_records) {
  rdb_error detail;
  rdb_slice key, value;
  size_t used = 0, count = 0;
  for (;;) {
    rdb_status status = rdb_cursor_prev(HANDLE(rdb_cursor, cursor), &key, &value, &detail);
    if (status == RDB_END && count > 0) {
      /* Back onto the first entry, so that the next call meets the end anew. */
      status = rdb_cursor_next(HANDLE(rdb_cursor, cursor), NULL, NULL, &detail);
      return answer(status, &detail, used, count);
    }
    if (status != RDB_OK) return answer(status, &detail, used, count);
    size_t size = (8 + key.size + value.size + 3) & ~(size_t)3;
    if (size > (size_t)capacity - used) {
      /* One step too far. */
      status = rdb_cursor_next(HANDLE(rdb_cursor, cursor), NULL, NULL, &detail);
      if (status < 0) return answer(status, &detail, 0, 0);
      return count > 0 ? answer(RDB_OK, &detail, used, count) : answer(RDB_MORE, &detail, size, 0);
    }
    uint8_t* to = buffer + used;
    store_u32(to, (uint32_t)key.size);
    store_u32(to + 4, (uint32_t)value.size);
    if (key.size > 0) memcpy(to + 8, key.data, key.size);
    if (value.size > 0) memcpy(to + 8 + key.size, value.data, value.size);
    used += size;
    if (++count == (size_t)max_records) return answer(RDB_OK, &detail, used, count);
  }
}

void rdb_go_detail_free(rdb_error* detail) { free(detail); }
