#include "base/database_clock.hpp"

#include <chrono>

namespace rdb::base {

uint64_t DatabaseClock::now_ms() const noexcept {
  const uint64_t stopped = stopped_.load(std::memory_order_relaxed);
  if (stopped != kClockRuns) return stopped;
  if (clock_ != nullptr) return clock_->now_ms();
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
  return ms < 0 ? 0 : static_cast<uint64_t>(ms);
}

}  // namespace rdb::base
