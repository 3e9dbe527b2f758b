// cancel.hpp: cooperative cancellation.
//
// Threads: any; cancel() is async-signal-safe.
#pragma once

#include <atomic>

#include "rdb/error.hpp"

namespace rdb {

class CancelToken {
 public:
  void cancel() noexcept { raised_.store(true, std::memory_order_release); }
  void reset() noexcept { raised_.store(false, std::memory_order_release); }
  bool cancelled() const noexcept { return raised_.load(std::memory_order_acquire); }

  // Throws cancelled when raised. NULL tokens are never raised.
  static void check(const CancelToken* token) {
    if (token != nullptr && token->cancelled()) {
      throw Error(ErrorCode::cancelled, "the operation was cancelled");
    }
  }

 private:
  std::atomic<bool> raised_{false};
};

}  // namespace rdb
