// memory_test.cpp: the n-th allocation fails, for every n, in a walk over the whole interface.
//
// Each call may succeed or say that memory or space ran out, never crash or throw; whatever was
// made can be released, all of it; and what was committed is whole. operator new of this program
// replaces the library's.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "rdb.h"

namespace {

// Allocations left until one fails; negative: none does.
long countdown = -1;
bool failed = false;
long live = 0;  // allocations not yet freed

void* allocate(std::size_t size, std::size_t alignment) {
  if (countdown == 0) failed = true;
  if (countdown >= 0 && countdown-- == 0) throw std::bad_alloc();
  void* const memory =
      alignment > alignof(std::max_align_t)
          ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
          : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  ++live;
  return memory;
}

void release(void* memory) noexcept {
  if (memory != nullptr) --live;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, 1); }
void* operator new[](std::size_t size) { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace {

int problems = 0;
long round_number = 0;
rdb_error err;

void problem(const char* what, const char* detail) {
  std::fprintf(stderr, "allocation %ld: %s: %s\n", round_number, what, detail);
  ++problems;
}

// Whether the call did its work; anything but that or a lack of memory is a problem.
bool done(rdb_status status, const char* call) {
  if (status >= 0) return true;
  // OUT_OF_SPACE: memory is the device here. MISUSE: the transaction was left for abort only.
  const bool fair = status == RDB_ERR_NO_MEMORY || status == RDB_ERR_OUT_OF_SPACE ||
                    (status == RDB_ERR_MISUSE && std::strstr(err.message, "only be aborted"));
  if (!failed || !fair || err.status != status) problem(call, err.message);
  return false;
}
#define DONE(call) done(call, #call)

void use_table(rdb_table* table) {
  rdb_slice keys[2] = {RDB_SLICE("k1"), RDB_SLICE("k2")};
  rdb_value* value = nullptr;
  rdb_result* result = nullptr;
  rdb_cursor* cursor = nullptr;
  char buffer[64];
  size_t size = 0;
  size_t count = 0;
  // Enough for a few leaves, so that pages split and merge.
  char many[48][8];
  rdb_slice many_keys[48];
  rdb_slice many_values[48];
  static const char bytes[400] = {};
  for (int i = 0; i < 48; ++i) {
    std::snprintf(many[i], sizeof many[i], "m%02d", i);
    many_keys[i] = {many[i], 3};
    many_values[i] = {bytes, sizeof bytes};
  }
  DONE(rdb_put_batch(table, many_keys, many_values, 48, 0, nullptr, &err));
  DONE(rdb_put(table, keys[0], keys[1], 0, &err));
  DONE(rdb_put_batch(table, keys, keys, 2, 0, nullptr, &err));
  DONE(rdb_get_pin(table, keys[0], &value, &err));
  rdb_value_free(value);
  DONE(rdb_get_into(table, keys[0], buffer, sizeof buffer, &size, &err));
  const rdb_status nowhere = rdb_result_create(nullptr, &err);
  if (nowhere != RDB_ERR_MISUSE) done(nowhere < 0 ? nowhere : RDB_ERR_INTERNAL, "no place");
  if (DONE(rdb_result_create(&result, &err))) DONE(rdb_get_batch(table, keys, 2, result, &err));
  rdb_result_free(result);
  if (DONE(rdb_cursor_open(table, &cursor, &err))) {
    DONE(rdb_cursor_next(cursor, nullptr, nullptr, &err));
    DONE(rdb_cursor_next_batch_packed(cursor, buffer, sizeof buffer, 0, &size, &count, &err));
    DONE(rdb_cursor_first(cursor, nullptr, nullptr, &err));
    DONE(rdb_cursor_delete(cursor, &err));
  }
  rdb_cursor_close(cursor, nullptr);
  DONE(rdb_pop_last(table, &value, nullptr, &err));
  rdb_value_free(value);
  DONE(rdb_delete_batch(table, many_keys, 40, nullptr, &err));
}

rdb_status every_third(void* ctx, rdb_slice, rdb_slice) {
  return ++*static_cast<int*>(ctx) % 3 == 0 ? RDB_NOT_FOUND : RDB_OK;
}

rdb_status append_operand(void*, rdb_slice, const rdb_slice*, rdb_slice operand,
                          rdb_slice* result) {
  *result = operand;
  return RDB_OK;
}

// Many records at once, merges, values that expire, and tables that go.
void use_bulk(rdb_txn* txn) {
  rdb_table* table = nullptr;
  rdb_extract* extract = nullptr;
  char names[300][8];
  rdb_slice keys[300];
  rdb_slice values[300];
  static const char bytes[200] = {};
  for (int i = 0; i < 300; ++i) {
    std::snprintf(names[i], sizeof names[i], "b%03d", i);
    keys[i] = {names[i], 4};
    values[i] = {bytes, sizeof bytes};
  }
  if (DONE(rdb_table_open(txn, RDB_SLICE("bulk"), nullptr, nullptr, &table, &err))) {
    DONE(rdb_put_batch(table, keys, values, 300, 0, nullptr, &err));
    DONE(rdb_table_copy(table, txn, RDB_SLICE("copy"), nullptr, nullptr, &err));
    int asked = 0;
    const rdb_filter filter = {every_third, &asked, nullptr};
    DONE(rdb_retain(table, nullptr, &filter, nullptr, &err));
    const rdb_merge_operator sum = RDB_MERGE_OPERATOR_INIT(RDB_MERGE_BYTES_APPEND);
    const rdb_merge_operator own = {RDB_MERGE_FUNCTION, 0, append_operand, nullptr, nullptr};
    DONE(rdb_merge(table, keys[0], values[0], &sum, &err));
    DONE(rdb_merge(table, keys[1], values[0], &own, &err));
    DONE(rdb_merge_batch(table, keys, values, 20, &sum, nullptr, &err));
    if (DONE(rdb_extract_open(table, nullptr, &extract, &err))) {
      for (int i = 0; i < 30; ++i) {
        if (DONE(rdb_extract_next(extract, nullptr, nullptr, &err)) && i % 2 == 0) {
          DONE(rdb_extract_take(extract, &err));
        }
      }
      DONE(rdb_extract_close(extract, nullptr, &err));
    }
    const rdb_range range = {keys[50], keys[90], RDB_BOUND_INCLUDED, RDB_BOUND_INCLUDED};
    DONE(rdb_drain(table, &range, nullptr, &err));
  }
  rdb_table_close(table, nullptr);
  DONE(rdb_table_delete(txn, RDB_SLICE("copy"), &err));
  if (DONE(rdb_ttl_open(txn, RDB_SLICE("ttl"), nullptr, nullptr, &table, &err))) {
    DONE(rdb_ttl_set_default(table, 0, &err));
    DONE(rdb_put_batch(table, keys, values, 100, 0, nullptr, &err));
    DONE(rdb_ttl_set_default(table, RDB_TTL_NONE, &err));
    DONE(rdb_put_batch(table, keys + 50, values, 10, 0, nullptr, &err));
    const rdb_status touched = rdb_ttl_touch(table, keys[52], 1000000, &err);
    if (touched != RDB_NOT_FOUND) done(touched, "rdb_ttl_touch");
    rdb_value* position = nullptr;
    DONE(rdb_ttl_purge(table, nullptr, 30, nullptr, nullptr, nullptr, &position, &err));
    rdb_value_free(position);
    DONE(rdb_ttl_purge(table, nullptr, 0, nullptr, nullptr, nullptr, nullptr, &err));
  }
  rdb_table_close(table, nullptr);
  if (DONE(rdb_multimap_open(txn, RDB_SLICE("many"), nullptr, nullptr, &table, &err))) {
    for (int i = 0; i < 30; ++i) {
      values[i] = keys[i + 100];
      keys[i] = keys[0];
    }
    static const char large[2100] = {};
    DONE(rdb_put(table, keys[200], {large, sizeof large}, 0, &err));
    DONE(rdb_put_batch(table, keys, values, 30, 0, nullptr, &err));
    DONE(rdb_put(table, keys[0], {large, sizeof large}, 0, &err));
    DONE(rdb_put(table, keys[0], {large, sizeof large - 1}, 0, &err));
    DONE(rdb_multimap_delete(table, keys[0], {large, sizeof large}, &err));
    DONE(rdb_multimap_drain(table, nullptr, nullptr, &err));
  }
  rdb_table_close(table, nullptr);
}

void use_database(rdb_db* db) {
  rdb_txn* txn = nullptr;
  rdb_table* table = nullptr;
  rdb_listing* listing = nullptr;
  rdb_report* report = nullptr;
  if (DONE(rdb_txn_begin(db, RDB_TXN_WRITE, nullptr, &txn, &err))) {
    if (DONE(rdb_table_open(txn, RDB_SLICE("a table with a long name"), nullptr, nullptr, &table,
                            &err))) {
      use_table(table);
    }
    rdb_table_close(table, nullptr);
    DONE(rdb_txn_commit(txn, &err));
  }
  if (DONE(rdb_txn_begin(db, RDB_TXN_WRITE, nullptr, &txn, &err))) {
    use_bulk(txn);
    DONE(rdb_txn_commit(txn, &err));
  }
  if (DONE(rdb_txn_begin(db, RDB_TXN_WRITE, nullptr, &txn, &err))) {
    const rdb_status renamed =
        rdb_table_rename(txn, RDB_SLICE("a table with a long name"), RDB_SLICE("short"), &err);
    if (renamed != RDB_ERR_TABLE_MISSING) done(renamed, "rdb_table_rename");
    const rdb_status deleted = rdb_table_delete(txn, RDB_SLICE("bulk"), &err);
    if (deleted != RDB_NOT_FOUND) done(deleted, "rdb_table_delete");
    if (DONE(rdb_table_open(txn, RDB_SLICE("bulk"), nullptr, nullptr, &table, &err))) {
      DONE(rdb_put(table, RDB_SLICE("k"), RDB_SLICE("v"), 0, &err));
    }
    rdb_table_close(table, nullptr);
    DONE(rdb_txn_commit(txn, &err));
  }
  if (DONE(rdb_txn_begin(db, RDB_TXN_READ, nullptr, &txn, &err))) {
    DONE(rdb_table_list(txn, &listing, &err));
    rdb_listing_free(listing);
    rdb_txn_abort(txn, nullptr);
  }
  DONE(rdb_verify(db, nullptr, &report, &err));
  rdb_report_free(report);
}

// What is left behind is a sound database that takes another commit.
void check_whole(rdb_db* db) {
  rdb_txn* txn = nullptr;
  if (!DONE(rdb_txn_begin(db, RDB_TXN_WRITE, nullptr, &txn, &err)) ||
      !DONE(rdb_txn_commit(txn, &err))) {
    problem("no commit afterwards", err.message);
  }
  rdb_verify_options options = RDB_VERIFY_OPTIONS_INIT;
  options.level = RDB_VERIFY_FULL;
  rdb_report* report = nullptr;
  if (!DONE(rdb_verify(db, &options, &report, &err))) return;
  rdb_report_info info = RDB_REPORT_INFO_INIT;
  rdb_problem_info first = RDB_PROBLEM_INFO_INIT;
  rdb_report_describe(report, &info, nullptr);
  if (info.problem_count != 0) {
    rdb_report_problem(report, 0, &first, nullptr);
    problem("damage",
            std::string(static_cast<const char*>(first.what.data), first.what.size).c_str());
  }
  rdb_report_free(report);
}

}  // namespace

int main() {
  // Makes what stays for the life of the process.
  rdb_db* first = nullptr;
  if (DONE(rdb_open_memory(nullptr, &first, &err))) use_database(first);
  if (rdb_close(first, &err) < 0) problem("close", err.message);
  for (;; ++round_number) {
    const long live_before = live;
    rdb_db* db = nullptr;
    failed = false;
    countdown = round_number;
    const bool opened = DONE(rdb_open_memory(nullptr, &db, &err));
    if (opened) use_database(db);
    countdown = -1;
    if (opened) check_whole(db);
    if (rdb_close(db, &err) < 0) problem("close", err.message);
    if (live != live_before) problem("leak", std::to_string(live - live_before).c_str());
    if (!failed || problems > 20) break;
  }
  std::printf("%ld allocations, each failed once\n", round_number);
  return problems != 0;
}
