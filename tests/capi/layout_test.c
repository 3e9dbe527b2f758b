/* layout_test.c: size and offset of every public struct, on machines with 64-bit pointers.
 *
 * These figures are the ABI. A line that must be changed is a break; new members get new lines. */
#include <stddef.h>

#include "rdb.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define AT(type, member, bytes) \
  _Static_assert(offsetof(type, member) == (bytes), "offset of " #type "." #member)

#if UINTPTR_MAX == 0xffffffffffffffff

SIZE(rdb_error, 512);
AT(rdb_error, status, 0);
AT(rdb_error, os_errno, 4);
AT(rdb_error, position, 8);
AT(rdb_error, message_size, 16);
AT(rdb_error, reserved, 20);
AT(rdb_error, message, 64);

SIZE(rdb_slice, 16);
AT(rdb_slice, data, 0);
AT(rdb_slice, size, 8);

SIZE(rdb_progress, 24);
AT(rdb_progress, fn, 0);
AT(rdb_progress, ctx, 8);
AT(rdb_progress, drop, 16);

SIZE(rdb_merge_operator, 32);
AT(rdb_merge_operator, kind, 0);
AT(rdb_merge_operator, reserved, 4);
AT(rdb_merge_operator, fn, 8);
AT(rdb_merge_operator, ctx, 16);
AT(rdb_merge_operator, drop, 24);

SIZE(rdb_options, 80);
AT(rdb_options, struct_size, 0);
AT(rdb_options, mode, 8);
AT(rdb_options, read_verification, 12);
AT(rdb_options, memory_budget_bytes, 16);
AT(rdb_options, key_profile, 24);
AT(rdb_options, region_pages, 28);
AT(rdb_options, eof_mirror, 32);
AT(rdb_options, allow_unlocked, 33);
AT(rdb_options, rdb_only, 34);
AT(rdb_options, reserved, 35);
AT(rdb_options, repair_progress, 40);
AT(rdb_options, cancel, 64);
AT(rdb_options, compression, 72);
AT(rdb_options, compression_level, 76);

SIZE(rdb_option_info, 48);
AT(rdb_option_info, struct_size, 0);
AT(rdb_option_info, name, 8);
AT(rdb_option_info, choices, 16);
AT(rdb_option_info, initial, 24);
AT(rdb_option_info, help, 32);
AT(rdb_option_info, type, 40);
AT(rdb_option_info, reserved, 44);

SIZE(rdb_recovery_info, 32);
AT(rdb_recovery_info, struct_size, 0);
AT(rdb_recovery_info, flags, 8);
AT(rdb_recovery_info, txn_id, 16);
AT(rdb_recovery_info, note_count, 24);

SIZE(rdb_txn_options, 40);
AT(rdb_txn_options, struct_size, 0);
AT(rdb_txn_options, wait, 8);
AT(rdb_txn_options, durability, 12);
AT(rdb_txn_options, timeout_ms, 16);
AT(rdb_txn_options, two_phase, 24);
AT(rdb_txn_options, quick_repair, 25);
AT(rdb_txn_options, reserved, 26);
AT(rdb_txn_options, cancel, 32);

SIZE(rdb_type, 24);
AT(rdb_type, name, 0);
AT(rdb_type, type_class, 16);
AT(rdb_type, flags, 20);

SIZE(rdb_user_type, 40);
AT(rdb_user_type, struct_size, 0);
AT(rdb_user_type, width, 8);
AT(rdb_user_type, reserved, 12);
AT(rdb_user_type, compare, 16);
AT(rdb_user_type, ctx, 24);
AT(rdb_user_type, drop, 32);

SIZE(rdb_item, 80);
AT(rdb_item, struct_size, 0);
AT(rdb_item, kind, 8);
AT(rdb_item, count, 12);
AT(rdb_item, low, 16);
AT(rdb_item, high, 24);
AT(rdb_item, real, 32);
AT(rdb_item, bytes, 40);
AT(rdb_item, year, 56);
AT(rdb_item, month, 60);
AT(rdb_item, day, 64);
AT(rdb_item, seconds, 68);
AT(rdb_item, nanoseconds, 72);
AT(rdb_item, offset, 76);

SIZE(rdb_type_info, 16);
AT(rdb_type_info, struct_size, 0);
AT(rdb_type_info, width, 8);
AT(rdb_type_info, ordered, 12);
AT(rdb_type_info, ambiguous, 13);
AT(rdb_type_info, reserved, 14);

SIZE(rdb_table_info, 96);
AT(rdb_table_info, struct_size, 0);
AT(rdb_table_info, name, 8);
AT(rdb_table_info, key_type, 24);
AT(rdb_table_info, value_type, 48);
AT(rdb_table_info, entries, 72);
AT(rdb_table_info, kind, 80);
AT(rdb_table_info, key_width, 84);
AT(rdb_table_info, value_width, 88);
AT(rdb_table_info, key_order_known, 92);
AT(rdb_table_info, reserved, 93);

SIZE(rdb_table_stats_info, 64);
AT(rdb_table_stats_info, struct_size, 0);
AT(rdb_table_stats_info, entries, 8);
AT(rdb_table_stats_info, leaf_pages, 16);
AT(rdb_table_stats_info, branch_pages, 24);
AT(rdb_table_stats_info, stored_leaf_bytes, 32);
AT(rdb_table_stats_info, metadata_bytes, 40);
AT(rdb_table_stats_info, fragmented_bytes, 48);
AT(rdb_table_stats_info, tree_height, 56);
AT(rdb_table_stats_info, reserved, 60);

SIZE(rdb_range, 40);
AT(rdb_range, lower, 0);
AT(rdb_range, upper, 16);
AT(rdb_range, lower_bound, 32);
AT(rdb_range, upper_bound, 36);

SIZE(rdb_verify_options, 48);
AT(rdb_verify_options, struct_size, 0);
AT(rdb_verify_options, level, 8);
AT(rdb_verify_options, reserved, 12);
AT(rdb_verify_options, progress, 16);
AT(rdb_verify_options, cancel, 40);

SIZE(rdb_report_info, 48);
AT(rdb_report_info, struct_size, 0);
AT(rdb_report_info, pages_checked, 8);
AT(rdb_report_info, tables_checked, 16);
AT(rdb_report_info, entries_checked, 24);
AT(rdb_report_info, leaked_pages, 32);
AT(rdb_report_info, problem_count, 40);

SIZE(rdb_problem_info, 64);
AT(rdb_problem_info, struct_size, 0);
AT(rdb_problem_info, object, 8);
AT(rdb_problem_info, what, 24);
AT(rdb_problem_info, meaning, 40);
AT(rdb_problem_info, page, 56);

SIZE(rdb_stats_info, 168);
AT(rdb_stats_info, struct_size, 0);
AT(rdb_stats_info, file_bytes, 8);
AT(rdb_stats_info, page_bytes, 16);
AT(rdb_stats_info, allocated_pages, 24);
AT(rdb_stats_info, free_pages, 32);
AT(rdb_stats_info, pending_free_pages, 40);
AT(rdb_stats_info, resident_bytes, 48);
AT(rdb_stats_info, pinned_bytes, 56);
AT(rdb_stats_info, memory_budget_bytes, 64);
AT(rdb_stats_info, live_readers, 72);
AT(rdb_stats_info, last_txn_id, 80);
AT(rdb_stats_info, durable_txn_id, 88);
AT(rdb_stats_info, commits, 96);
AT(rdb_stats_info, bytes_written, 104);
AT(rdb_stats_info, write_calls, 112);
AT(rdb_stats_info, bytes_read, 120);
AT(rdb_stats_info, read_calls, 128);
AT(rdb_stats_info, syncs, 136);
AT(rdb_stats_info, pages_allocated, 144);
AT(rdb_stats_info, pages_evicted, 152);
AT(rdb_stats_info, opened_bytes, 160);

/* The table may grow at its end; what stands in it never moves. */
AT(rdb_api_v1, struct_size, 0);
AT(rdb_api_v1, abi_version, 8);
AT(rdb_api_v1, rdb_version, 16);
AT(rdb_api_v1, rdb_cancel_free, 664); /* the last of 1.0 */
#endif

/* True everywhere. */
SIZE(rdb_status, 4);
SIZE(rdb_error, 512);

int main(void) { return 0; }
