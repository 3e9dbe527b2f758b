// clock.hpp: where a database takes the time from that decides what has expired.
#pragma once

#include <cstdint>

namespace rdb {

// Threads: any, concurrently.
class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970 began; 0 before. May go backwards, as clocks do when they are set. Must
  // call nothing of the database.
  virtual uint64_t now_ms() const noexcept = 0;
};

// For Database::set_clock: the clock runs again.
inline constexpr uint64_t kClockRuns = UINT64_MAX;

}  // namespace rdb
