// writer_lock.hpp: one writer at a time.
//
// Not bound to a thread: a transaction begun here may be ended elsewhere, so this is a condition,
// never a std::mutex held across calls. No fairness is promised.
//
// For the same reason the thread that took the lock is not remembered: it may wait for a
// transaction that another thread has meanwhile been given and will end. A wait that can never end
// is told from that in one case only, when no other thread exists.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "rdb/cancel.hpp"
#include "rdb/options.hpp"

namespace rdb::txn {

class WriterLock {
 public:
  // Throws lock_timeout or cancelled with the lock not taken; misuse when a wait without limit and
  // without cancel token could never end.
  void acquire(const WriteTxnOptions& options);
  void release() noexcept;
  bool held() const;

 private:
  mutable std::mutex mutex_;  // guards held_
  std::condition_variable freed_;
  bool held_ = false;
};

}  // namespace rdb::txn
