/* ops_codec.c: types, their values item by item, and tables of an application's own types. */
#include <string.h>

#include "driver.h"

static rdb_status open_codec(line* l, rdb_codec** codec) {
  rdb_type type;
  *codec = (rdb_codec*)(void*)l; /* to be set to NULL on failure */
  const rdb_status status = rdb_codec_create(find_type(l, "type", &type), codec, &l->err);
  if (status < 0 && *codec != NULL) fail(l, "the handle was not set to NULL");
  return status;
}

static value_type meaning(line* l) {
  rdb_type type;
  return meaning_of(find_type(l, "type", &type));
}

static rdb_status run_type_describe(line* l) {
  rdb_codec* codec;
  rdb_type_info info = RDB_TYPE_INFO_INIT;
  rdb_status status = open_codec(l, &codec);
  if (status < 0) return status;
  status = rdb_codec_describe(codec, &info, &l->err);
  rdb_codec_free(codec);
  if (status < 0) return status;
  if (info.width == RDB_WIDTH_VARIABLE) {
    give_null(l, "width");
  } else {
    give_number(l, "width", info.width);
  }
  give_bool(l, "ordered", info.ordered != 0);
  give_bool(l, "ambiguous", info.ambiguous != 0);
  return status;
}

static rdb_status run_type_compare(line* l) {
  static const char* const orders[] = {"less", "equal", "greater"};
  const value_type type = meaning(l);
  rdb_codec* codec;
  int32_t order = 77;
  rdb_status status = open_codec(l, &codec);
  if (status < 0) return status;
  const rdb_slice a = want_bytes(l, "a", &type);
  status = rdb_codec_compare(codec, a, want_bytes(l, "b", &type), &order, &l->err);
  rdb_codec_free(codec);
  if (status < 0) return status;
  if (order < -1 || order > 1) fail(l, "the order is %d", order);
  const char* word = orders[order + 1];
  const rdb_slice text = {word, strlen(word)};
  give_text(l, "order", text);
  return status;
}

static rdb_status run_type_check(line* l) {
  rdb_codec* codec;
  rdb_status status = open_codec(l, &codec);
  if (status < 0) return status;
  status = rdb_codec_check(codec, want_bytes(l, "bytes", &type_bytes), &l->err);
  rdb_codec_free(codec);
  return status;
}

static rdb_status run_encode(line* l) {
  const value_type type = meaning(l);
  give_value(l, "bytes", want_bytes(l, "value", &type), &type_bytes);
  return RDB_OK;
}

/* Reads every item, and writes it again: what comes out must be what went in. */
static rdb_status run_decode(line* l) {
  const value_type type = meaning(l);
  const rdb_slice bytes = want_bytes(l, "bytes", &type_bytes);
  rdb_codec* codec;
  rdb_item item = RDB_ITEM_INIT;
  rdb_slice again;
  rdb_status status = open_codec(l, &codec);
  if (status < 0) return status;
  status = rdb_codec_read(codec, bytes, &l->err);
  while (status == RDB_OK) {
    status = rdb_codec_next(codec, &item, &l->err);
    if (status == RDB_OK) status = rdb_codec_put(codec, &item, &l->err);
  }
  if (status == RDB_END) {
    status = rdb_codec_finish(codec, &again, &l->err);
    if (status == RDB_OK && !slices_equal(again, bytes)) fail(l, "read and written, it is another");
    if (status == RDB_OK) give_value(l, "value", bytes, &type);
  }
  rdb_codec_free(codec);
  return status;
}

/* ---- types of an application's own ---- */

/* Bytes the other way round. */
static int32_t reversed(void* ctx, rdb_slice a, rdb_slice b) {
  const size_t common = a.size < b.size ? a.size : b.size;
  const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
  (void)ctx;
  if (order != 0) return order < 0 ? 1 : -1;
  return a.size == b.size ? 0 : a.size < b.size ? 1 : -1;
}

typedef rdb_status (*open_user)(const rdb_txn*, rdb_slice, const rdb_type*, const rdb_user_type*,
                                const rdb_type*, const rdb_user_type*, rdb_table**, rdb_error*);

static rdb_status open_with_user_types(line* l, open_user open, bool ordered_values) {
  rdb_type key_room, value_room;
  rdb_user_type key_user, value_user;
  rdb_table* table = (rdb_table*)(void*)l;
  const rdb_type* key = find_type(l, "key_type", &key_room);
  const rdb_type* value = find_type(l, "value_type", &value_room);
  if (rdb_user_type_init(&key_user, sizeof key_user, &l->err) < 0 ||
      rdb_user_type_init(&value_user, sizeof value_user, &l->err) < 0) {
    fail(l, "rdb_user_type_init: %s", l->err.message);
  }
  key_user.width = (uint32_t)find_number(l, "key_width", 0);
  value_user.width = (uint32_t)find_number(l, "value_width", 0);
  if (find_bool(l, "reversed")) {
    key_user.compare = reversed;
    if (ordered_values) value_user.compare = reversed;
  }
  const rdb_status status = open(want_pointer(l, HANDLE_TXN), want_name(l, "name"), key, &key_user,
                                 value, &value_user, &table, &l->err);
  if (status < 0 && table != NULL) fail(l, "the handle was not set to NULL");
  made_handle(l, HANDLE_TABLE, table);
  return status;
}

static rdb_status run_table_open_user(line* l) {
  return open_with_user_types(l, rdb_table_open_user, false);
}

static rdb_status run_multimap_open_user(line* l) {
  return open_with_user_types(l, rdb_multimap_open_user, true);
}

const operation codec_operations[] = {
    {"type_describe", run_type_describe, -1},
    {"type_compare", run_type_compare, -1},
    {"type_check", run_type_check, -1},
    {"encode", run_encode, -1},
    {"decode", run_decode, -1},
    {"table_open_user", run_table_open_user, HANDLE_TABLE},
    {"multimap_open_user", run_multimap_open_user, HANDLE_TABLE},
    {NULL, NULL, -1},
};
