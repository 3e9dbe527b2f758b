#include "txn/writer_lock.hpp"

#include <algorithm>

#include "base/only_thread.hpp"
#include "rdb/error.hpp"

namespace rdb::txn {

namespace {
// How often a waiting thread looks at its cancel token, which may be raised from a signal handler
// and so cannot notify the condition.
constexpr std::chrono::milliseconds kCancelPoll{5};
// Longer waits are cut to this, lest the deadline overflow.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24 * 365);
// A wait without end looks this often whether another thread exists. More than once: one that ends
// counts until it is gone.
constexpr int kLooks = 20;
constexpr std::chrono::milliseconds kLookAgain{50};
}  // namespace

void WriterLock::acquire(const WriteTxnOptions& options) {
  using Clock = std::chrono::steady_clock;
  const bool forever = options.timeout.count() < 0;
  const Clock::time_point deadline = Clock::now() + std::min(options.timeout, kLongestWait);
  std::unique_lock lock(mutex_);
  int looks = 0;
  while (held_) {
    CancelToken::check(options.cancel);
    if (!forever && Clock::now() >= deadline) {
      throw Error(ErrorCode::lock_timeout, "another write transaction is open");
    }
    if (forever && options.cancel == nullptr) {
      if (base::is_only_thread()) {
        throw Error(ErrorCode::misuse,
                    "a write transaction is open, and no other thread exists that could end it: "
                    "waiting would never end");
      }
      if (++looks < kLooks) {
        freed_.wait_for(lock, kLookAgain);
      } else {
        freed_.wait(lock);
      }
      continue;
    }
    Clock::time_point wake = deadline;
    if (options.cancel != nullptr) {
      const Clock::time_point poll = Clock::now() + kCancelPoll;
      if (forever || poll < wake) wake = poll;
    }
    freed_.wait_until(lock, wake);
  }
  CancelToken::check(options.cancel);
  held_ = true;
}

void WriterLock::release() noexcept {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
  }
  freed_.notify_one();
}

bool WriterLock::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

}  // namespace rdb::txn
