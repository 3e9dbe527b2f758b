// rdb_handles.hpp: just enough RAII over rdb.h for the benchmark: owners that release, and one
// function that turns a failed call into an exception.
#pragma once

#include <rdb.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rdb/types.hpp"

namespace rdb::bench {

struct Releaser {
  void operator()(rdb_db* db) const { rdb_close_deferred(db); }
  void operator()(rdb_txn* txn) const { rdb_txn_abort(txn, nullptr); }
  void operator()(rdb_table* table) const { rdb_table_close(table, nullptr); }
  void operator()(rdb_cursor* cursor) const { rdb_cursor_close(cursor, nullptr); }
  void operator()(rdb_value* value) const { rdb_value_free(value); }
  void operator()(rdb_result* result) const { rdb_result_free(result); }
  void operator()(rdb_report* report) const { rdb_report_free(report); }
};
template <typename T>
using Handle = std::unique_ptr<T, Releaser>;

[[noreturn]] inline void throw_failed(const char* what, rdb_status status, const rdb_error& err) {
  throw std::runtime_error(std::string("rdb: ") + what + ": " + rdb_status_name(status) + ": " +
                           std::string(err.message, err.message_size));
}

// Lets outcomes (positive) through.
inline rdb_status check(rdb_status status, const char* what, const rdb_error& err) {
  if (status < 0) [[unlikely]] {
    throw_failed(what, status, err);
  }
  return status;
}

inline rdb_slice slice(Bytes bytes) { return {bytes.data(), bytes.size()}; }
inline rdb_slice slice(std::string_view text) { return {text.data(), text.size()}; }
inline Bytes bytes(const rdb_slice& s) { return {static_cast<const std::byte*>(s.data), s.size}; }

// make(&raw, &err) is the call that hands the handle out.
template <typename T, typename Make>
Handle<T> open_handle(const char* what, const Make& make) {
  rdb_error err;
  T* raw = nullptr;
  check(make(&raw, &err), what, err);
  return Handle<T>(raw);
}

inline Handle<rdb_db> open_database(std::string_view path, uint64_t memory_budget_bytes) {
  rdb_options options = RDB_OPTIONS_INIT;
  options.memory_budget_bytes = memory_budget_bytes;
  return open_handle<rdb_db>("open", [&](rdb_db** out, rdb_error* err) {
    return rdb_open(slice(path), &options, out, err);
  });
}

inline Handle<rdb_txn> begin(const rdb_db* db, uint32_t kind) {
  return open_handle<rdb_txn>("begin", [&](rdb_txn** out, rdb_error* err) {
    return rdb_txn_begin(db, kind, nullptr, out, err);
  });
}

inline Handle<rdb_table> open_table(const rdb_txn* txn) {
  return open_handle<rdb_table>("open table", [&](rdb_table** out, rdb_error* err) {
    return rdb_table_open(txn, RDB_SLICE("kv"), nullptr, nullptr, out, err);
  });
}

inline Handle<rdb_cursor> open_cursor(const rdb_table* table) {
  return open_handle<rdb_cursor>("open cursor", [&](rdb_cursor** out, rdb_error* err) {
    return rdb_cursor_open(table, out, err);
  });
}

inline void commit(Handle<rdb_table> table, Handle<rdb_txn> txn) {
  rdb_error err;
  table.reset();
  check(rdb_txn_commit(txn.release(), &err), "commit", err);
}

inline void close_database(Handle<rdb_db> db) {
  rdb_error err;
  check(rdb_close(db.release(), &err), "close", err);
}

inline rdb_stats_info stats_of(const rdb_db* db) {
  rdb_error err;
  rdb_stats_info stats = RDB_STATS_INFO_INIT;
  check(rdb_stats(db, &stats, &err), "stats", err);
  return stats;
}

}  // namespace rdb::bench
