// writer_lock.hpp: one writer at a time.
//
// Not bound to a thread: a transaction begun here may be ended elsewhere, so this is a condition,
// never a std::mutex held across calls. No fairness is promised.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "rdb/cancel.hpp"
#include "rdb/options.hpp"

namespace rdb::txn {

class WriterLock {
 public:
  // Throws lock_timeout or cancelled with the lock not taken.
  void acquire(const WriteTxnOptions& options);
  void release() noexcept;
  bool held() const;

 private:
  mutable std::mutex mutex_;  // guards held_
  std::condition_variable freed_;
  bool held_ = false;
};

}  // namespace rdb::txn
