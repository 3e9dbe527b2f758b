// expiring_values.hpp: what an open TTL table adds to values on their way in.
//
// Threads: as its table.
#pragma once

#include <vector>

#include "base/database_clock.hpp"
#include "format/ttl_value.hpp"
#include "rdb/ttl.hpp"

namespace rdb::table {

class ExpiringValues {
 public:
  // Borrows the clock, which is the store's.
  explicit ExpiringValues(const base::DatabaseClock& clock) noexcept : clock_(clock) {}

  const base::DatabaseClock& clock() const noexcept { return clock_; }

  // For writes that name no lifetime.
  void set_default_ttl(uint64_t ttl_ms) noexcept { default_ttl_ms_ = ttl_ms; }
  uint64_t default_ttl() const noexcept { return default_ttl_ms_; }

  // The expiry of a value that is written now.
  uint64_t expiry_after(uint64_t ttl_ms) const noexcept {
    if (ttl_ms == kNoTtl) return format::kNeverExpires;
    return format::expiry_after(clock_.now_ms(), ttl_ms);
  }
  uint64_t default_expiry() const noexcept { return expiry_after(default_ttl_ms_); }

  // The bytes to store, valid until the next call. Requires that value is not of an earlier one.
  Bytes stamp(Bytes value, uint64_t expiry_ms) {
    stamped_.resize(format::kExpiryBytes);
    base::store_le64(stamped_.data(), expiry_ms);
    stamped_.insert(stamped_.end(), value.begin(), value.end());
    return stamped_;
  }

 private:
  const base::DatabaseClock& clock_;
  uint64_t default_ttl_ms_ = kNoTtl;
  std::vector<std::byte> stamped_;
};

}  // namespace rdb::table
