// calendar.hpp: which dates and times exist, as chrono has it (spec 02 section 9.1).
#pragma once

#include <cstdint>

namespace rdb::format {

// The years chrono can hold.
inline constexpr int32_t kMinYear = -262143;
inline constexpr int32_t kMaxYear = 262142;

constexpr bool is_date(int32_t year, uint32_t month, uint32_t day) noexcept {
  constexpr uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < kMinYear || year > kMaxYear || month < 1 || month > 12 || day < 1) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[month - 1] + (month == 2 && leap ? 1u : 0u);
}

// Nanoseconds past a second belong to a leap second, which ends a minute.
constexpr bool is_time(uint32_t seconds, uint32_t nanoseconds) noexcept {
  constexpr uint32_t kSecond = 1'000'000'000;
  return seconds < 86'400 && nanoseconds < 2 * kSecond &&
         (nanoseconds < kSecond || seconds % 60 == 59);
}

inline constexpr int32_t kOffsetLimit = 86'400;  // seconds; an offset is smaller, either way

}  // namespace rdb::format
