/* handle_test.c: every function with no handle, with one of another kind, and with one released. */
#include "check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_IS_WATCHED 1
#endif
#endif
#ifndef MEMORY_IS_WATCHED
#define MEMORY_IS_WATCHED 0
#endif

/* One of each, filled in by main; the outputs go nowhere. */
static rdb_db* db;
static rdb_txn* txn;
static rdb_table* table;
static rdb_cursor* cursor;
static rdb_value* value;
static rdb_result* result;
static rdb_listing* listing;
static rdb_report* report;
static rdb_cancel* cancel;
static rdb_codec* codec;

/* Calls every function that takes a handle and reports, with this pointer as the handle. */
static void all_functions(void* handle, rdb_status expected) {
  rdb_recovery_info recovery = RDB_RECOVERY_INFO_INIT;
  rdb_stats_info stats = RDB_STATS_INFO_INIT;
  rdb_table_info info = RDB_TABLE_INFO_INIT;
  rdb_table_stats_info table_stats = RDB_TABLE_STATS_INFO_INIT;
  rdb_report_info report_info = RDB_REPORT_INFO_INIT;
  rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
  rdb_slice key = RDB_SLICE("k");
  rdb_slice slice;
  rdb_txn* new_txn = txn;
  rdb_table* new_table = table;
  rdb_cursor* new_cursor = cursor;
  rdb_value* new_value = value;
  rdb_listing* new_listing = listing;
  rdb_report* new_report = report;
  uint64_t number;
  size_t size;
  char buffer[8];

  rdb_db* const as_db = WRONG(rdb_db, handle);
  rdb_txn* const as_txn = WRONG(rdb_txn, handle);
  rdb_table* const as_table = WRONG(rdb_table, handle);
  rdb_cursor* const as_cursor = WRONG(rdb_cursor, handle);
  rdb_result* const as_result = WRONG(rdb_result, handle);

  CHECK_STATUS(rdb_recovery(as_db, &recovery, &err), expected);
  CHECK_STATUS(rdb_recovery_note(as_db, 0, &slice, &err), expected);
  CHECK_STATUS(rdb_stats(as_db, &stats, &err), expected);
  CHECK_STATUS(rdb_txn_begin(as_db, RDB_TXN_READ, NULL, &new_txn, &err), expected);
  CHECK_STATUS(rdb_verify(as_db, NULL, &new_report, &err), expected);
  CHECK(new_txn == NULL && new_report == NULL);

  CHECK_STATUS(rdb_txn_id(as_txn, &number, &err), expected);
  CHECK_STATUS(rdb_txn_set_durability(as_txn, 0, &err), expected);
  CHECK_STATUS(rdb_txn_set_two_phase(as_txn, 0, &err), expected);
  CHECK_STATUS(rdb_txn_set_quick_repair(as_txn, 0, &err), expected);
  CHECK_STATUS(rdb_table_open(as_txn, key, NULL, NULL, &new_table, &err), expected);
  CHECK(new_table == NULL);
  CHECK_STATUS(rdb_table_open_raw(as_txn, key, &new_table, &err), expected);
  CHECK_STATUS(rdb_table_list(as_txn, &new_listing, &err), expected);
  CHECK(new_listing == NULL);
  CHECK_STATUS(rdb_table_find(as_txn, key, &new_listing, &err), expected);
  CHECK_STATUS(rdb_table_rename(as_txn, key, key, &err), expected);
  CHECK_STATUS(rdb_table_delete(as_txn, key, &err), expected);
  CHECK_STATUS(rdb_txn_commit(as_txn, &err), expected);

  CHECK_STATUS(rdb_table_describe(as_table, &info, &err), expected);
  CHECK_STATUS(rdb_table_len(as_table, &number, &err), expected);
  CHECK_STATUS(rdb_table_stats(as_table, NULL, &table_stats, &err), expected);
  CHECK_STATUS(rdb_get_pin(as_table, key, &new_value, &err), expected);
  CHECK(new_value == NULL);
  CHECK_STATUS(rdb_get_into(as_table, key, buffer, sizeof buffer, &size, &err), expected);
  CHECK_STATUS(rdb_contains(as_table, key, &err), expected);
  CHECK_STATUS(rdb_put(as_table, key, key, 0, &err), expected);
  CHECK_STATUS(rdb_delete(as_table, key, &err), expected);
  new_value = value;
  CHECK_STATUS(rdb_pop_first(as_table, &new_value, NULL, &err), expected);
  CHECK(new_value == NULL);
  CHECK_STATUS(rdb_pop_last(as_table, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_get_batch(as_table, &key, 1, result, &err), expected);
  CHECK_STATUS(rdb_get_batch_packed(as_table, RDB_SLICE(""), result, &err), expected);
  CHECK_STATUS(rdb_put_batch(as_table, &key, &key, 1, 0, NULL, &err), expected);
  CHECK_STATUS(rdb_put_batch_packed(as_table, RDB_SLICE(""), 0, NULL, &err), expected);
  CHECK_STATUS(rdb_delete_batch(as_table, &key, 1, NULL, &err), expected);
  CHECK_STATUS(rdb_delete_batch_packed(as_table, RDB_SLICE(""), NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_open(as_table, &new_cursor, &err), expected);
  CHECK(new_cursor == NULL);

  CHECK_STATUS(rdb_get_batch(table, &key, 1, as_result, &err), expected);
  CHECK_STATUS(rdb_get_batch_packed(table, RDB_SLICE(""), as_result, &err), expected);
  CHECK_STATUS(rdb_result_at(as_result, 0, &slice, &err), expected);
  CHECK_STATUS(rdb_result_pack(as_result, buffer, sizeof buffer, &size, &err), expected);

  CHECK_STATUS(rdb_cursor_first(as_cursor, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_last(as_cursor, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_next(as_cursor, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_prev(as_cursor, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_seek(as_cursor, key, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_seek_exact(as_cursor, key, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_seek_le(as_cursor, key, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_get(as_cursor, NULL, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_set_range(as_cursor, NULL, &err), expected);
  CHECK_STATUS(rdb_cursor_next_batch(as_cursor, &slice, NULL, 1, &size, &err), expected);
  CHECK_STATUS(rdb_cursor_next_batch_packed(as_cursor, buffer, 8, 0, &size, &size, &err), expected);
  CHECK_STATUS(rdb_cursor_delete(as_cursor, &err), expected);

  rdb_codec* const as_codec = WRONG(rdb_codec, handle);
  rdb_type_info type_info = RDB_TYPE_INFO_INIT;
  rdb_item item = RDB_ITEM_INIT;
  int32_t order;
  CHECK_STATUS(rdb_table_open_user(as_txn, key, NULL, NULL, NULL, NULL, &new_table, &err),
               expected);
  CHECK_STATUS(rdb_multimap_open_user(as_txn, key, NULL, NULL, NULL, NULL, &new_table, &err),
               expected);
  CHECK_STATUS(rdb_codec_describe(as_codec, &type_info, &err), expected);
  CHECK_STATUS(rdb_codec_compare(as_codec, key, key, &order, &err), expected);
  CHECK_STATUS(rdb_codec_check(as_codec, key, &err), expected);
  CHECK_STATUS(rdb_codec_begin(as_codec, &err), expected);
  CHECK_STATUS(rdb_codec_put(as_codec, &item, &err), expected);
  CHECK_STATUS(rdb_codec_put_unsigned(as_codec, 1, &err), expected);
  CHECK_STATUS(rdb_codec_put_signed(as_codec, 1, &err), expected);
  CHECK_STATUS(rdb_codec_put_bytes(as_codec, key, &err), expected);
  CHECK_STATUS(rdb_codec_finish(as_codec, &slice, &err), expected);
  CHECK_STATUS(rdb_codec_read(as_codec, key, &err), expected);
  CHECK_STATUS(rdb_codec_next(as_codec, &item, &err), expected);

  CHECK_STATUS(rdb_listing_at(WRONG(rdb_listing, handle), 0, &info, &err), expected);
  CHECK_STATUS(rdb_report_describe(WRONG(rdb_report, handle), &report_info, &err), expected);
  CHECK_STATUS(rdb_report_problem(WRONG(rdb_report, handle), 0, &problem, &err), expected);
}

/* Those that report nothing: they must only survive. */
static void silent_functions(void* handle) {
  CHECK(rdb_value_data(WRONG(rdb_value, handle)).size == 0);
  CHECK(rdb_result_count(WRONG(rdb_result, handle)) == 0);
  CHECK(rdb_listing_count(WRONG(rdb_listing, handle)) == 0);
  rdb_value_free(WRONG(rdb_value, handle));
  rdb_result_free(WRONG(rdb_result, handle));
  rdb_listing_free(WRONG(rdb_listing, handle));
  rdb_report_free(WRONG(rdb_report, handle));
  rdb_cancel_trigger(WRONG(rdb_cancel, handle));
  rdb_cancel_reset(WRONG(rdb_cancel, handle));
  rdb_cancel_free(WRONG(rdb_cancel, handle));
  rdb_codec_free(WRONG(rdb_codec, handle));
}

int main(void) {
  uint32_t foreign[16] = {0x12345678};
  rdb_table_stats_info table_stats = RDB_TABLE_STATS_INFO_INIT;
  rdb_txn_options options = RDB_TXN_OPTIONS_INIT;
  rdb_txn* new_txn;

  db = memory_db();
  fill(db, "t", 3);
  txn = begin(db, RDB_TXN_READ);
  table = open_table(txn, "t");
  REQUIRE_OK(rdb_cursor_open(table, &cursor, &err));
  REQUIRE_OK(rdb_get_pin(table, RDB_SLICE("k001"), &value, &err));
  REQUIRE_OK(rdb_result_create(&result, &err));
  REQUIRE_OK(rdb_table_list(txn, &listing, &err));
  REQUIRE_OK(rdb_verify(db, NULL, &report, &err));
  REQUIRE_OK(rdb_cancel_create(&cancel, &err));
  REQUIRE_OK(rdb_codec_create(NULL, &codec, &err));
  CHECK_STATUS(rdb_cancel_create(NULL, &err), RDB_ERR_MISUSE);

  CASE("no handle is misuse, and its release is nothing");
  all_functions(NULL, RDB_ERR_MISUSE);
  silent_functions(NULL);
  CHECK_OK(rdb_close(NULL, &err));
  CHECK_OK(rdb_txn_abort(NULL, &err));
  CHECK_OK(rdb_table_close(NULL, &err));
  CHECK_OK(rdb_cursor_close(NULL, &err));
  rdb_close_deferred(NULL);

  CASE("what is no handle, or one of another kind, is told");
  all_functions(foreign, RDB_ERR_BAD_HANDLE);
  silent_functions(foreign);
  all_functions(cancel, RDB_ERR_BAD_HANDLE);
  CHECK_STATUS(rdb_close(WRONG(rdb_db, table), &err), RDB_ERR_BAD_HANDLE);
  CHECK_STATUS(rdb_txn_abort(WRONG(rdb_txn, db), &err), RDB_ERR_BAD_HANDLE);
  CHECK_STATUS(rdb_txn_commit(WRONG(rdb_txn, cursor), &err), RDB_ERR_BAD_HANDLE);
  CHECK_STATUS(rdb_table_close(WRONG(rdb_table, txn), &err), RDB_ERR_BAD_HANDLE);
  CHECK_STATUS(rdb_cursor_close(WRONG(rdb_cursor, value), &err), RDB_ERR_BAD_HANDLE);
  CHECK_STATUS(rdb_table_len(WRONG(rdb_table, listing), &table_stats.entries, &err),
               RDB_ERR_BAD_HANDLE);
  CHECK_STATUS(rdb_table_stats(table, WRONG(rdb_cancel, report), &table_stats, &err),
               RDB_ERR_BAD_HANDLE);
  options.cancel = WRONG(rdb_cancel, result);
  CHECK_STATUS(rdb_txn_begin(db, RDB_TXN_WRITE, &options, &new_txn, &err), RDB_ERR_BAD_HANDLE);
  rdb_close_deferred(WRONG(rdb_db, table));
  silent_functions(db);
  CHECK_STATUS(rdb_get_pin(WRONG(rdb_table, txn), RDB_SLICE("k"), NULL, &err), RDB_ERR_MISUSE);

  CASE("all of that left the real ones alone");
  CHECK(slice_is(rdb_value_data(value), "v001"));
  CHECK_OK(rdb_cursor_first(cursor, NULL, NULL, &err));
  CHECK(rdb_listing_count(listing) == 1);

  CHECK_OK(rdb_cursor_close(cursor, &err));
  CHECK_OK(rdb_table_close(table, &err));
  CHECK_OK(rdb_txn_abort(txn, &err));
  CHECK_OK(rdb_close(db, &err));
  rdb_value_free(value);
  rdb_result_free(result);
  rdb_listing_free(listing);
  rdb_report_free(report);
  rdb_cancel_free(cancel);
  rdb_codec_free(codec);

  if (!MEMORY_IS_WATCHED) { /* reading freed memory is what the signature is for */
    CASE("a handle released earlier is told, at best effort");
    CHECK_STATUS(rdb_cursor_close(cursor, &err), RDB_ERR_BAD_HANDLE);
    CHECK_STATUS(rdb_table_close(table, &err), RDB_ERR_BAD_HANDLE);
    CHECK_STATUS(rdb_txn_abort(txn, &err), RDB_ERR_BAD_HANDLE);
    CHECK_STATUS(rdb_txn_commit(txn, &err), RDB_ERR_BAD_HANDLE);
    CHECK_STATUS(rdb_close(db, &err), RDB_ERR_BAD_HANDLE);
    CHECK_STATUS(rdb_contains(table, RDB_SLICE("k"), &err), RDB_ERR_BAD_HANDLE);
    CHECK_STATUS(rdb_cursor_next(cursor, NULL, NULL, &err), RDB_ERR_BAD_HANDLE);
    rdb_value_free(value);
    rdb_result_free(result);
    rdb_listing_free(listing);
    rdb_report_free(report);
    rdb_cancel_free(cancel);
    rdb_codec_free(codec);
    CHECK_STATUS(rdb_codec_begin(codec, &err), RDB_ERR_BAD_HANDLE);
    rdb_close_deferred(db);
  }
  return check_result();
}
