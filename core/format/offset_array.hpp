// offset_array.hpp: loops over the u32 arrays of exclusive end offsets in leaf and branch pages.
//
// Both are written so that the compiler vectorises them: no exits, no dependence between rounds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/endian.hpp"

namespace rdb::format {

// True when ends[0..count) never decrease and lie in [lowest, highest]. Requires count >= 1.
inline bool ends_ascend(const std::byte* ends, size_t count, uint64_t lowest,
                        uint64_t highest) noexcept {
  uint32_t descents = 0;
  for (size_t i = 1; i < count; ++i) {
    descents |=
        static_cast<uint32_t>(base::load_le32(ends + 4 * i) < base::load_le32(ends + 4 * (i - 1)));
  }
  return descents == 0 && base::load_le32(ends) >= lowest &&
         base::load_le32(ends + 4 * (count - 1)) <= highest;
}

// Adds delta, modulo 2^32, to ends[0..count). A negative shift is passed as its two's complement.
inline void shift_ends(std::byte* ends, size_t count, uint32_t delta) noexcept {
  for (size_t i = 0; i < count; ++i) {
    base::store_le32(ends + 4 * i, base::load_le32(ends + 4 * i) + delta);
  }
}

}  // namespace rdb::format
