/* rdb_flat.h: rdb.h as numbers and byte arrays, for SWIG. Private: only the wrappers that SWIG
 * generates call it, and rdb_flat.c behind it calls rdb.h.
 *
 * SWIG turns a struct into an object that somebody must free, a handle's address into a class of
 * its own, and const void* into a bare integer. So nothing of the kind is here:
 *
 * Handles   64-bit integers; 0 is NULL. A function that makes one returns it, and 0 when it does
 *           not.
 * Bytes     (const uint8_t* NAME, int64_t NAME_size), borrowed until the call returns. One typemap
 *           makes such a pair one argument.
 * Room      (uint8_t* buffer, int64_t capacity): filled by the call.
 * Numbers   (int64_t* out, int64_t out_size): as many of the values named as fit. Unsigned 64-bit
 *           numbers keep their bits, so RDB_NO_POSITION is -1.
 * Text      functions named _text copy one piece of text into the room and return its size. When it
 *           does not fit, nothing is copied, and the size tells the room needed. -1: see detail.
 * Status    detail->status is set by every call that takes detail, also to outcomes and to RDB_OK;
 *           the rest of detail only with an error. Functions that return rdb_status return the
 *           same number; functions that return a handle return 0, and those that return a number
 *           -1, when it is negative.
 * Callback  address of an rdb_progress_fn, its context and the address of an rdb_drop_fn, each as
 *           an integer; all zero: none.
 *
 * For meanings, outcomes and threads see the function of rdb.h whose name stands behind rdb_flat_.
 * Missing here: rdb_api; rdb_codec_..., as each language encodes by itself; rdb_table_open_user,
 * whose callback would cost more than the lookup it serves; and the forms that take arrays of
 * rdb_slice (rdb_get_batch, rdb_put_batch, rdb_delete_batch, rdb_merge_batch,
 * rdb_cursor_next_batch, rdb_multimap_delete_batch), whose packed twins do the same.
 */
#ifndef RDB_FLAT_H
#define RDB_FLAT_H

#ifndef SWIG
#include "rdb.h"
#endif

/* Empty where the functions are compiled on their own; static inside a wrapper. */
#ifndef RDB_FLAT_API
#define RDB_FLAT_API
#endif

/* Versions. Texts: 0 rdb_version, 1 rdb_build_info. */
RDB_FLAT_API int64_t rdb_flat_version_text(int32_t which, uint8_t* buffer, int64_t capacity);
RDB_FLAT_API int64_t rdb_flat_version_number(void);
RDB_FLAT_API int64_t rdb_flat_abi_version(void);
RDB_FLAT_API int64_t rdb_flat_status_name_text(rdb_status status, uint8_t* buffer,
                                               int64_t capacity);
RDB_FLAT_API rdb_status rdb_flat_check_abi(int64_t header_version, rdb_error* detail);
RDB_FLAT_API int32_t rdb_flat_has_feature(const uint8_t* name, int64_t name_size);

/* Options of an opening: a handle over rdb_options, which starts with the defaults. */
RDB_FLAT_API int64_t rdb_flat_options_create(rdb_error* detail);
RDB_FLAT_API void rdb_flat_options_free(int64_t options);
RDB_FLAT_API rdb_status rdb_flat_options_set(int64_t options, const uint8_t* key, int64_t key_size,
                                             const uint8_t* value, int64_t value_size,
                                             rdb_error* detail);
/* cancel must outlive the opening. */
RDB_FLAT_API void rdb_flat_options_set_cancel(int64_t options, int64_t cancel);
/* For one opening: its drop function is called by that. */
RDB_FLAT_API void rdb_flat_options_set_progress(int64_t options, int64_t progress_fn,
                                                int64_t progress_ctx, int64_t progress_drop);
RDB_FLAT_API int64_t rdb_flat_option_count(void);
/* RDB_OPTION_... */
RDB_FLAT_API int64_t rdb_flat_option_type(int64_t index, rdb_error* detail);
/* 0 name, 1 choices, 2 initial, 3 help. */
RDB_FLAT_API int64_t rdb_flat_option_text(int64_t index, int32_t which, uint8_t* buffer,
                                          int64_t capacity, rdb_error* detail);

/* Databases. options 0: the defaults. */
RDB_FLAT_API int64_t rdb_flat_open(const uint8_t* path, int64_t path_size, int64_t options,
                                   rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_open_memory(int64_t options, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_close(int64_t db, rdb_error* detail);
RDB_FLAT_API void rdb_flat_close_deferred(int64_t db);
/* out: flags, txn_id, note_count. */
RDB_FLAT_API rdb_status rdb_flat_recovery(int64_t db, int64_t* out, int64_t out_size,
                                          rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_recovery_note_text(int64_t db, int64_t index, uint8_t* buffer,
                                                 int64_t capacity, rdb_error* detail);
/* out: the members of rdb_stats_info behind struct_size, in their order. */
RDB_FLAT_API rdb_status rdb_flat_stats(int64_t db, int64_t* out, int64_t out_size,
                                       rdb_error* detail);

/* Transactions. The numbers behind kind are the members of rdb_txn_options. */
RDB_FLAT_API int64_t rdb_flat_txn_begin(int64_t db, int32_t kind, int32_t wait, int64_t timeout_ms,
                                        int32_t durability, int32_t two_phase, int32_t quick_repair,
                                        int64_t cancel, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_txn_commit(int64_t txn, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_txn_abort(int64_t txn, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_txn_id(int64_t txn, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_txn_set_durability(int64_t txn, int32_t durability,
                                                    rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_txn_set_two_phase(int64_t txn, int32_t on, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_txn_set_quick_repair(int64_t txn, int32_t on, rdb_error* detail);

/* Tables. A class of 0 stands for the default type, and its name is not looked at. */
RDB_FLAT_API int64_t rdb_flat_table_open(int64_t txn, const uint8_t* name, int64_t name_size,
                                         int32_t key_class, const uint8_t* key_type,
                                         int64_t key_type_size, int32_t value_class,
                                         const uint8_t* value_type, int64_t value_type_size,
                                         rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_table_open_raw(int64_t txn, const uint8_t* name, int64_t name_size,
                                             rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_table_close(int64_t table, rdb_error* detail);
/* out: entries, kind, key class, value class, key_width, value_width, key_order_known; a variable
 * width is -1. Texts: 0 name, 1 name of the key type, 2 name of the value type. */
RDB_FLAT_API rdb_status rdb_flat_table_describe(int64_t table, int64_t* out, int64_t out_size,
                                                rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_table_describe_text(int64_t table, int32_t which, uint8_t* buffer,
                                                  int64_t capacity, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_table_list(int64_t txn, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_table_find(int64_t txn, const uint8_t* name, int64_t name_size,
                                         rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_listing_count(int64_t listing);
/* As rdb_flat_table_describe and its texts. */
RDB_FLAT_API rdb_status rdb_flat_listing_at(int64_t listing, int64_t index, int64_t* out,
                                            int64_t out_size, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_listing_at_text(int64_t listing, int64_t index, int32_t which,
                                              uint8_t* buffer, int64_t capacity, rdb_error* detail);
RDB_FLAT_API void rdb_flat_listing_free(int64_t listing);
RDB_FLAT_API rdb_status rdb_flat_table_rename(int64_t txn, const uint8_t* from, int64_t from_size,
                                              const uint8_t* to, int64_t to_size,
                                              rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_table_delete(int64_t txn, const uint8_t* name, int64_t name_size,
                                              rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_table_len(int64_t table, rdb_error* detail);
/* out: the members of rdb_table_stats_info behind struct_size, in their order. */
RDB_FLAT_API rdb_status rdb_flat_table_stats(int64_t table, int64_t cancel, int64_t* out,
                                             int64_t out_size, rdb_error* detail);

/* Records. rdb_flat_get_into returns the value's size, which with RDB_MORE is above capacity; -1
 * with RDB_NOT_FOUND as well. out of both pops: handles of key and value. */
RDB_FLAT_API int64_t rdb_flat_get_pin(int64_t table, const uint8_t* key, int64_t key_size,
                                      rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_get_into(int64_t table, const uint8_t* key, int64_t key_size,
                                       uint8_t* buffer, int64_t capacity, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_contains(int64_t table, const uint8_t* key, int64_t key_size,
                                          rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_put(int64_t table, const uint8_t* key, int64_t key_size,
                                     const uint8_t* value, int64_t value_size, int64_t flags,
                                     rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_delete(int64_t table, const uint8_t* key, int64_t key_size,
                                        rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_pop_first(int64_t table, int64_t* out, int64_t out_size,
                                           rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_pop_last(int64_t table, int64_t* out, int64_t out_size,
                                          rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_value_text(int64_t value, uint8_t* buffer, int64_t capacity);
RDB_FLAT_API void rdb_flat_value_free(int64_t value);

/* Batches. rdb_flat_result_at_text returns -1 with RDB_NOT_FOUND too; rdb_flat_result_pack returns
 * the size, above capacity with RDB_MORE; the last two return how many records they stored or
 * deleted. */
RDB_FLAT_API int64_t rdb_flat_result_create(rdb_error* detail);
RDB_FLAT_API void rdb_flat_result_free(int64_t result);
RDB_FLAT_API rdb_status rdb_flat_get_batch_packed(int64_t table, const uint8_t* packed,
                                                  int64_t packed_size, int64_t result,
                                                  rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_result_count(int64_t result);
RDB_FLAT_API int64_t rdb_flat_result_at_text(int64_t result, int64_t index, uint8_t* buffer,
                                             int64_t capacity, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_result_pack(int64_t result, uint8_t* buffer, int64_t capacity,
                                          rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_put_batch_packed(int64_t table, const uint8_t* packed,
                                               int64_t packed_size, int64_t flags,
                                               rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_delete_batch_packed(int64_t table, const uint8_t* packed,
                                                  int64_t packed_size, rdb_error* detail);

/* Merges. kind is RDB_MERGE_...; merge_fn is the address of an rdb_merge_fn, with its context and
 * the address of an rdb_drop_fn, for RDB_MERGE_FUNCTION, else zero. The second returns how many
 * records were merged. */
RDB_FLAT_API rdb_status rdb_flat_merge(int64_t table, const uint8_t* key, int64_t key_size,
                                       const uint8_t* operand, int64_t operand_size, int32_t kind,
                                       int64_t merge_fn, int64_t merge_ctx, int64_t merge_drop,
                                       rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_merge_batch_packed(int64_t table, const uint8_t* packed,
                                                 int64_t packed_size, int32_t kind,
                                                 int64_t merge_fn, int64_t merge_ctx,
                                                 int64_t merge_drop, rdb_error* detail);

/* What was there, and what to expect. out of the first: the handle of the old value, 0 for none;
 * the second returns one. has_expected and has_value 0 stand for NULL. out of rdb_flat_reserve: the
 * reservation and the address of its bytes. */
RDB_FLAT_API rdb_status rdb_flat_exchange(int64_t table, const uint8_t* key, int64_t key_size,
                                          const uint8_t* value, int64_t value_size, int64_t flags,
                                          int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_take(int64_t table, const uint8_t* key, int64_t key_size,
                                   rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_compare_and_put(int64_t table, const uint8_t* key,
                                                 int64_t key_size, int32_t has_expected,
                                                 const uint8_t* expected, int64_t expected_size,
                                                 int32_t has_value, const uint8_t* value,
                                                 int64_t value_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_put(int64_t cursor, const uint8_t* value,
                                            int64_t value_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_reserve(int64_t table, const uint8_t* key, int64_t key_size,
                                         int64_t size, int64_t flags, int64_t* out,
                                         int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_reservation_store(int64_t reservation, rdb_error* detail);
RDB_FLAT_API void rdb_flat_reservation_free(int64_t reservation);

/* Many records. Bounds as in rdb_flat_cursor_set_range. rdb_flat_drain, _retain, _extract_close and
 * _table_copy return numbers of records; filter_fn is the address of an rdb_filter_fn. */
RDB_FLAT_API int64_t rdb_flat_drain(int64_t table, int32_t lower_bound, const uint8_t* lower,
                                    int64_t lower_size, int32_t upper_bound, const uint8_t* upper,
                                    int64_t upper_size, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_retain(int64_t table, int32_t lower_bound, const uint8_t* lower,
                                     int64_t lower_size, int32_t upper_bound, const uint8_t* upper,
                                     int64_t upper_size, int64_t filter_fn, int64_t filter_ctx,
                                     int64_t filter_drop, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_extract_open(int64_t table, int32_t lower_bound, const uint8_t* lower,
                                           int64_t lower_size, int32_t upper_bound,
                                           const uint8_t* upper, int64_t upper_size,
                                           rdb_error* detail);
/* As the moves of cursors, also where the room is too small. */
RDB_FLAT_API rdb_status rdb_flat_extract_next(int64_t extract, uint8_t* buffer, int64_t capacity,
                                              int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_extract_prev(int64_t extract, uint8_t* buffer, int64_t capacity,
                                              int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_extract_get(int64_t extract, uint8_t* buffer, int64_t capacity,
                                             int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_extract_take(int64_t extract, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_extract_close(int64_t extract, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_table_copy(int64_t source, int64_t txn, const uint8_t* name,
                                         int64_t name_size, int64_t cancel, rdb_error* detail);

/* Values that expire; opened as tables are. out: one number; of rdb_flat_ttl_purge: the position, a
 * value or 0, and the numbers of records examined and removed. has_after 0 stands for NULL. */
RDB_FLAT_API int64_t rdb_flat_ttl_open(int64_t txn, const uint8_t* name, int64_t name_size,
                                       int32_t key_class, const uint8_t* key_type,
                                       int64_t key_type_size, int32_t value_class,
                                       const uint8_t* value_type, int64_t value_type_size,
                                       rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_ttl_open_raw(int64_t txn, const uint8_t* name, int64_t name_size,
                                           rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_ttl_set_default(int64_t table, int64_t ttl_ms, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_ttl_default(int64_t table, int64_t* out, int64_t out_size,
                                             rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_ttl_put(int64_t table, const uint8_t* key, int64_t key_size,
                                         const uint8_t* value, int64_t value_size, int64_t ttl_ms,
                                         int64_t flags, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_ttl_touch(int64_t table, const uint8_t* key, int64_t key_size,
                                           int64_t ttl_ms, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_ttl_expiry(int64_t table, const uint8_t* key, int64_t key_size,
                                            int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_expiry(int64_t cursor, int64_t* out, int64_t out_size,
                                               rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_ttl_live_count(int64_t table, int64_t cancel, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_ttl_purge(int64_t table, int32_t has_after, const uint8_t* after,
                                           int64_t after_size, int64_t max_records, int64_t cancel,
                                           int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_clock_now(int64_t db, int64_t* out, int64_t out_size,
                                           rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_clock_set(int64_t db, int64_t now_ms, rdb_error* detail);

/* Cursors. Moves and seeks put the entry they arrive at into buffer as one packed record, of out[0]
 * bytes. RDB_MORE: it needs out[0] bytes, and nothing was copied; the cursor stands on it all the
 * same, so that rdb_flat_cursor_get with more room gets it. */
RDB_FLAT_API int64_t rdb_flat_cursor_open(int64_t table, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_close(int64_t cursor, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_first(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                              int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_last(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                             int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_next(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                             int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_prev(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                             int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_get(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                            int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_seek(int64_t cursor, const uint8_t* target,
                                             int64_t target_size, uint8_t* buffer, int64_t capacity,
                                             int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_seek_exact(int64_t cursor, const uint8_t* target,
                                                   int64_t target_size, uint8_t* buffer,
                                                   int64_t capacity, int64_t* out, int64_t out_size,
                                                   rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_seek_le(int64_t cursor, const uint8_t* target,
                                                int64_t target_size, uint8_t* buffer,
                                                int64_t capacity, int64_t* out, int64_t out_size,
                                                rdb_error* detail);
/* Bounds are RDB_BOUND_...; two of RDB_BOUND_NONE are the whole table. */
RDB_FLAT_API rdb_status rdb_flat_cursor_set_range(int64_t cursor, int32_t lower_bound,
                                                  const uint8_t* lower, int64_t lower_size,
                                                  int32_t upper_bound, const uint8_t* upper,
                                                  int64_t upper_size, rdb_error* detail);
/* out: size, count. */
RDB_FLAT_API rdb_status rdb_flat_cursor_next_batch_packed(int64_t cursor, uint8_t* buffer,
                                                          int64_t capacity, int64_t max_records,
                                                          int64_t* out, int64_t out_size,
                                                          rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_delete(int64_t cursor, rdb_error* detail);

/* Multimaps; opened as tables are. Values of a key come in a result. rdb_flat_multimap_value_count
 * returns 0 with RDB_NOT_FOUND, the two last the number of pairs or keys they deleted. */
RDB_FLAT_API int64_t rdb_flat_multimap_open(int64_t txn, const uint8_t* name, int64_t name_size,
                                            int32_t key_class, const uint8_t* key_type,
                                            int64_t key_type_size, int32_t value_class,
                                            const uint8_t* value_type, int64_t value_type_size,
                                            rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_multimap_open_raw(int64_t txn, const uint8_t* name, int64_t name_size,
                                                rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_multimap_key_count(int64_t table, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_multimap_value_count(int64_t table, const uint8_t* key,
                                                   int64_t key_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_multimap_get(int64_t table, const uint8_t* key, int64_t key_size,
                                              int64_t result, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_multimap_contains(int64_t table, const uint8_t* key,
                                                   int64_t key_size, const uint8_t* value,
                                                   int64_t value_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_multimap_delete(int64_t table, const uint8_t* key,
                                                 int64_t key_size, const uint8_t* value,
                                                 int64_t value_size, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_multimap_delete_batch_packed(int64_t table, const uint8_t* packed,
                                                           int64_t packed_size, rdb_error* detail);
/* Bounds as rdb_flat_cursor_set_range takes them. */
RDB_FLAT_API int64_t rdb_flat_multimap_drain(int64_t table, int32_t lower_bound,
                                             const uint8_t* lower, int64_t lower_size,
                                             int32_t upper_bound, const uint8_t* upper,
                                             int64_t upper_size, rdb_error* detail);
/* Moves of their cursors; all hand out key and value, as the moves above do. */
RDB_FLAT_API rdb_status rdb_flat_cursor_seek_pair(int64_t cursor, const uint8_t* key,
                                                  int64_t key_size, const uint8_t* value,
                                                  int64_t value_size, uint8_t* buffer,
                                                  int64_t capacity, int64_t* out, int64_t out_size,
                                                  rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_next_key(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                                 int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_prev_key(int64_t cursor, uint8_t* buffer, int64_t capacity,
                                                 int64_t* out, int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_next_value(int64_t cursor, uint8_t* buffer,
                                                   int64_t capacity, int64_t* out, int64_t out_size,
                                                   rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_prev_value(int64_t cursor, uint8_t* buffer,
                                                   int64_t capacity, int64_t* out, int64_t out_size,
                                                   rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_first_value(int64_t cursor, uint8_t* buffer,
                                                    int64_t capacity, int64_t* out,
                                                    int64_t out_size, rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_cursor_last_value(int64_t cursor, uint8_t* buffer,
                                                   int64_t capacity, int64_t* out, int64_t out_size,
                                                   rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_cursor_value_count(int64_t cursor, rdb_error* detail);

/* Verification; 0 with RDB_STOPPED as well. out of rdb_flat_report_describe: the members of
 * rdb_report_info behind struct_size; of rdb_flat_report_problem: page. Texts of a problem:
 * 0 object, 1 what, 2 meaning. */
RDB_FLAT_API int64_t rdb_flat_verify(int64_t db, int32_t level, int64_t cancel, int64_t progress_fn,
                                     int64_t progress_ctx, int64_t progress_drop,
                                     rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_report_describe(int64_t report, int64_t* out, int64_t out_size,
                                                 rdb_error* detail);
RDB_FLAT_API rdb_status rdb_flat_report_problem(int64_t report, int64_t index, int64_t* out,
                                                int64_t out_size, rdb_error* detail);
RDB_FLAT_API int64_t rdb_flat_report_problem_text(int64_t report, int64_t index, int32_t which,
                                                  uint8_t* buffer, int64_t capacity,
                                                  rdb_error* detail);
RDB_FLAT_API void rdb_flat_report_free(int64_t report);

/* Cancellation. */
RDB_FLAT_API int64_t rdb_flat_cancel_create(rdb_error* detail);
RDB_FLAT_API void rdb_flat_cancel_trigger(int64_t cancel);
RDB_FLAT_API void rdb_flat_cancel_reset(int64_t cancel);
RDB_FLAT_API void rdb_flat_cancel_free(int64_t cancel);

#endif /* RDB_FLAT_H */
