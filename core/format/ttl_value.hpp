// ttl_value.hpp: a value with the moment at which it expires, and the types of such values (spec 05
// section 4).
//
// On disk, the value of a TTL table:
//   offset 0  u64   expiry  milliseconds since 1970 began, little-endian; 0: never
//   offset 8  V     the value itself, to the end
// Stored bytes that are too short for an expiry never expire and hold the empty value.
//
// A TTL table is an ordinary table to everything below; the name of its value type, "ttl::" with
// that of V behind it and always of class 1, is what tells it apart. The class of V is not
// recorded.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/endian.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

inline constexpr uint32_t kExpiryBytes = 8;
inline constexpr uint64_t kNeverExpires = 0;

inline uint64_t expiry_of(Bytes stored) noexcept {
  return stored.size() < kExpiryBytes ? kNeverExpires : base::load_le64(stored.data());
}
inline Bytes behind_expiry(Bytes stored) noexcept {
  return stored.size() < kExpiryBytes ? Bytes{} : stored.subspan(kExpiryBytes);
}

inline bool has_expired(uint64_t expiry_ms, uint64_t now_ms) noexcept {
  return expiry_ms != kNeverExpires && expiry_ms <= now_ms;
}

// When something that lives for ttl_ms from now on expires: the largest moment there is when the
// sum exceeds it, and never kNeverExpires, not even for a lifetime of 0 at the beginning of 1970.
inline uint64_t expiry_after(uint64_t now_ms, uint64_t ttl_ms) noexcept {
  const uint64_t sum = now_ms + ttl_ms;
  if (sum < now_ms) return UINT64_MAX;
  return sum == kNeverExpires ? 1 : sum;
}

bool is_ttl_type(const TypeName& type) noexcept;
// The type of a TTL table whose values are of this type.
TypeName ttl_type_of(const TypeName& value);
// The reverse; requires is_ttl_type(). Of the classes that the name of the value could have, that
// of a type this library knows; tuples of variable width are taken to be as redb 3 writes them,
// unless the reading says otherwise.
TypeName inner_type_of(const TypeName& ttl);

}  // namespace rdb::format
