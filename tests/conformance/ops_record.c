/* ops_record.c: single records, pins and batches. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

uint64_t put_flags(line* l) {
  uint64_t flags = 0;
  size_t i;
  json_t* flag;
  json_array_foreach(find_member(l, "flags"), i, flag) {
    const char* name = json_string_value(flag);
    if (strcmp(name, "insert_only") == 0) {
      flags |= RDB_PUT_INSERT_ONLY;
    } else if (strcmp(name, "update_only") == 0) {
      flags |= RDB_PUT_UPDATE_ONLY;
    } else {
      fail(l, "there is no flag %s", name);
    }
  }
  return flags;
}

/* ---- records ---- */

static rdb_status run_get(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rdb_slice key = want_bytes(l, "key", &table->key);
  size_t size = 0;
  rdb_status status = rdb_get_into(table->pointer, key, NULL, 0, &size, &l->err);
  void* buffer = keep(l, size + 1);
  if (status == RDB_MORE) status = rdb_get_into(table->pointer, key, buffer, size, &size, &l->err);
  if (status == RDB_OK) give_value(l, "value", (rdb_slice){buffer, size}, &table->value);
  return status;
}

static rdb_status run_get_into(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const size_t capacity = (size_t)want_number(l, "capacity");
  unsigned char* buffer = keep(l, capacity + 1);
  size_t size = 0;
  memset(buffer, 0xee, capacity);
  const rdb_status status = rdb_get_into(table->pointer, want_bytes(l, "key", &table->key), buffer,
                                         capacity, &size, &l->err);
  if (status == RDB_OK || status == RDB_MORE) give_number(l, "size", size);
  if (status == RDB_OK) give_value(l, "value", (rdb_slice){buffer, size}, &table->value);
  for (size_t i = status == RDB_OK ? size : 0; i < capacity; ++i) {
    if (buffer[i] != 0xee) fail(l, "byte %zu of the buffer was written", i);
  }
  return status;
}

static rdb_status run_get_pin(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  rdb_value* value = (rdb_value*)(void*)l;
  const rdb_status status =
      rdb_get_pin(table->pointer, want_bytes(l, "key", &table->key), &value, &l->err);
  if (status != RDB_OK && value != NULL) fail(l, "the handle was not set to NULL");
  made_handle(l, HANDLE_PIN, value);
  return status;
}

static rdb_status run_pin_data(line* l) {
  give_value(l, "value", rdb_value_data(want_pointer(l, HANDLE_PIN)), &type_bytes);
  return RDB_OK;
}

static rdb_status run_pin_free(line* l) {
  rdb_value_free(want_pointer(l, HANDLE_PIN));
  forget_handle(l, HANDLE_PIN);
  return RDB_OK;
}

static rdb_status run_contains(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  return rdb_contains(table->pointer, want_bytes(l, "key", &table->key), &l->err);
}

static rdb_status run_put(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  return rdb_put(table->pointer, want_bytes(l, "key", &table->key),
                 want_bytes(l, "value", &table->value), put_flags(l), &l->err);
}

static rdb_status run_delete(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  return rdb_delete(table->pointer, want_bytes(l, "key", &table->key), &l->err);
}

static rdb_status pop(line* l,
                      rdb_status (*function)(rdb_table*, rdb_value**, rdb_value**, rdb_error*)) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  rdb_value* key = (rdb_value*)(void*)l;
  rdb_value* value = key;
  const rdb_status status = function(table->pointer, &key, &value, &l->err);
  if (status != RDB_OK) {
    if (key != NULL || value != NULL) fail(l, "the handles were not set to NULL");
    return status;
  }
  const rdb_slice key_bytes = copy_slice(l, rdb_value_data(key));
  const rdb_slice value_bytes = copy_slice(l, rdb_value_data(value));
  rdb_value_free(key);
  rdb_value_free(value);
  give_value(l, "key", key_bytes, &table->key);
  give_value(l, "value", value_bytes, &table->value);
  return status;
}

static rdb_status run_pop_first(line* l) { return pop(l, rdb_pop_first); }
static rdb_status run_pop_last(line* l) { return pop(l, rdb_pop_last); }

/* ---- packed forms, section 7 of rdb.h ---- */

static size_t padded(size_t size) { return (size + 3) / 4 * 4; }

static unsigned char* add_size(unsigned char* at, size_t size) {
  for (int i = 0; i < 4; ++i) at[i] = (unsigned char)(size >> 8 * i & 0xff);
  return at + 4;
}

static unsigned char* add_bytes(unsigned char* at, rdb_slice bytes) {
  if (bytes.size != 0) memcpy(at, bytes.data, bytes.size);
  return at + bytes.size;
}

/* Padding is not zero on purpose: nobody may look at it. */
static rdb_slice pack(line* l, const rows* all) {
  size_t size = 0;
  for (size_t i = 0; i < all->count; ++i) {
    size += all->values == NULL ? 4 + padded(all->keys[i].size)
                                : 8 + padded(all->keys[i].size + all->values[i].size);
  }
  unsigned char* data = keep(l, size + 1);
  unsigned char* at = data;
  memset(data, 0xaa, size);
  for (size_t i = 0; i < all->count; ++i) {
    at = add_size(at, all->keys[i].size);
    if (all->values != NULL) at = add_size(at, all->values[i].size);
    at = add_bytes(at, all->keys[i]);
    if (all->values != NULL) at = add_bytes(at, all->values[i]);
    at = data + padded((size_t)(at - data));
  }
  return (rdb_slice){data, size};
}

rdb_slice want_packed(line* l, const handle* table, bool keys_only) {
  if (find_member(l, "packed") != NULL) return want_bytes(l, "packed", &type_bytes);
  const rows all = keys_only ? want_keys(l, want_member(l, "keys"), &table->key)
                             : want_rows(l, want_member(l, "rows"), &table->key, &table->value);
  return pack(l, &all);
}

/* ---- batches ---- */

static rdb_result* want_result(line* l) {
  rdb_result* result = NULL;
  if (find_member(l, handle_members[HANDLE_RESULT]) != NULL && names_live(l, HANDLE_RESULT)) {
    return want_pointer(l, HANDLE_RESULT);
  }
  if (rdb_result_create(&result, &l->err) != RDB_OK) fail(l, "%s", l->err.message);
  made_handle_or_unnamed(l, HANDLE_RESULT, result);
  return result;
}

static void give_answers(line* l, const rdb_result* result, const value_type* type) {
  const json_t* expected = asked(l, "values");
  const size_t count = rdb_result_count(result);
  give_number(l, "count", count);
  if (expected == NULL) return;
  if (json_array_size(expected) != count) fail(l, "%zu answers", count);
  for (size_t i = 0; i < count; ++i) {
    const json_t* one = json_array_get(expected, i);
    rdb_slice value;
    const rdb_status status = rdb_result_at(result, i, &value, &l->err);
    if (status < 0) fail(l, "%s", l->err.message);
    if ((status == RDB_NOT_FOUND) != json_is_null(one) ||
        (status == RDB_OK && !slices_equal(value, encode(l, one, type)))) {
      fail(l, "answer %zu is another", i);
    }
  }
}

/* The same as packed answers. */
static void give_packed_answers(line* l, const rdb_result* result, const value_type* type) {
  const json_t* expected = asked(l, "values");
  size_t size = 0;
  const rdb_status first = rdb_result_pack(result, NULL, 0, &size, &l->err);
  if (first != (size == 0 ? RDB_OK : RDB_MORE)) fail(l, "asking for the size gave %d", first);
  const unsigned char* at = keep(l, size + 1);
  const unsigned char* const end = at + size;
  if (rdb_result_pack(result, (void*)(uintptr_t)at, size, &size, &l->err) != RDB_OK) {
    fail(l, "%s", l->err.message);
  }
  for (size_t i = 0; i < json_array_size(expected); ++i) {
    const json_t* one = json_array_get(expected, i);
    if (end - at < 4) fail(l, "the packed answers end at %zu", i);
    const uint32_t length =
        at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    const rdb_slice value = {at + 4, length == UINT32_MAX ? 0 : length};
    if ((length == UINT32_MAX) != json_is_null(one) ||
        (length != UINT32_MAX && !slices_equal(value, encode(l, one, type)))) {
      fail(l, "packed answer %zu is another", i);
    }
    at += 4 + padded(value.size);
  }
  if (expected != NULL && at != end) fail(l, "more packed answers than values");
}

static rdb_status run_get_batch(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rows keys = want_keys(l, want_member(l, "keys"), &table->key);
  rdb_result* result = want_result(l);
  const rdb_status status = rdb_get_batch(table->pointer, keys.keys, keys.count, result, &l->err);
  if (status < 0 && rdb_result_count(result) != 0) fail(l, "the result is not empty");
  if (status == RDB_OK) give_answers(l, result, &table->value);
  return status;
}

static rdb_status run_get_batch_packed(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rdb_slice keys = want_packed(l, table, true);
  rdb_result* result = want_result(l);
  const rdb_status status = rdb_get_batch_packed(table->pointer, keys, result, &l->err);
  if (status < 0 && rdb_result_count(result) != 0) fail(l, "the result is not empty");
  if (status == RDB_OK) give_packed_answers(l, result, &table->value);
  return status;
}

static rdb_status run_result_at(line* l) {
  rdb_slice value;
  const rdb_status status = rdb_result_at(want_pointer(l, HANDLE_RESULT),
                                          (size_t)want_number(l, "index"), &value, &l->err);
  if (status == RDB_OK) give_value(l, "value", value, &type_bytes);
  return status;
}

static rdb_status run_result_free(line* l) {
  rdb_result_free(want_pointer(l, HANDLE_RESULT));
  forget_handle(l, HANDLE_RESULT);
  return RDB_OK;
}

static rdb_status run_put_batch(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rows all = want_rows(l, want_member(l, "rows"), &table->key, &table->value);
  uint64_t written = 0;
  const rdb_status status = rdb_put_batch(table->pointer, all.keys, all.values, all.count,
                                          put_flags(l), &written, &l->err);
  if (status == RDB_OK) give_number(l, "count", written);
  return status;
}

static rdb_status run_put_batch_packed(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  uint64_t written = 0;
  const rdb_status status = rdb_put_batch_packed(table->pointer, want_packed(l, table, false),
                                                 put_flags(l), &written, &l->err);
  if (status == RDB_OK) give_number(l, "count", written);
  return status;
}

static rdb_status run_delete_batch(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rows keys = want_keys(l, want_member(l, "keys"), &table->key);
  uint64_t deleted = 0;
  const rdb_status status =
      rdb_delete_batch(table->pointer, keys.keys, keys.count, &deleted, &l->err);
  if (status == RDB_OK) give_number(l, "count", deleted);
  return status;
}

static rdb_status run_delete_batch_packed(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  uint64_t deleted = 0;
  const rdb_status status =
      rdb_delete_batch_packed(table->pointer, want_packed(l, table, true), &deleted, &l->err);
  if (status == RDB_OK) give_number(l, "count", deleted);
  return status;
}

/* ---- multimaps ---- */

static rdb_status run_multimap_key_count(line* l) {
  uint64_t count;
  const rdb_status status = rdb_multimap_key_count(want_pointer(l, HANDLE_TABLE), &count, &l->err);
  if (status == RDB_OK) give_number(l, "count", count);
  return status;
}

static rdb_status run_multimap_value_count(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  uint64_t count;
  const rdb_status status =
      rdb_multimap_value_count(table->pointer, want_bytes(l, "key", &table->key), &count, &l->err);
  if (status == RDB_OK) give_number(l, "count", count);
  return status;
}

static rdb_status run_multimap_get(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rdb_slice key = want_bytes(l, "key", &table->key);
  rdb_result* result = want_result(l);
  const rdb_status status = rdb_multimap_get(table->pointer, key, result, &l->err);
  if (status != RDB_OK && rdb_result_count(result) != 0) fail(l, "the result is not empty");
  if (status == RDB_OK) give_answers(l, result, &table->value);
  return status;
}

static rdb_status run_multimap_contains(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  return rdb_multimap_contains(table->pointer, want_bytes(l, "key", &table->key),
                               want_bytes(l, "value", &table->value), &l->err);
}

static rdb_status run_multimap_delete(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  return rdb_multimap_delete(table->pointer, want_bytes(l, "key", &table->key),
                             want_bytes(l, "value", &table->value), &l->err);
}

static rdb_status run_multimap_delete_batch(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rows all = want_rows(l, want_member(l, "rows"), &table->key, &table->value);
  uint64_t deleted = 0;
  const rdb_status status =
      rdb_multimap_delete_batch(table->pointer, all.keys, all.values, all.count, &deleted, &l->err);
  if (status == RDB_OK) give_number(l, "count", deleted);
  return status;
}

static rdb_status run_multimap_delete_batch_packed(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  uint64_t deleted = 0;
  const rdb_status status = rdb_multimap_delete_batch_packed(
      table->pointer, want_packed(l, table, false), &deleted, &l->err);
  if (status == RDB_OK) give_number(l, "count", deleted);
  return status;
}

static rdb_status run_multimap_drain(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  rdb_range room;
  uint64_t keys = 0;
  const rdb_status status =
      rdb_multimap_drain(table->pointer, want_range(l, &table->key, &room), &keys, &l->err);
  if (status == RDB_OK) give_number(l, "count", keys);
  return status;
}

const operation record_operations[] = {
    {"multimap_key_count", run_multimap_key_count, -1},
    {"multimap_value_count", run_multimap_value_count, -1},
    {"multimap_get", run_multimap_get, HANDLE_RESULT},
    {"multimap_contains", run_multimap_contains, -1},
    {"multimap_delete", run_multimap_delete, -1},
    {"multimap_delete_batch", run_multimap_delete_batch, -1},
    {"multimap_delete_batch_packed", run_multimap_delete_batch_packed, -1},
    {"multimap_drain", run_multimap_drain, -1},
    {"get", run_get, -1},
    {"get_into", run_get_into, -1},
    {"get_pin", run_get_pin, HANDLE_PIN},
    {"pin_data", run_pin_data, -1},
    {"pin_free", run_pin_free, -1},
    {"contains", run_contains, -1},
    {"put", run_put, -1},
    {"delete", run_delete, -1},
    {"pop_first", run_pop_first, -1},
    {"pop_last", run_pop_last, -1},
    {"get_batch", run_get_batch, HANDLE_RESULT},
    {"get_batch_packed", run_get_batch_packed, HANDLE_RESULT},
    {"result_at", run_result_at, -1},
    {"result_free", run_result_free, -1},
    {"put_batch", run_put_batch, -1},
    {"put_batch_packed", run_put_batch_packed, -1},
    {"delete_batch", run_delete_batch, -1},
    {"delete_batch_packed", run_delete_batch_packed, -1},
    {NULL, NULL, -1},
};
