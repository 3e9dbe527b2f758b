// checksum.hpp: XXH3-128 with seed 0, the only checksum of the file format.
//
// On disk: 16 bytes, low half first, each half little-endian (spec 01 section 1.4). That is the
// reverse of xxHash's canonical form.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/endian.hpp"
#include "rdb/types.hpp"

namespace rdb::base {

struct Checksum {
  static constexpr size_t kBytes = 16;

  uint64_t low = 0;
  uint64_t high = 0;

  static Checksum decode(const std::byte* in) noexcept {
    return {load_le64(in), load_le64(in + 8)};
  }
  void encode(std::byte* out) const noexcept {
    store_le64(out, low);
    store_le64(out + 8, high);
  }
  bool operator==(const Checksum&) const = default;
};

// Stands in a parent for the checksum of a page that is still being changed. Never committed.
inline constexpr Checksum kDeferredChecksum{999, 0};

// Uses the widest vector unit of the running machine; every path gives the same result.
Checksum checksum(Bytes data) noexcept;

}  // namespace rdb::base
