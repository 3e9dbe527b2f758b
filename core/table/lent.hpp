// lent.hpp: a table while code of the caller's is at work on it.
#pragma once

#include <mutex>

#include "txn/write_txn.hpp"

namespace rdb::table {

// For the time of a callback: lets go of the transaction's lock, which the callback may need for
// other tables, and marks the table as lent, so that whoever uses it is refused instead of waiting.
// Requires lock to be held, and no Operation; it is held again afterwards.
class Lent {
 public:
  Lent(txn::StagedTable& table, std::unique_lock<std::mutex>& lock) : table_(table), lock_(lock) {
    table_.lent = true;
    lock_.unlock();
  }
  ~Lent() {
    lock_.lock();
    table_.lent = false;
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  txn::StagedTable& table_;
  std::unique_lock<std::mutex>& lock_;
};

}  // namespace rdb::table
