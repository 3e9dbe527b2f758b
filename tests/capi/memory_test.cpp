// memory_test.cpp: the n-th allocation fails, for every n, in a walk over the whole interface.
//
// Each call may succeed or answer NO_MEMORY, never crash or throw; a handle is NULL after a failure;
// and whatever was made can be released. operator new of this program replaces the library's.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "rdb.h"

namespace {

// Allocations left until one fails; negative: none does.
long countdown = -1;
bool failed = false;

void* allocate(std::size_t size, std::size_t alignment) {
  if (countdown == 0) failed = true;
  if (countdown >= 0 && countdown-- == 0) throw std::bad_alloc();
  void* const memory = alignment > alignof(std::max_align_t)
                           ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                           : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, 1); }
void* operator new[](std::size_t size) { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

int problems = 0;
rdb_error err;

// Whether the call did its work; anything but that or NO_MEMORY is a problem.
bool done(rdb_status status, const char* call) {
  if (status >= 0) return true;
  if (status != RDB_ERR_NO_MEMORY || err.status != status) {
    std::fprintf(stderr, "%s gave %s: %s\n", call, rdb_status_name(status), err.message);
    ++problems;
  }
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
  DONE(rdb_put(table, keys[0], keys[1], 0, &err));
  DONE(rdb_put_batch(table, keys, keys, 2, 0, nullptr, &err));
  DONE(rdb_get_pin(table, keys[0], &value, &err));
  rdb_value_free(value);
  DONE(rdb_get_into(table, keys[0], buffer, sizeof buffer, &size, &err));
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
}

void use_database(rdb_db* db) {
  rdb_txn* txn = nullptr;
  rdb_table* table = nullptr;
  rdb_listing* listing = nullptr;
  rdb_report* report = nullptr;
  if (DONE(rdb_txn_begin(db, RDB_TXN_WRITE, nullptr, &txn, &err))) {
    if (DONE(rdb_table_open(txn, RDB_SLICE("a table with a long name"), nullptr, nullptr, &table, &err))) {
      use_table(table);
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

}  // namespace

int main() {
  for (long n = 0;; ++n) {
    rdb_db* db = nullptr;
    failed = false;
    countdown = n;
    if (DONE(rdb_open_memory(nullptr, &db, &err))) use_database(db);
    DONE(rdb_close(db, &err));
    countdown = -1;
    if (!failed) {
      std::printf("%ld allocations, each failed once\n", n);
      break;
    }
    if (problems > 20) break;
  }
  return problems != 0;
}
