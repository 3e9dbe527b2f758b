/* ops_txn.c: transactions, and the tables that they see. */
#include <string.h>

#include "driver.h"

/* ---- transactions ---- */

/* Numbers of transactions that were asked for, by name; they outlive the transactions. */
static struct {
  char name[64];
  uint64_t id;
} asked_ids[64];
static size_t asked_count;

static uint64_t* id_of(const char* name) {
  for (size_t i = 0; i < asked_count; ++i) {
    if (strcmp(asked_ids[i].name, name) == 0) return &asked_ids[i].id;
  }
  return NULL;
}

static rdb_status run_begin(line* l) {
  static const char* const kinds[] = {"read", "write", NULL};
  static const char* const waits[] = {"forever", "not", "timeout", NULL};
  static const char* const durabilities[] = {"immediate", "none", NULL};
  struct {
    rdb_txn_options options;
    unsigned char room[TAIL_ROOM];
  } with;
  rdb_txn* txn = (rdb_txn*)(void*)l; /* to be set to NULL on failure */
  const rdb_db* db = want_pointer(l, HANDLE_DB);
  rdb_status status = rdb_txn_options_init(&with.options, sizeof with.options, &l->err);
  with.options.wait = find_choice(l, "wait", waits, RDB_WAIT_FOREVER);
  with.options.durability = find_choice(l, "durability", durabilities, RDB_DURABILITY_IMMEDIATE);
  with.options.timeout_ms = find_number(l, "timeout_ms", 0);
  with.options.two_phase = find_bool(l, "two_phase");
  with.options.quick_repair = find_bool(l, "quick_repair");
  with.options.cancel = find_pointer(l, HANDLE_CANCEL);
  apply_struct_size(l, &with.options, sizeof with.options);
  status =
      rdb_txn_begin(db, find_choice(l, "kind", kinds, RDB_TXN_READ), &with.options, &txn, &l->err);
  if (status < 0 && txn != NULL) fail(l, "the handle was not set to NULL");
  made_handle(l, HANDLE_TXN, txn);
  return status;
}

static rdb_status run_commit(line* l) {
  const rdb_status status = rdb_txn_commit(want_pointer(l, HANDLE_TXN), &l->err);
  if (status != RDB_ERR_BAD_HANDLE) forget_handle(l, HANDLE_TXN);
  return status;
}

static rdb_status run_abort(line* l) {
  const rdb_status status = rdb_txn_abort(want_pointer(l, HANDLE_TXN), &l->err);
  if (status != RDB_ERR_BAD_HANDLE) forget_handle(l, HANDLE_TXN);
  return status;
}

static rdb_status run_txn_id(line* l) {
  uint64_t id;
  const rdb_status status = rdb_txn_id(want_pointer(l, HANDLE_TXN), &id, &l->err);
  if (status != RDB_OK) return status;
  const json_t* same = asked(l, "same_as");
  const json_t* above = asked(l, "above");
  const uint64_t* other = same != NULL    ? id_of(json_string_value(same))
                          : above != NULL ? id_of(json_string_value(above))
                                          : NULL;
  if ((same != NULL || above != NULL) && other == NULL) fail(l, "that number was never asked");
  if (same != NULL && id != *other) fail(l, "the number is another");
  if (above != NULL && id <= *other) fail(l, "the number is not above");
  const char* name = want_text(l, handle_members[HANDLE_TXN]);
  uint64_t* place = id_of(name);
  if (place == NULL) {
    if (asked_count == 64) fail(l, "too many numbers");
    strncpy(asked_ids[asked_count].name, name, sizeof asked_ids[0].name - 1);
    place = &asked_ids[asked_count++].id;
  }
  *place = id;
  return status;
}

static rdb_status run_set_durability(line* l) {
  static const char* const durabilities[] = {"immediate", "none", NULL};
  return rdb_txn_set_durability(want_pointer(l, HANDLE_TXN),
                                find_choice(l, "durability", durabilities, 0), &l->err);
}

static rdb_status run_set_two_phase(line* l) {
  return rdb_txn_set_two_phase(want_pointer(l, HANDLE_TXN), find_bool(l, "on"), &l->err);
}

static rdb_status run_set_quick_repair(line* l) {
  return rdb_txn_set_quick_repair(want_pointer(l, HANDLE_TXN), find_bool(l, "on"), &l->err);
}

/* ---- opening tables ---- */

const rdb_type* find_type(line* l, const char* member, rdb_type* type) {
  const json_t* json = find_member(l, member);
  const json_t* name = json_is_object(json) ? json_object_get(json, "name") : json;
  if (json == NULL) return NULL;
  if (!json_is_string(name)) fail(l, "\"%s\" is no type", member);
  memset(type, 0, sizeof *type);
  type->name.data = json_string_value(name);
  type->name.size = json_string_length(name);
  type->type_class = RDB_TYPE_BUILTIN;
  if (json_is_object(json)) {
    type->type_class = (uint32_t)json_integer_value(json_object_get(json, "class"));
  }
  return type;
}

value_type meaning_of(const rdb_type* type) {
  if (type == NULL) return type_bytes;
  return parse_type(type->name.data, type->type_class);
}

typedef rdb_status (*open_function)(const rdb_txn*, rdb_slice, const rdb_type*, const rdb_type*,
                                    rdb_table**, rdb_error*);
static rdb_status open_typed(line* l, open_function function) {
  rdb_type key_room, value_room;
  const rdb_type* key = find_type(l, "key_type", &key_room);
  const rdb_type* value = find_type(l, "value_type", &value_room);
  rdb_table* table = (rdb_table*)(void*)l;
  const rdb_status status =
      function(want_pointer(l, HANDLE_TXN), want_name(l, "name"), key, value, &table, &l->err);
  if (status < 0 && table != NULL) fail(l, "the handle was not set to NULL");
  handle* made = made_handle(l, HANDLE_TABLE, table);
  if (made != NULL) {
    made->key = meaning_of(key);
    made->value = meaning_of(value);
  }
  return status;
}

static rdb_status open_raw(line* l, rdb_status (*function)(const rdb_txn*, rdb_slice, rdb_table**,
                                                           rdb_error*)) {
  rdb_table* table = (rdb_table*)(void*)l;
  const rdb_status status =
      function(want_pointer(l, HANDLE_TXN), want_name(l, "name"), &table, &l->err);
  if (status < 0 && table != NULL) fail(l, "the handle was not set to NULL");
  made_handle(l, HANDLE_TABLE, table);
  return status;
}

static rdb_status run_table_open(line* l) { return open_typed(l, rdb_table_open); }
static rdb_status run_table_open_raw(line* l) { return open_raw(l, rdb_table_open_raw); }
static rdb_status run_ttl_open(line* l) { return open_typed(l, rdb_ttl_open); }
static rdb_status run_ttl_open_raw(line* l) { return open_raw(l, rdb_ttl_open_raw); }
static rdb_status run_multimap_open(line* l) { return open_typed(l, rdb_multimap_open); }
static rdb_status run_multimap_open_raw(line* l) { return open_raw(l, rdb_multimap_open_raw); }

static rdb_status run_table_close(line* l) {
  const rdb_status status = rdb_table_close(want_pointer(l, HANDLE_TABLE), &l->err);
  if (status != RDB_ERR_BAD_HANDLE) forget_handle(l, HANDLE_TABLE);
  return status;
}

/* ---- the catalog ---- */

static void give_type(line* l, const char* name, const rdb_type* type) {
  const json_t* expected = asked(l, name);
  const json_t* text = json_is_object(expected) ? json_object_get(expected, "name") : expected;
  const uint32_t type_class = json_is_object(expected)
                                  ? (uint32_t)json_integer_value(json_object_get(expected, "class"))
                                  : RDB_TYPE_BUILTIN;
  const rdb_slice wanted = {json_string_value(text), json_string_length(text)};
  if (expected != NULL && (!slices_equal(wanted, type->name) || type->type_class != type_class)) {
    fail(l, "%s is %.*s of class %u", name, (int)type->name.size, (const char*)type->name.data,
         type->type_class);
  }
}

static void give_width(line* l, const char* name, uint32_t width) {
  if (width == RDB_WIDTH_VARIABLE) {
    give_null(l, name);
  } else {
    give_number(l, name, width);
  }
}

static void give_table(line* l, const rdb_table_info* info) {
  const rdb_slice normal = RDB_SLICE("normal"), multimap = RDB_SLICE("multimap");
  give_text(l, "name", info->name);
  give_type(l, "key_type", &info->key_type);
  give_type(l, "value_type", &info->value_type);
  give_number(l, "entries", info->entries);
  give_text(l, "kind", info->kind == RDB_TABLE_NORMAL ? normal : multimap);
  give_width(l, "key_width", info->key_width);
  give_width(l, "value_width", info->value_width);
  give_bool(l, "key_order_known", info->key_order_known);
}

static rdb_status run_table_describe(line* l) {
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  const rdb_status status = rdb_table_describe(want_pointer(l, HANDLE_TABLE), &info, &l->err);
  if (status == RDB_OK) give_table(l, &info);
  return status;
}

static rdb_status run_table_list(line* l) {
  rdb_listing* listing = (rdb_listing*)(void*)l;
  const rdb_status status = rdb_table_list(want_pointer(l, HANDLE_TXN), &listing, &l->err);
  if (status < 0 && listing != NULL) fail(l, "the handle was not set to NULL");
  if (status != RDB_OK) return status;
  made_handle_or_unnamed(l, HANDLE_LISTING, listing);
  const json_t* names = asked(l, "names");
  if (names != NULL && json_array_size(names) != rdb_listing_count(listing)) {
    fail(l, "%zu tables", rdb_listing_count(listing));
  }
  for (size_t i = 0; i < json_array_size(names); ++i) {
    rdb_table_info info = RDB_TABLE_INFO_INIT;
    if (rdb_listing_at(listing, i, &info, &l->err) != RDB_OK) fail(l, "%s", l->err.message);
    if (!slices_equal(info.name, encode(l, json_array_get(names, i), &type_bytes))) {
      fail(l, "table %zu is %.*s", i, (int)info.name.size, (const char*)info.name.data);
    }
  }
  return status;
}

static rdb_status run_table_find(line* l) {
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  rdb_listing* listing = (rdb_listing*)(void*)l;
  rdb_status status =
      rdb_table_find(want_pointer(l, HANDLE_TXN), want_name(l, "name"), &listing, &l->err);
  if (status != RDB_OK && listing != NULL) fail(l, "the handle was not set to NULL");
  if (status != RDB_OK) return status;
  made_handle_or_unnamed(l, HANDLE_LISTING, listing);
  status = rdb_listing_at(listing, 0, &info, &l->err);
  if (status == RDB_OK) give_table(l, &info);
  return status;
}

static rdb_status run_listing_at(line* l) {
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  const rdb_status status = rdb_listing_at(want_pointer(l, HANDLE_LISTING),
                                           (size_t)want_number(l, "index"), &info, &l->err);
  if (status == RDB_OK) give_table(l, &info);
  return status;
}

static rdb_status run_listing_count(line* l) {
  give_number(l, "count", rdb_listing_count(want_pointer(l, HANDLE_LISTING)));
  return RDB_OK;
}

static rdb_status run_listing_free(line* l) {
  rdb_listing_free(want_pointer(l, HANDLE_LISTING));
  forget_handle(l, HANDLE_LISTING);
  return RDB_OK;
}

static rdb_status run_table_rename(line* l) {
  return rdb_table_rename(want_pointer(l, HANDLE_TXN), want_name(l, "from"), want_name(l, "to"),
                          &l->err);
}

static rdb_status run_table_delete(line* l) {
  return rdb_table_delete(want_pointer(l, HANDLE_TXN), want_name(l, "name"), &l->err);
}

static rdb_status run_table_len(line* l) {
  uint64_t count;
  const rdb_status status = rdb_table_len(want_pointer(l, HANDLE_TABLE), &count, &l->err);
  if (status == RDB_OK) give_number(l, "count", count);
  return status;
}

static rdb_status run_table_stats(line* l) {
  static const number_member members[] = {
      NUMBER(rdb_table_stats_info, entries),        NUMBER(rdb_table_stats_info, leaf_pages),
      NUMBER(rdb_table_stats_info, branch_pages),   NUMBER(rdb_table_stats_info, stored_leaf_bytes),
      NUMBER(rdb_table_stats_info, metadata_bytes), NUMBER(rdb_table_stats_info, fragmented_bytes),
      NUMBER(rdb_table_stats_info, tree_height),
  };
  rdb_table_stats_info info = RDB_TABLE_STATS_INFO_INIT;
  const rdb_status status = rdb_table_stats(want_pointer(l, HANDLE_TABLE),
                                            find_pointer(l, HANDLE_CANCEL), &info, &l->err);
  if (status == RDB_OK) give_numbers(l, &info, members, sizeof members / sizeof members[0]);
  return status;
}

const operation transaction_operations[] = {
    {"begin", run_begin, HANDLE_TXN},
    {"commit", run_commit, -1},
    {"abort", run_abort, -1},
    {"txn_id", run_txn_id, -1},
    {"set_durability", run_set_durability, -1},
    {"set_two_phase", run_set_two_phase, -1},
    {"set_quick_repair", run_set_quick_repair, -1},
    {"table_open", run_table_open, HANDLE_TABLE},
    {"table_open_raw", run_table_open_raw, HANDLE_TABLE},
    {"ttl_open", run_ttl_open, HANDLE_TABLE},
    {"ttl_open_raw", run_ttl_open_raw, HANDLE_TABLE},
    {"multimap_open", run_multimap_open, HANDLE_TABLE},
    {"multimap_open_raw", run_multimap_open_raw, HANDLE_TABLE},
    {"table_close", run_table_close, -1},
    {"table_describe", run_table_describe, -1},
    {"table_list", run_table_list, HANDLE_LISTING},
    {"table_find", run_table_find, HANDLE_LISTING},
    {"listing_at", run_listing_at, -1},
    {"listing_count", run_listing_count, -1},
    {"listing_free", run_listing_free, -1},
    {"table_rename", run_table_rename, -1},
    {"table_delete", run_table_delete, -1},
    {"table_len", run_table_len, -1},
    {"table_stats", run_table_stats, -1},
    {NULL, NULL, -1},
};
