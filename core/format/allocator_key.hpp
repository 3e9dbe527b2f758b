// allocator_key.hpp: keys of the system table allocator_state.
//
// On disk, 5 bytes (spec 01 section 3.5):
//   0   u8   tag     3 region allocator, 4 region tracker, 5 transaction id; others are deprecated
//   1   u32  region  of a region allocator; 0 otherwise, ignored when read
//
// Order (spec 02 section 10.2): deprecated < regions by number < tracker < transaction id. All
// deprecated keys compare equal, so a table that holds several must not be searched.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "base/endian.hpp"

namespace rdb::format {

struct AllocatorKey {
  static constexpr size_t kBytes = 5;

  // On disk, deprecated excepted. Never renumber. Ascending in key order.
  enum class Kind : uint8_t { deprecated = 0, region = 3, tracker = 4, txn_id = 5 };

  Kind kind = Kind::deprecated;
  uint32_t region = 0;  // 0 unless kind is region

  static AllocatorKey decode(const std::byte* in) noexcept {
    switch (const auto tag = std::to_integer<uint8_t>(in[0]); tag) {
      case 3:
        return {Kind::region, base::load_le32(in + 1)};
      case 4:
        return {Kind::tracker, 0};
      case 5:
        return {Kind::txn_id, 0};
      default:
        return {};
    }
  }
  std::array<std::byte, kBytes> encode() const noexcept {
    std::array<std::byte, kBytes> out;
    out[0] = static_cast<std::byte>(kind);
    base::store_le32(&out[1], region);
    return out;
  }

  bool operator==(const AllocatorKey&) const = default;
  auto operator<=>(const AllocatorKey&) const = default;
};

}  // namespace rdb::format
