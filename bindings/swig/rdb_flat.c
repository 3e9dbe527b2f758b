/* rdb_flat.c: the functions of rdb_flat.h over those of rdb.h. It keeps no state. What a function
 * does beyond a call of its namesake is to copy, so that nothing borrowed leaves it.
 *
 * A wrapper that SWIG generates contains both files, so it needs rdb.h alone. */
#ifndef RDB_FLAT_INSERTED
#include "rdb_flat.h"
#endif

#include <stdlib.h>
#include <string.h>

#define HANDLE(type, number) ((type*)(intptr_t)(number))
#define NUMBER(handle) ((int64_t)(intptr_t)(handle))

/* A negative size becomes NULL with a size, which rdb.h answers with RDB_ERR_MISUSE. */
static rdb_slice slice(const uint8_t* bytes, int64_t size) {
  rdb_slice result = {size < 0 ? NULL : bytes, size < 0 ? 1 : (size_t)size};
  return result;
}

static size_t room(const uint8_t* buffer, int64_t capacity) {
  return buffer == NULL || capacity < 0 ? 0 : (size_t)capacity;
}

static rdb_status settle(rdb_status status, rdb_error* detail) {
  if (detail != NULL) detail->status = status;
  return status;
}

static int64_t made(rdb_status status, const void* handle, rdb_error* detail) {
  return settle(status, detail) == RDB_OK ? NUMBER(handle) : 0;
}

static int64_t number(rdb_status status, uint64_t value, rdb_error* detail) {
  return settle(status, detail) < 0 ? -1 : (int64_t)value;
}

static void fill(int64_t* out, int64_t out_size, const int64_t* values, int64_t count) {
  for (int64_t i = 0; out != NULL && i < count && i < out_size; ++i) out[i] = values[i];
}

static int64_t copy_text(rdb_slice text, uint8_t* buffer, int64_t capacity) {
  if (text.size > 0 && text.size <= room(buffer, capacity)) memcpy(buffer, text.data, text.size);
  return (int64_t)text.size;
}

static int64_t copy_string(const char* text, uint8_t* buffer, int64_t capacity) {
  rdb_slice bytes = {text, strlen(text)};
  return copy_text(bytes, buffer, capacity);
}

static int64_t copy_outcome(rdb_status status, rdb_slice text, uint8_t* buffer, int64_t capacity,
                            rdb_error* detail) {
  return settle(status, detail) == RDB_OK ? copy_text(text, buffer, capacity) : -1;
}

static rdb_progress progress_of(int64_t fn, int64_t ctx, int64_t drop) {
  rdb_progress result;
  result.fn = (rdb_progress_fn)(intptr_t)fn;
  result.ctx = (void*)(intptr_t)ctx;
  result.drop = (rdb_drop_fn)(intptr_t)drop;
  return result;
}

static void store_u32(uint8_t* to, uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = (uint8_t)(value >> (8 * i));
}

static rdb_range range_of(int32_t lower_bound, const uint8_t* lower, int64_t lower_size,
                          int32_t upper_bound, const uint8_t* upper, int64_t upper_size) {
  rdb_range range;
  range.lower = slice(lower, lower_size);
  range.upper = slice(upper, upper_size);
  range.lower_bound = (uint32_t)lower_bound;
  range.upper_bound = (uint32_t)upper_bound;
  return range;
}

/* ------------------------------------------------------------------------------------------------
 * Versions
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_version_text(int32_t which, uint8_t* buffer, int64_t capacity) {
  return copy_string(which == 0 ? rdb_version() : rdb_build_info(), buffer, capacity);
}

int64_t rdb_flat_version_number(void) { return rdb_version_number(); }

int64_t rdb_flat_abi_version(void) { return rdb_abi_version(); }

int64_t rdb_flat_status_name_text(rdb_status status, uint8_t* buffer, int64_t capacity) {
  return copy_string(rdb_status_name(status), buffer, capacity);
}

rdb_status rdb_flat_check_abi(int64_t header_version, rdb_error* detail) {
  return settle(rdb_check_abi((uint32_t)header_version, detail), detail);
}

int32_t rdb_flat_has_feature(const uint8_t* name, int64_t name_size) {
  return rdb_has_feature(slice(name, name_size));
}

/* ------------------------------------------------------------------------------------------------
 * Options
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_options_create(rdb_error* detail) {
  rdb_options* options = malloc(sizeof *options);
  if (options == NULL) {
    static const char message[] = "no memory for options";
    if (detail != NULL) {
      memset(detail, 0, sizeof *detail);
      detail->status = RDB_ERR_NO_MEMORY;
      detail->position = RDB_NO_POSITION;
      detail->message_size = sizeof message - 1;
      memcpy(detail->message, message, sizeof message);
    }
    return 0;
  }
  return made(rdb_options_init(options, sizeof *options, detail), options, detail);
}

void rdb_flat_options_free(int64_t options) { free(HANDLE(rdb_options, options)); }

rdb_status rdb_flat_options_set(int64_t options, const uint8_t* key, int64_t key_size,
                                const uint8_t* value, int64_t value_size, rdb_error* detail) {
  return settle(rdb_options_set(HANDLE(rdb_options, options), slice(key, key_size),
                                slice(value, value_size), detail),
                detail);
}

void rdb_flat_options_set_cancel(int64_t options, int64_t cancel) {
  if (options != 0) HANDLE(rdb_options, options)->cancel = HANDLE(rdb_cancel, cancel);
}

void rdb_flat_options_set_progress(int64_t options, int64_t progress_fn, int64_t progress_ctx,
                                   int64_t progress_drop) {
  if (options == 0) return;
  HANDLE(rdb_options, options)->repair_progress =
      progress_of(progress_fn, progress_ctx, progress_drop);
}

int64_t rdb_flat_option_count(void) { return (int64_t)rdb_option_count(); }

static rdb_status option_at(int64_t index, rdb_option_info* info, rdb_error* detail) {
  memset(info, 0, sizeof *info);
  info->struct_size = sizeof *info;
  return settle(rdb_option_at((size_t)index, info, detail), detail);
}

int64_t rdb_flat_option_type(int64_t index, rdb_error* detail) {
  rdb_option_info info;
  return option_at(index, &info, detail) == RDB_OK ? (int64_t)info.type : -1;
}

int64_t rdb_flat_option_text(int64_t index, int32_t which, uint8_t* buffer, int64_t capacity,
                             rdb_error* detail) {
  rdb_option_info info;
  if (option_at(index, &info, detail) != RDB_OK) return -1;
  const char* texts[] = {info.name, info.choices, info.initial, info.help};
  return copy_string(texts[which & 3], buffer, capacity);
}

/* ------------------------------------------------------------------------------------------------
 * Databases
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_open(const uint8_t* path, int64_t path_size, int64_t options, rdb_error* detail) {
  rdb_db* db = NULL;
  rdb_status status =
      rdb_open(slice(path, path_size), HANDLE(const rdb_options, options), &db, detail);
  return made(status, db, detail);
}

int64_t rdb_flat_open_memory(int64_t options, rdb_error* detail) {
  rdb_db* db = NULL;
  rdb_status status = rdb_open_memory(HANDLE(const rdb_options, options), &db, detail);
  return made(status, db, detail);
}

rdb_status rdb_flat_close(int64_t db, rdb_error* detail) {
  return settle(rdb_close(HANDLE(rdb_db, db), detail), detail);
}

void rdb_flat_close_deferred(int64_t db) { rdb_close_deferred(HANDLE(rdb_db, db)); }

rdb_status rdb_flat_recovery(int64_t db, int64_t* out, int64_t out_size, rdb_error* detail) {
  rdb_recovery_info info = RDB_RECOVERY_INFO_INIT;
  rdb_status status = settle(rdb_recovery(HANDLE(const rdb_db, db), &info, detail), detail);
  if (status == RDB_OK) {
    int64_t values[] = {(int64_t)info.flags, (int64_t)info.txn_id, (int64_t)info.note_count};
    fill(out, out_size, values, 3);
  }
  return status;
}

int64_t rdb_flat_recovery_note_text(int64_t db, int64_t index, uint8_t* buffer, int64_t capacity,
                                    rdb_error* detail) {
  rdb_slice note = {NULL, 0};
  rdb_status status = rdb_recovery_note(HANDLE(const rdb_db, db), (uint64_t)index, &note, detail);
  return copy_outcome(status, note, buffer, capacity, detail);
}

rdb_status rdb_flat_stats(int64_t db, int64_t* out, int64_t out_size, rdb_error* detail) {
  rdb_stats_info info = RDB_STATS_INFO_INIT;
  rdb_status status = settle(rdb_stats(HANDLE(const rdb_db, db), &info, detail), detail);
  if (status == RDB_OK) {
    int64_t values[] = {(int64_t)info.file_bytes,
                        (int64_t)info.page_bytes,
                        (int64_t)info.allocated_pages,
                        (int64_t)info.free_pages,
                        (int64_t)info.pending_free_pages,
                        (int64_t)info.resident_bytes,
                        (int64_t)info.pinned_bytes,
                        (int64_t)info.memory_budget_bytes,
                        (int64_t)info.live_readers,
                        (int64_t)info.last_txn_id,
                        (int64_t)info.durable_txn_id,
                        (int64_t)info.commits,
                        (int64_t)info.bytes_written,
                        (int64_t)info.write_calls,
                        (int64_t)info.bytes_read,
                        (int64_t)info.read_calls,
                        (int64_t)info.syncs,
                        (int64_t)info.pages_allocated,
                        (int64_t)info.pages_evicted,
                        (int64_t)info.opened_bytes};
    fill(out, out_size, values, (int64_t)(sizeof values / sizeof values[0]));
  }
  return status;
}

/* ------------------------------------------------------------------------------------------------
 * Transactions
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_txn_begin(int64_t db, int32_t kind, int32_t wait, int64_t timeout_ms,
                           int32_t durability, int32_t two_phase, int32_t quick_repair,
                           int64_t cancel, rdb_error* detail) {
  rdb_txn_options options;
  rdb_txn* txn = NULL;
  rdb_status status = rdb_txn_options_init(&options, sizeof options, detail);
  if (status == RDB_OK) {
    options.wait = (uint32_t)wait;
    options.timeout_ms = (uint64_t)timeout_ms;
    options.durability = (uint32_t)durability;
    options.two_phase = (uint8_t)(two_phase != 0);
    options.quick_repair = (uint8_t)(quick_repair != 0);
    options.cancel = HANDLE(rdb_cancel, cancel);
    status = rdb_txn_begin(HANDLE(const rdb_db, db), (uint32_t)kind, &options, &txn, detail);
  }
  return made(status, txn, detail);
}

rdb_status rdb_flat_txn_commit(int64_t txn, rdb_error* detail) {
  return settle(rdb_txn_commit(HANDLE(rdb_txn, txn), detail), detail);
}

rdb_status rdb_flat_txn_abort(int64_t txn, rdb_error* detail) {
  return settle(rdb_txn_abort(HANDLE(rdb_txn, txn), detail), detail);
}

int64_t rdb_flat_txn_id(int64_t txn, rdb_error* detail) {
  uint64_t id = 0;
  rdb_status status = rdb_txn_id(HANDLE(const rdb_txn, txn), &id, detail);
  return number(status, id, detail);
}

rdb_status rdb_flat_txn_set_durability(int64_t txn, int32_t durability, rdb_error* detail) {
  return settle(rdb_txn_set_durability(HANDLE(rdb_txn, txn), (uint32_t)durability, detail), detail);
}

rdb_status rdb_flat_txn_set_two_phase(int64_t txn, int32_t on, rdb_error* detail) {
  return settle(rdb_txn_set_two_phase(HANDLE(rdb_txn, txn), on, detail), detail);
}

rdb_status rdb_flat_txn_set_quick_repair(int64_t txn, int32_t on, rdb_error* detail) {
  return settle(rdb_txn_set_quick_repair(HANDLE(rdb_txn, txn), on, detail), detail);
}

/* ------------------------------------------------------------------------------------------------
 * Tables
 * --------------------------------------------------------------------------------------------- */

static rdb_type type_of(int32_t type_class, const uint8_t* name, int64_t name_size) {
  rdb_type result;
  memset(&result, 0, sizeof result);
  result.name = slice(name, name_size);
  result.type_class = (uint32_t)type_class;
  return result;
}

int64_t rdb_flat_table_open(int64_t txn, const uint8_t* name, int64_t name_size, int32_t key_class,
                            const uint8_t* key_type, int64_t key_type_size, int32_t value_class,
                            const uint8_t* value_type, int64_t value_type_size, rdb_error* detail) {
  rdb_type key = type_of(key_class, key_type, key_type_size);
  rdb_type value = type_of(value_class, value_type, value_type_size);
  rdb_table* table = NULL;
  rdb_status status = rdb_table_open(HANDLE(const rdb_txn, txn), slice(name, name_size),
                                     key_class == 0 ? NULL : &key, value_class == 0 ? NULL : &value,
                                     &table, detail);
  return made(status, table, detail);
}

int64_t rdb_flat_table_open_raw(int64_t txn, const uint8_t* name, int64_t name_size,
                                rdb_error* detail) {
  rdb_table* table = NULL;
  rdb_status status =
      rdb_table_open_raw(HANDLE(const rdb_txn, txn), slice(name, name_size), &table, detail);
  return made(status, table, detail);
}

rdb_status rdb_flat_table_close(int64_t table, rdb_error* detail) {
  return settle(rdb_table_close(HANDLE(rdb_table, table), detail), detail);
}

static const rdb_table_info no_table_info = RDB_TABLE_INFO_INIT;

static rdb_status fill_table_info(rdb_status status, const rdb_table_info* info, int64_t* out,
                                  int64_t out_size, rdb_error* detail) {
  if (settle(status, detail) == RDB_OK) {
    /* Through int32_t: a variable width is -1. */
    int64_t values[] = {(int64_t)info->entries,    info->kind,
                        info->key_type.type_class, info->value_type.type_class,
                        (int32_t)info->key_width,  (int32_t)info->value_width,
                        info->key_order_known};
    fill(out, out_size, values, (int64_t)(sizeof values / sizeof values[0]));
  }
  return status;
}

static rdb_slice table_info_text(const rdb_table_info* info, int32_t which) {
  return which == 0 ? info->name : which == 1 ? info->key_type.name : info->value_type.name;
}

rdb_status rdb_flat_table_describe(int64_t table, int64_t* out, int64_t out_size,
                                   rdb_error* detail) {
  rdb_table_info info = no_table_info;
  rdb_status status = rdb_table_describe(HANDLE(const rdb_table, table), &info, detail);
  return fill_table_info(status, &info, out, out_size, detail);
}

int64_t rdb_flat_table_describe_text(int64_t table, int32_t which, uint8_t* buffer,
                                     int64_t capacity, rdb_error* detail) {
  rdb_table_info info = no_table_info;
  rdb_status status = rdb_table_describe(HANDLE(const rdb_table, table), &info, detail);
  return copy_outcome(status, table_info_text(&info, which), buffer, capacity, detail);
}

int64_t rdb_flat_table_list(int64_t txn, rdb_error* detail) {
  rdb_listing* listing = NULL;
  rdb_status status = rdb_table_list(HANDLE(const rdb_txn, txn), &listing, detail);
  return made(status, listing, detail);
}

int64_t rdb_flat_table_find(int64_t txn, const uint8_t* name, int64_t name_size,
                            rdb_error* detail) {
  rdb_listing* listing = NULL;
  rdb_status status =
      rdb_table_find(HANDLE(const rdb_txn, txn), slice(name, name_size), &listing, detail);
  return made(status, listing, detail);
}

int64_t rdb_flat_listing_count(int64_t listing) {
  return (int64_t)rdb_listing_count(HANDLE(const rdb_listing, listing));
}

rdb_status rdb_flat_listing_at(int64_t listing, int64_t index, int64_t* out, int64_t out_size,
                               rdb_error* detail) {
  rdb_table_info info = no_table_info;
  rdb_status status =
      rdb_listing_at(HANDLE(const rdb_listing, listing), (size_t)index, &info, detail);
  return fill_table_info(status, &info, out, out_size, detail);
}

int64_t rdb_flat_listing_at_text(int64_t listing, int64_t index, int32_t which, uint8_t* buffer,
                                 int64_t capacity, rdb_error* detail) {
  rdb_table_info info = no_table_info;
  rdb_status status =
      rdb_listing_at(HANDLE(const rdb_listing, listing), (size_t)index, &info, detail);
  return copy_outcome(status, table_info_text(&info, which), buffer, capacity, detail);
}

void rdb_flat_listing_free(int64_t listing) { rdb_listing_free(HANDLE(rdb_listing, listing)); }

rdb_status rdb_flat_table_rename(int64_t txn, const uint8_t* from, int64_t from_size,
                                 const uint8_t* to, int64_t to_size, rdb_error* detail) {
  return settle(
      rdb_table_rename(HANDLE(rdb_txn, txn), slice(from, from_size), slice(to, to_size), detail),
      detail);
}

rdb_status rdb_flat_table_delete(int64_t txn, const uint8_t* name, int64_t name_size,
                                 rdb_error* detail) {
  return settle(rdb_table_delete(HANDLE(rdb_txn, txn), slice(name, name_size), detail), detail);
}

int64_t rdb_flat_table_len(int64_t table, rdb_error* detail) {
  uint64_t entries = 0;
  rdb_status status = rdb_table_len(HANDLE(const rdb_table, table), &entries, detail);
  return number(status, entries, detail);
}

rdb_status rdb_flat_table_stats(int64_t table, int64_t cancel, int64_t* out, int64_t out_size,
                                rdb_error* detail) {
  rdb_table_stats_info info = RDB_TABLE_STATS_INFO_INIT;
  rdb_status status = rdb_table_stats(HANDLE(const rdb_table, table),
                                      HANDLE(const rdb_cancel, cancel), &info, detail);
  if (settle(status, detail) == RDB_OK) {
    int64_t values[] = {(int64_t)info.entries,        (int64_t)info.leaf_pages,
                        (int64_t)info.branch_pages,   (int64_t)info.stored_leaf_bytes,
                        (int64_t)info.metadata_bytes, (int64_t)info.fragmented_bytes,
                        (int64_t)info.tree_height};
    fill(out, out_size, values, (int64_t)(sizeof values / sizeof values[0]));
  }
  return status;
}

/* ------------------------------------------------------------------------------------------------
 * Records
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_get_pin(int64_t table, const uint8_t* key, int64_t key_size, rdb_error* detail) {
  rdb_value* value = NULL;
  rdb_status status =
      rdb_get_pin(HANDLE(const rdb_table, table), slice(key, key_size), &value, detail);
  return made(status, value, detail);
}

int64_t rdb_flat_get_into(int64_t table, const uint8_t* key, int64_t key_size, uint8_t* buffer,
                          int64_t capacity, rdb_error* detail) {
  size_t size = 0;
  rdb_status status = rdb_get_into(HANDLE(const rdb_table, table), slice(key, key_size), buffer,
                                   room(buffer, capacity), &size, detail);
  settle(status, detail);
  return status == RDB_OK || status == RDB_MORE ? (int64_t)size : -1;
}

rdb_status rdb_flat_contains(int64_t table, const uint8_t* key, int64_t key_size,
                             rdb_error* detail) {
  return settle(rdb_contains(HANDLE(const rdb_table, table), slice(key, key_size), detail), detail);
}

rdb_status rdb_flat_put(int64_t table, const uint8_t* key, int64_t key_size, const uint8_t* value,
                        int64_t value_size, int64_t flags, rdb_error* detail) {
  return settle(rdb_put(HANDLE(rdb_table, table), slice(key, key_size), slice(value, value_size),
                        (uint64_t)flags, detail),
                detail);
}

rdb_status rdb_flat_delete(int64_t table, const uint8_t* key, int64_t key_size, rdb_error* detail) {
  return settle(rdb_delete(HANDLE(rdb_table, table), slice(key, key_size), detail), detail);
}

typedef rdb_status (*pop_fn)(rdb_table*, rdb_value**, rdb_value**, rdb_error*);

/* Without room for both handles nothing is popped: what was not handed out would be lost. */
static rdb_status pop(pop_fn take, int64_t table, int64_t* out, int64_t out_size,
                      rdb_error* detail) {
  int wanted = out != NULL && out_size >= 2;
  rdb_value *key = NULL, *value = NULL;
  rdb_status status = take(wanted ? HANDLE(rdb_table, table) : NULL, &key, &value, detail);
  if (settle(status, detail) == RDB_OK) {
    out[0] = NUMBER(key);
    out[1] = NUMBER(value);
  }
  return status;
}

rdb_status rdb_flat_pop_first(int64_t table, int64_t* out, int64_t out_size, rdb_error* detail) {
  return pop(rdb_pop_first, table, out, out_size, detail);
}

rdb_status rdb_flat_pop_last(int64_t table, int64_t* out, int64_t out_size, rdb_error* detail) {
  return pop(rdb_pop_last, table, out, out_size, detail);
}

int64_t rdb_flat_value_text(int64_t value, uint8_t* buffer, int64_t capacity) {
  return copy_text(rdb_value_data(HANDLE(const rdb_value, value)), buffer, capacity);
}

void rdb_flat_value_free(int64_t value) { rdb_value_free(HANDLE(rdb_value, value)); }

/* ------------------------------------------------------------------------------------------------
 * Batches
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_result_create(rdb_error* detail) {
  rdb_result* result = NULL;
  rdb_status status = rdb_result_create(&result, detail);
  return made(status, result, detail);
}

void rdb_flat_result_free(int64_t result) { rdb_result_free(HANDLE(rdb_result, result)); }

rdb_status rdb_flat_get_batch_packed(int64_t table, const uint8_t* packed, int64_t packed_size,
                                     int64_t result, rdb_error* detail) {
  return settle(rdb_get_batch_packed(HANDLE(const rdb_table, table), slice(packed, packed_size),
                                     HANDLE(rdb_result, result), detail),
                detail);
}

int64_t rdb_flat_result_count(int64_t result) {
  return (int64_t)rdb_result_count(HANDLE(const rdb_result, result));
}

int64_t rdb_flat_result_at_text(int64_t result, int64_t index, uint8_t* buffer, int64_t capacity,
                                rdb_error* detail) {
  rdb_slice value = {NULL, 0};
  rdb_status status =
      rdb_result_at(HANDLE(const rdb_result, result), (size_t)index, &value, detail);
  return copy_outcome(status, value, buffer, capacity, detail);
}

int64_t rdb_flat_result_pack(int64_t result, uint8_t* buffer, int64_t capacity, rdb_error* detail) {
  size_t size = 0;
  rdb_status status = rdb_result_pack(HANDLE(const rdb_result, result), buffer,
                                      room(buffer, capacity), &size, detail);
  return number(status, size, detail);
}

int64_t rdb_flat_put_batch_packed(int64_t table, const uint8_t* packed, int64_t packed_size,
                                  int64_t flags, rdb_error* detail) {
  uint64_t written = 0;
  rdb_status status = rdb_put_batch_packed(HANDLE(rdb_table, table), slice(packed, packed_size),
                                           (uint64_t)flags, &written, detail);
  return number(status, written, detail);
}

int64_t rdb_flat_delete_batch_packed(int64_t table, const uint8_t* packed, int64_t packed_size,
                                     rdb_error* detail) {
  uint64_t deleted = 0;
  rdb_status status = rdb_delete_batch_packed(HANDLE(rdb_table, table), slice(packed, packed_size),
                                              &deleted, detail);
  return number(status, deleted, detail);
}

/* ------------------------------------------------------------------------------------------------
 * Merges
 * --------------------------------------------------------------------------------------------- */

static rdb_merge_operator operator_of(int32_t kind, int64_t fn, int64_t ctx, int64_t drop) {
  rdb_merge_operator result = RDB_MERGE_OPERATOR_INIT((uint32_t)kind);
  result.fn = (rdb_merge_fn)(intptr_t)fn;
  result.ctx = (void*)(intptr_t)ctx;
  result.drop = (rdb_drop_fn)(intptr_t)drop;
  return result;
}

rdb_status rdb_flat_merge(int64_t table, const uint8_t* key, int64_t key_size,
                          const uint8_t* operand, int64_t operand_size, int32_t kind,
                          int64_t merge_fn, int64_t merge_ctx, int64_t merge_drop,
                          rdb_error* detail) {
  const rdb_merge_operator op = operator_of(kind, merge_fn, merge_ctx, merge_drop);
  return settle(rdb_merge(HANDLE(rdb_table, table), slice(key, key_size),
                          slice(operand, operand_size), &op, detail),
                detail);
}

int64_t rdb_flat_merge_batch_packed(int64_t table, const uint8_t* packed, int64_t packed_size,
                                    int32_t kind, int64_t merge_fn, int64_t merge_ctx,
                                    int64_t merge_drop, rdb_error* detail) {
  const rdb_merge_operator op = operator_of(kind, merge_fn, merge_ctx, merge_drop);
  uint64_t merged = 0;
  const rdb_status status = rdb_merge_batch_packed(
      HANDLE(rdb_table, table), slice(packed, packed_size), &op, &merged, detail);
  return number(status, merged, detail);
}

/* ------------------------------------------------------------------------------------------------
 * Cursors
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_cursor_open(int64_t table, rdb_error* detail) {
  rdb_cursor* cursor = NULL;
  rdb_status status = rdb_cursor_open(HANDLE(const rdb_table, table), &cursor, detail);
  return made(status, cursor, detail);
}

rdb_status rdb_flat_cursor_close(int64_t cursor, rdb_error* detail) {
  return settle(rdb_cursor_close(HANDLE(rdb_cursor, cursor), detail), detail);
}

/* One entry as a packed record: u32 key size, u32 value size, key, value, zeros up to a multiple
 * of 4. The format keeps keys and values below 4 GiB. */
static rdb_status pack(rdb_status status, rdb_slice key, rdb_slice value, uint8_t* buffer,
                       int64_t capacity, int64_t* out, int64_t out_size, rdb_error* detail) {
  if (status == RDB_OK) {
    size_t end = 8 + key.size + value.size;
    int64_t size = (int64_t)((end + 3) & ~(size_t)3);
    fill(out, out_size, &size, 1);
    if ((size_t)size > room(buffer, capacity)) {
      status = RDB_MORE;
    } else {
      store_u32(buffer, (uint32_t)key.size);
      store_u32(buffer + 4, (uint32_t)value.size);
      if (key.size > 0) memcpy(buffer + 8, key.data, key.size);
      if (value.size > 0) memcpy(buffer + 8 + key.size, value.data, value.size);
      memset(buffer + end, 0, (size_t)size - end);
    }
  }
  return settle(status, detail);
}

typedef rdb_status (*move_fn)(rdb_cursor*, rdb_slice*, rdb_slice*, rdb_error*);
typedef rdb_status (*seek_fn)(rdb_cursor*, rdb_slice, rdb_slice*, rdb_slice*, rdb_error*);

static rdb_status move(move_fn go, int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                       int64_t out_size, rdb_error* detail) {
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  rdb_status status = go(HANDLE(rdb_cursor, cursor), &key, &value, detail);
  return pack(status, key, value, buffer, capacity, out, out_size, detail);
}

static rdb_status seek(seek_fn go, int64_t cursor, rdb_slice target, uint8_t* buffer,
                       int64_t capacity, int64_t* out, int64_t out_size, rdb_error* detail) {
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  rdb_status status = go(HANDLE(rdb_cursor, cursor), target, &key, &value, detail);
  return pack(status, key, value, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_first(int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                                 int64_t out_size, rdb_error* detail) {
  return move(rdb_cursor_first, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_last(int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                                int64_t out_size, rdb_error* detail) {
  return move(rdb_cursor_last, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_next(int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                                int64_t out_size, rdb_error* detail) {
  return move(rdb_cursor_next, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_prev(int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                                int64_t out_size, rdb_error* detail) {
  return move(rdb_cursor_prev, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_get(int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                               int64_t out_size, rdb_error* detail) {
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  rdb_status status = rdb_cursor_get(HANDLE(const rdb_cursor, cursor), &key, &value, detail);
  return pack(status, key, value, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_seek(int64_t cursor, const uint8_t* target, int64_t target_size,
                                uint8_t* buffer, int64_t capacity, int64_t* out, int64_t out_size,
                                rdb_error* detail) {
  return seek(rdb_cursor_seek, cursor, slice(target, target_size), buffer, capacity, out, out_size,
              detail);
}

rdb_status rdb_flat_cursor_seek_exact(int64_t cursor, const uint8_t* target, int64_t target_size,
                                      uint8_t* buffer, int64_t capacity, int64_t* out,
                                      int64_t out_size, rdb_error* detail) {
  return seek(rdb_cursor_seek_exact, cursor, slice(target, target_size), buffer, capacity, out,
              out_size, detail);
}

rdb_status rdb_flat_cursor_seek_le(int64_t cursor, const uint8_t* target, int64_t target_size,
                                   uint8_t* buffer, int64_t capacity, int64_t* out,
                                   int64_t out_size, rdb_error* detail) {
  return seek(rdb_cursor_seek_le, cursor, slice(target, target_size), buffer, capacity, out,
              out_size, detail);
}

rdb_status rdb_flat_cursor_set_range(int64_t cursor, int32_t lower_bound, const uint8_t* lower,
                                     int64_t lower_size, int32_t upper_bound, const uint8_t* upper,
                                     int64_t upper_size, rdb_error* detail) {
  const rdb_range range = range_of(lower_bound, lower, lower_size, upper_bound, upper, upper_size);
  return settle(rdb_cursor_set_range(HANDLE(rdb_cursor, cursor), &range, detail), detail);
}

rdb_status rdb_flat_cursor_next_batch_packed(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                             int64_t max_records, int64_t* out, int64_t out_size,
                                             rdb_error* detail) {
  size_t size = 0, count = 0;
  rdb_status status = rdb_cursor_next_batch_packed(
      HANDLE(rdb_cursor, cursor), buffer, room(buffer, capacity),
      max_records < 0 ? 0 : (size_t)max_records, &size, &count, detail);
  if (settle(status, detail) >= 0) {
    int64_t values[] = {(int64_t)size, (int64_t)count};
    fill(out, out_size, values, 2);
  }
  return status;
}

rdb_status rdb_flat_cursor_delete(int64_t cursor, rdb_error* detail) {
  return settle(rdb_cursor_delete(HANDLE(rdb_cursor, cursor), detail), detail);
}

/* ------------------------------------------------------------------------------------------------
 * Multimaps
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_multimap_open(int64_t txn, const uint8_t* name, int64_t name_size,
                               int32_t key_class, const uint8_t* key_type, int64_t key_type_size,
                               int32_t value_class, const uint8_t* value_type,
                               int64_t value_type_size, rdb_error* detail) {
  rdb_type key = type_of(key_class, key_type, key_type_size);
  rdb_type value = type_of(value_class, value_type, value_type_size);
  rdb_table* table = NULL;
  rdb_status status = rdb_multimap_open(HANDLE(const rdb_txn, txn), slice(name, name_size),
                                        key_class == 0 ? NULL : &key,
                                        value_class == 0 ? NULL : &value, &table, detail);
  return made(status, table, detail);
}

int64_t rdb_flat_multimap_open_raw(int64_t txn, const uint8_t* name, int64_t name_size,
                                   rdb_error* detail) {
  rdb_table* table = NULL;
  rdb_status status =
      rdb_multimap_open_raw(HANDLE(const rdb_txn, txn), slice(name, name_size), &table, detail);
  return made(status, table, detail);
}

int64_t rdb_flat_multimap_key_count(int64_t table, rdb_error* detail) {
  uint64_t count = 0;
  rdb_status status = rdb_multimap_key_count(HANDLE(const rdb_table, table), &count, detail);
  return number(status, count, detail);
}

int64_t rdb_flat_multimap_value_count(int64_t table, const uint8_t* key, int64_t key_size,
                                      rdb_error* detail) {
  uint64_t count = 0;
  rdb_status status = rdb_multimap_value_count(HANDLE(const rdb_table, table), slice(key, key_size),
                                               &count, detail);
  return number(status, count, detail);
}

rdb_status rdb_flat_multimap_get(int64_t table, const uint8_t* key, int64_t key_size,
                                 int64_t result, rdb_error* detail) {
  return settle(rdb_multimap_get(HANDLE(const rdb_table, table), slice(key, key_size),
                                 HANDLE(rdb_result, result), detail),
                detail);
}

rdb_status rdb_flat_multimap_contains(int64_t table, const uint8_t* key, int64_t key_size,
                                      const uint8_t* value, int64_t value_size, rdb_error* detail) {
  return settle(rdb_multimap_contains(HANDLE(const rdb_table, table), slice(key, key_size),
                                      slice(value, value_size), detail),
                detail);
}

rdb_status rdb_flat_multimap_delete(int64_t table, const uint8_t* key, int64_t key_size,
                                    const uint8_t* value, int64_t value_size, rdb_error* detail) {
  return settle(rdb_multimap_delete(HANDLE(rdb_table, table), slice(key, key_size),
                                    slice(value, value_size), detail),
                detail);
}

int64_t rdb_flat_multimap_delete_batch_packed(int64_t table, const uint8_t* packed,
                                              int64_t packed_size, rdb_error* detail) {
  uint64_t deleted = 0;
  rdb_status status = rdb_multimap_delete_batch_packed(
      HANDLE(rdb_table, table), slice(packed, packed_size), &deleted, detail);
  return number(status, deleted, detail);
}

int64_t rdb_flat_multimap_drain(int64_t table, int32_t lower_bound, const uint8_t* lower,
                                int64_t lower_size, int32_t upper_bound, const uint8_t* upper,
                                int64_t upper_size, rdb_error* detail) {
  const rdb_range range = range_of(lower_bound, lower, lower_size, upper_bound, upper, upper_size);
  uint64_t keys = 0;
  rdb_status status = rdb_multimap_drain(HANDLE(rdb_table, table), &range, &keys, detail);
  return number(status, keys, detail);
}

rdb_status rdb_flat_cursor_seek_pair(int64_t cursor, const uint8_t* key, int64_t key_size,
                                     const uint8_t* value, int64_t value_size, uint8_t* buffer,
                                     int64_t capacity, int64_t* out, int64_t out_size,
                                     rdb_error* detail) {
  rdb_slice found_key = {NULL, 0}, found_value = {NULL, 0};
  rdb_status status =
      rdb_cursor_seek_pair(HANDLE(rdb_cursor, cursor), slice(key, key_size),
                           slice(value, value_size), &found_key, &found_value, detail);
  return pack(status, found_key, found_value, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_next_key(int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                                    int64_t out_size, rdb_error* detail) {
  return move(rdb_cursor_next_key, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_prev_key(int64_t cursor, uint8_t* buffer, int64_t capacity, int64_t* out,
                                    int64_t out_size, rdb_error* detail) {
  return move(rdb_cursor_prev_key, cursor, buffer, capacity, out, out_size, detail);
}

typedef rdb_status (*move_value_fn)(rdb_cursor*, rdb_slice*, rdb_error*);

static rdb_status move_value(move_value_fn go, int64_t cursor, uint8_t* buffer, int64_t capacity,
                             int64_t* out, int64_t out_size, rdb_error* detail) {
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  rdb_status status = go(HANDLE(rdb_cursor, cursor), NULL, detail);
  if (status == RDB_OK) {
    status = rdb_cursor_get(HANDLE(const rdb_cursor, cursor), &key, &value, detail);
  }
  return pack(status, key, value, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_next_value(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                      int64_t* out, int64_t out_size, rdb_error* detail) {
  return move_value(rdb_cursor_next_value, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_prev_value(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                      int64_t* out, int64_t out_size, rdb_error* detail) {
  return move_value(rdb_cursor_prev_value, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_first_value(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                       int64_t* out, int64_t out_size, rdb_error* detail) {
  return move_value(rdb_cursor_first_value, cursor, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_cursor_last_value(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                      int64_t* out, int64_t out_size, rdb_error* detail) {
  return move_value(rdb_cursor_last_value, cursor, buffer, capacity, out, out_size, detail);
}

int64_t rdb_flat_cursor_value_count(int64_t cursor, rdb_error* detail) {
  uint64_t count = 0;
  rdb_status status = rdb_cursor_value_count(HANDLE(const rdb_cursor, cursor), &count, detail);
  return number(status, count, detail);
}

/* ------------------------------------------------------------------------------------------------
 * What was there, what to expect, many records
 * --------------------------------------------------------------------------------------------- */

rdb_status rdb_flat_exchange(int64_t table, const uint8_t* key, int64_t key_size,
                             const uint8_t* value, int64_t value_size, int64_t flags, int64_t* out,
                             int64_t out_size, rdb_error* detail) {
  rdb_value* old = NULL;
  const rdb_status status =
      settle(rdb_exchange(HANDLE(rdb_table, table), slice(key, key_size), slice(value, value_size),
                          (uint64_t)flags, &old, detail),
             detail);
  const int64_t values[] = {NUMBER(old)};
  fill(out, out_size, values, 1);
  return status;
}

int64_t rdb_flat_take(int64_t table, const uint8_t* key, int64_t key_size, rdb_error* detail) {
  rdb_value* old = NULL;
  const rdb_status status = rdb_take(HANDLE(rdb_table, table), slice(key, key_size), &old, detail);
  return made(status, old, detail);
}

rdb_status rdb_flat_compare_and_put(int64_t table, const uint8_t* key, int64_t key_size,
                                    int32_t has_expected, const uint8_t* expected,
                                    int64_t expected_size, int32_t has_value, const uint8_t* value,
                                    int64_t value_size, rdb_error* detail) {
  const rdb_slice wanted = slice(expected, expected_size);
  const rdb_slice fresh = slice(value, value_size);
  return settle(
      rdb_compare_and_put(HANDLE(rdb_table, table), slice(key, key_size),
                          has_expected ? &wanted : NULL, has_value ? &fresh : NULL, detail),
      detail);
}

rdb_status rdb_flat_cursor_put(int64_t cursor, const uint8_t* value, int64_t value_size,
                               rdb_error* detail) {
  return settle(rdb_cursor_put(HANDLE(rdb_cursor, cursor), slice(value, value_size), detail),
                detail);
}

rdb_status rdb_flat_reserve(int64_t table, const uint8_t* key, int64_t key_size, int64_t size,
                            int64_t flags, int64_t* out, int64_t out_size, rdb_error* detail) {
  rdb_reservation* reservation = NULL;
  void* bytes = NULL;
  const rdb_status status =
      settle(rdb_reserve(HANDLE(rdb_table, table), slice(key, key_size), (size_t)size,
                         (uint64_t)flags, &reservation, &bytes, detail),
             detail);
  const int64_t values[] = {NUMBER(reservation), NUMBER(bytes)};
  fill(out, out_size, values, 2);
  return status;
}

rdb_status rdb_flat_reservation_store(int64_t reservation, rdb_error* detail) {
  return settle(rdb_reservation_store(HANDLE(rdb_reservation, reservation), detail), detail);
}

void rdb_flat_reservation_free(int64_t reservation) {
  rdb_reservation_free(HANDLE(rdb_reservation, reservation));
}

int64_t rdb_flat_drain(int64_t table, int32_t lower_bound, const uint8_t* lower, int64_t lower_size,
                       int32_t upper_bound, const uint8_t* upper, int64_t upper_size,
                       rdb_error* detail) {
  const rdb_range range = range_of(lower_bound, lower, lower_size, upper_bound, upper, upper_size);
  uint64_t removed = 0;
  const rdb_status status = rdb_drain(HANDLE(rdb_table, table), &range, &removed, detail);
  return number(status, removed, detail);
}

int64_t rdb_flat_retain(int64_t table, int32_t lower_bound, const uint8_t* lower,
                        int64_t lower_size, int32_t upper_bound, const uint8_t* upper,
                        int64_t upper_size, int64_t filter_fn, int64_t filter_ctx,
                        int64_t filter_drop, rdb_error* detail) {
  const rdb_range range = range_of(lower_bound, lower, lower_size, upper_bound, upper, upper_size);
  rdb_filter filter;
  uint64_t removed = 0;
  filter.fn = (rdb_filter_fn)(intptr_t)filter_fn;
  filter.ctx = (void*)(intptr_t)filter_ctx;
  filter.drop = (rdb_drop_fn)(intptr_t)filter_drop;
  const rdb_status status = rdb_retain(HANDLE(rdb_table, table), &range, &filter, &removed, detail);
  return number(status, removed, detail);
}

int64_t rdb_flat_extract_open(int64_t table, int32_t lower_bound, const uint8_t* lower,
                              int64_t lower_size, int32_t upper_bound, const uint8_t* upper,
                              int64_t upper_size, rdb_error* detail) {
  const rdb_range range = range_of(lower_bound, lower, lower_size, upper_bound, upper, upper_size);
  rdb_extract* extract = NULL;
  const rdb_status status = rdb_extract_open(HANDLE(rdb_table, table), &range, &extract, detail);
  return made(status, extract, detail);
}

rdb_status rdb_flat_extract_next(int64_t extract, uint8_t* buffer, int64_t capacity, int64_t* out,
                                 int64_t out_size, rdb_error* detail) {
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  const rdb_status status = rdb_extract_next(HANDLE(rdb_extract, extract), &key, &value, detail);
  return pack(status, key, value, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_extract_prev(int64_t extract, uint8_t* buffer, int64_t capacity, int64_t* out,
                                 int64_t out_size, rdb_error* detail) {
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  const rdb_status status = rdb_extract_prev(HANDLE(rdb_extract, extract), &key, &value, detail);
  return pack(status, key, value, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_extract_get(int64_t extract, uint8_t* buffer, int64_t capacity, int64_t* out,
                                int64_t out_size, rdb_error* detail) {
  rdb_slice key = {NULL, 0}, value = {NULL, 0};
  const rdb_status status =
      rdb_extract_get(HANDLE(const rdb_extract, extract), &key, &value, detail);
  return pack(status, key, value, buffer, capacity, out, out_size, detail);
}

rdb_status rdb_flat_extract_take(int64_t extract, rdb_error* detail) {
  return settle(rdb_extract_take(HANDLE(rdb_extract, extract), detail), detail);
}

int64_t rdb_flat_extract_close(int64_t extract, rdb_error* detail) {
  uint64_t removed = 0;
  const rdb_status status = rdb_extract_close(HANDLE(rdb_extract, extract), &removed, detail);
  return number(status, removed, detail);
}

int64_t rdb_flat_table_copy(int64_t source, int64_t txn, const uint8_t* name, int64_t name_size,
                            int64_t cancel, rdb_error* detail) {
  uint64_t copied = 0;
  const rdb_status status =
      rdb_table_copy(HANDLE(const rdb_table, source), HANDLE(const rdb_txn, txn),
                     slice(name, name_size), HANDLE(const rdb_cancel, cancel), &copied, detail);
  return number(status, copied, detail);
}

/* ------------------------------------------------------------------------------------------------
 * Values that expire
 * --------------------------------------------------------------------------------------------- */

static rdb_status one_number(rdb_status status, uint64_t value, int64_t* out, int64_t out_size,
                             rdb_error* detail) {
  const int64_t bits = (int64_t)value;
  if (settle(status, detail) == RDB_OK) fill(out, out_size, &bits, 1);
  return status;
}

int64_t rdb_flat_ttl_open(int64_t txn, const uint8_t* name, int64_t name_size, int32_t key_class,
                          const uint8_t* key_type, int64_t key_type_size, int32_t value_class,
                          const uint8_t* value_type, int64_t value_type_size, rdb_error* detail) {
  rdb_type key = type_of(key_class, key_type, key_type_size);
  rdb_type value = type_of(value_class, value_type, value_type_size);
  rdb_table* table = NULL;
  const rdb_status status =
      rdb_ttl_open(HANDLE(const rdb_txn, txn), slice(name, name_size), key_class == 0 ? NULL : &key,
                   value_class == 0 ? NULL : &value, &table, detail);
  return made(status, table, detail);
}

int64_t rdb_flat_ttl_open_raw(int64_t txn, const uint8_t* name, int64_t name_size,
                              rdb_error* detail) {
  rdb_table* table = NULL;
  const rdb_status status =
      rdb_ttl_open_raw(HANDLE(const rdb_txn, txn), slice(name, name_size), &table, detail);
  return made(status, table, detail);
}

rdb_status rdb_flat_ttl_set_default(int64_t table, int64_t ttl_ms, rdb_error* detail) {
  return settle(rdb_ttl_set_default(HANDLE(rdb_table, table), (uint64_t)ttl_ms, detail), detail);
}

rdb_status rdb_flat_ttl_default(int64_t table, int64_t* out, int64_t out_size, rdb_error* detail) {
  uint64_t ttl_ms = 0;
  const rdb_status status = rdb_ttl_default(HANDLE(const rdb_table, table), &ttl_ms, detail);
  return one_number(status, ttl_ms, out, out_size, detail);
}

rdb_status rdb_flat_ttl_put(int64_t table, const uint8_t* key, int64_t key_size,
                            const uint8_t* value, int64_t value_size, int64_t ttl_ms, int64_t flags,
                            rdb_error* detail) {
  return settle(rdb_ttl_put(HANDLE(rdb_table, table), slice(key, key_size),
                            slice(value, value_size), (uint64_t)ttl_ms, (uint64_t)flags, detail),
                detail);
}

rdb_status rdb_flat_ttl_touch(int64_t table, const uint8_t* key, int64_t key_size, int64_t ttl_ms,
                              rdb_error* detail) {
  return settle(
      rdb_ttl_touch(HANDLE(rdb_table, table), slice(key, key_size), (uint64_t)ttl_ms, detail),
      detail);
}

rdb_status rdb_flat_ttl_expiry(int64_t table, const uint8_t* key, int64_t key_size, int64_t* out,
                               int64_t out_size, rdb_error* detail) {
  uint64_t expiry = 0;
  const rdb_status status =
      rdb_ttl_expiry(HANDLE(const rdb_table, table), slice(key, key_size), &expiry, detail);
  return one_number(status, expiry, out, out_size, detail);
}

rdb_status rdb_flat_cursor_expiry(int64_t cursor, int64_t* out, int64_t out_size,
                                  rdb_error* detail) {
  uint64_t expiry = 0;
  const rdb_status status = rdb_cursor_expiry(HANDLE(const rdb_cursor, cursor), &expiry, detail);
  return one_number(status, expiry, out, out_size, detail);
}

int64_t rdb_flat_ttl_live_count(int64_t table, int64_t cancel, rdb_error* detail) {
  uint64_t count = 0;
  const rdb_status status = rdb_ttl_live_count(HANDLE(const rdb_table, table),
                                               HANDLE(const rdb_cancel, cancel), &count, detail);
  return number(status, count, detail);
}

rdb_status rdb_flat_ttl_purge(int64_t table, int32_t has_after, const uint8_t* after,
                              int64_t after_size, int64_t max_records, int64_t cancel, int64_t* out,
                              int64_t out_size, rdb_error* detail) {
  const rdb_slice behind = slice(after, after_size);
  uint64_t examined = 0;
  uint64_t removed = 0;
  rdb_value* position = NULL;
  const int wanted = out != NULL && out_size >= 1;
  const rdb_status status = rdb_ttl_purge(HANDLE(rdb_table, table), has_after ? &behind : NULL,
                                          (uint64_t)max_records, HANDLE(const rdb_cancel, cancel),
                                          &examined, &removed, wanted ? &position : NULL, detail);
  if (settle(status, detail) >= 0) {
    const int64_t values[] = {NUMBER(position), (int64_t)examined, (int64_t)removed};
    fill(out, out_size, values, 3);
  }
  return status;
}

rdb_status rdb_flat_clock_now(int64_t db, int64_t* out, int64_t out_size, rdb_error* detail) {
  uint64_t now_ms = 0;
  const rdb_status status = rdb_clock_now(HANDLE(const rdb_db, db), &now_ms, detail);
  return one_number(status, now_ms, out, out_size, detail);
}

rdb_status rdb_flat_clock_set(int64_t db, int64_t now_ms, rdb_error* detail) {
  return settle(rdb_clock_set(HANDLE(const rdb_db, db), (uint64_t)now_ms, detail), detail);
}

/* ------------------------------------------------------------------------------------------------
 * Verification, cancellation
 * --------------------------------------------------------------------------------------------- */

int64_t rdb_flat_verify(int64_t db, int32_t level, int64_t cancel, int64_t progress_fn,
                        int64_t progress_ctx, int64_t progress_drop, rdb_error* detail) {
  rdb_verify_options options;
  rdb_report* report = NULL;
  rdb_status status = rdb_verify_options_init(&options, sizeof options, detail);
  if (status == RDB_OK) {
    options.level = (uint32_t)level;
    options.cancel = HANDLE(rdb_cancel, cancel);
    options.progress = progress_of(progress_fn, progress_ctx, progress_drop);
    status = rdb_verify(HANDLE(const rdb_db, db), &options, &report, detail);
  }
  return made(status, report, detail);
}

rdb_status rdb_flat_report_describe(int64_t report, int64_t* out, int64_t out_size,
                                    rdb_error* detail) {
  rdb_report_info info = RDB_REPORT_INFO_INIT;
  rdb_status status = rdb_report_describe(HANDLE(const rdb_report, report), &info, detail);
  if (settle(status, detail) == RDB_OK) {
    int64_t values[] = {(int64_t)info.pages_checked, (int64_t)info.tables_checked,
                        (int64_t)info.entries_checked, (int64_t)info.leaked_pages,
                        (int64_t)info.problem_count};
    fill(out, out_size, values, (int64_t)(sizeof values / sizeof values[0]));
  }
  return status;
}

static rdb_status problem_at(int64_t report, int64_t index, rdb_problem_info* info,
                             rdb_error* detail) {
  memset(info, 0, sizeof *info);
  info->struct_size = sizeof *info;
  return settle(rdb_report_problem(HANDLE(const rdb_report, report), (uint64_t)index, info, detail),
                detail);
}

rdb_status rdb_flat_report_problem(int64_t report, int64_t index, int64_t* out, int64_t out_size,
                                   rdb_error* detail) {
  rdb_problem_info info;
  rdb_status status = problem_at(report, index, &info, detail);
  if (status == RDB_OK) {
    int64_t page = (int64_t)info.page;
    fill(out, out_size, &page, 1);
  }
  return status;
}

int64_t rdb_flat_report_problem_text(int64_t report, int64_t index, int32_t which, uint8_t* buffer,
                                     int64_t capacity, rdb_error* detail) {
  rdb_problem_info info;
  if (problem_at(report, index, &info, detail) != RDB_OK) return -1;
  return copy_text(which == 0   ? info.object
                   : which == 1 ? info.what
                                : info.meaning,
                   buffer, capacity);
}

void rdb_flat_report_free(int64_t report) { rdb_report_free(HANDLE(rdb_report, report)); }

int64_t rdb_flat_cancel_create(rdb_error* detail) {
  rdb_cancel* cancel = NULL;
  rdb_status status = rdb_cancel_create(&cancel, detail);
  return made(status, cancel, detail);
}

void rdb_flat_cancel_trigger(int64_t cancel) {
  rdb_cancel_trigger(HANDLE(const rdb_cancel, cancel));
}

void rdb_flat_cancel_reset(int64_t cancel) { rdb_cancel_reset(HANDLE(const rdb_cancel, cancel)); }

void rdb_flat_cancel_free(int64_t cancel) { rdb_cancel_free(HANDLE(rdb_cancel, cancel)); }
