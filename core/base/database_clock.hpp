// database_clock.hpp: the time of one database: the caller's clock or the system's, unless it was
// stopped at some moment.
//
// Threads: any, concurrently.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "rdb/clock.hpp"

namespace rdb::base {

class DatabaseClock {
 public:
  explicit DatabaseClock(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  // Milliseconds since 1970 began.
  uint64_t now_ms() const noexcept;
  // now_ms() answers this from now on; kClockRuns: what the clock says.
  void stop_at(uint64_t now_ms) noexcept { stopped_.store(now_ms, std::memory_order_relaxed); }

 private:
  const std::shared_ptr<const Clock> clock_;  // null: the system's
  std::atomic<uint64_t> stopped_{kClockRuns};
};

// What one call takes for now: read when first needed, and the same to its end, so that a call does
// not contradict itself.
class Moment {
 public:
  explicit Moment(const DatabaseClock& clock) noexcept : clock_(clock) {}

  uint64_t ms() noexcept {
    if (!ms_) ms_ = clock_.now_ms();
    return *ms_;
  }
  // The next call begins.
  void forget() noexcept { ms_.reset(); }

 private:
  const DatabaseClock& clock_;
  std::optional<uint64_t> ms_;
};

}  // namespace rdb::base
