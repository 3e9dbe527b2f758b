// block_reader.hpp: a scan's records, read some hundred at a time into memory of the reader's own.
//
// Records are copied out of the pages as one packed block (rdb.h section 7) with the interpreter
// lock released, so that a step costs no call into the library, no gate, and no slice that could
// dangle.
//
//   B1  A step checks that the transaction is not over, that the table was not changed through this
//       module since the reader was made, and that the process did not fork.
//   B2  One thread at a time. Needs the interpreter lock only for construction and destruction.
#pragma once

#include <memory>
#include <vector>

#include "table.hpp"

namespace rdb::python {

enum class Part : uint8_t { keys, values, items };

// What to read of a table: a Scan's parameters.
struct Bounds {
  std::vector<std::byte> lower;
  std::vector<std::byte> upper;
  uint32_t lower_bound = RDB_BOUND_NONE;
  uint32_t upper_bound = RDB_BOUND_NONE;

  rdb_range range() const noexcept {
    return {{lower.data(), lower.size()}, {upper.data(), upper.size()}, lower_bound, upper_bound};
  }
};

class BlockReader {
 public:
  struct Record {
    rdb_slice key;
    rdb_slice value;
  };

  BlockReader(std::shared_ptr<TableState> table, const Bounds& bounds, bool reverse);
  ~BlockReader();
  BlockReader(const BlockReader&) = delete;

  // The next record, valid until the next call; false at the end.
  bool next(Record& record) {
    check_alive();
    if (left_ == 0 && !fill()) return false;
    take(record);
    return true;
  }
  bool empty() const noexcept { return left_ == 0; }  // whether next() has to fill
  // Skips the rest and says how many records it was.
  size_t count();

 private:
  void check_alive() const {
    const TransactionState& transaction = *table_->parent;
    if (transaction.mark.forked() || transaction.over.load(std::memory_order_relaxed) ||
        table_->changes.load(std::memory_order_relaxed) != changes_) [[unlikely]] {
      throw_not_alive();
    }
  }
  void take(Record& record) noexcept;
  bool fill();  // false: the end
  rdb_status fill_forward(rdb_error* error);
  rdb_status fill_backward(rdb_error* error);
  void make_room(size_t size);
  [[noreturn]] void throw_not_alive() const;

  const std::shared_ptr<TableState> table_;
  const bool reverse_;
  const uint64_t changes_;
  rdb_cursor* cursor_ = nullptr;  // NULL: at the end
  uint32_t batch_records_ = 16;   // grows, so that short looks stay cheap
  std::unique_ptr<std::byte[]> block_;
  size_t capacity_ = 0;
  size_t at_ = 0;
  size_t left_ = 0;  // records
};

}  // namespace rdb::python
