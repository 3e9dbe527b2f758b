// packed_record.hpp: how cursors hand out many entries in one piece of memory: two u32
// little-endian lengths, key, value, zeros up to a multiple of 4.
#pragma once

#include <cstring>

#include "base/endian.hpp"
#include "rdb/types.hpp"

namespace rdb::table {

inline size_t packed_bytes(Bytes key, Bytes value) noexcept {
  constexpr size_t kAlignment = 4;
  return (8 + key.size() + value.size() + kAlignment - 1) / kAlignment * kAlignment;
}

// Writes one record at out, which has room for padded == packed_bytes(key, value).
inline void pack(std::byte* out, Bytes key, Bytes value, size_t padded) noexcept {
  base::store_le32(out, static_cast<uint32_t>(key.size()));
  base::store_le32(out + 4, static_cast<uint32_t>(value.size()));
  if (!key.empty()) std::memcpy(out + 8, key.data(), key.size());
  if (!value.empty()) std::memcpy(out + 8 + key.size(), value.data(), value.size());
  const size_t used = 8 + key.size() + value.size();
  std::memset(out + used, 0, padded - used);
}

}  // namespace rdb::table
