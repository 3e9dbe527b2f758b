// callback.hpp: what the callbacks of rdb.h have in common.
#pragma once

#include "guard.hpp"
#include "handles.hpp"
#include "rdb/error.hpp"

namespace rdb::capi {

// Calls a callback's drop function when the call that was given it ends.
class Drop {
 public:
  Drop(rdb_drop_fn drop, void* ctx) noexcept : drop_(drop), ctx_(ctx) {}
  ~Drop() {
    if (drop_ != nullptr) drop_(ctx_);
  }
  Drop(const Drop&) = delete;
  Drop& operator=(const Drop&) = delete;

 private:
  rdb_drop_fn drop_;
  void* ctx_;
};

// Keeps a table open for the length of a call, also when a callback closes the handle.
class TableInUse {
 public:
  explicit TableInUse(const rdb_table& table) noexcept : table_(table) {
    table.owners.fetch_add(1, std::memory_order_relaxed);
  }
  ~TableInUse() { drop_owner(&table_); }
  TableInUse(const TableInUse&) = delete;
  TableInUse& operator=(const TableInUse&) = delete;

 private:
  const rdb_table& table_;
};

// What a callback answered when it did not want to go on. The core is told by an exception, and
// run() turns that into what the function of rdb.h answers.
class CallbackAnswer {
 public:
  // For an answer that the callback's contract does not name itself.
  [[noreturn]] void refuse(rdb_status answer, const char* callback) {
    answer_ = answer;
    const std::string name(callback);
    if (answer == RDB_STOPPED) throw Error(ErrorCode::callback, name + " stopped");
    if (answer > 0) {
      answer_ = RDB_ERR_CALLBACK;
      throw Error(ErrorCode::callback, name + " gave an answer it may not give");
    }
    throw Error(static_cast<ErrorCode>(answer), name + " failed");
  }

  // RDB_STOPPED when a callback said so during operation, else RDB_OK. Errors pass.
  template <class Operation>
  rdb_status run(Operation&& operation) {
    try {
      operation();
      return RDB_OK;
    } catch (const Error&) {
      if (answer_ != RDB_STOPPED) throw;
    }
    return RDB_STOPPED;
  }

 private:
  rdb_status answer_ = RDB_OK;
};

}  // namespace rdb::capi
