// widths.hpp: fixed widths of keys and values. Pages do not store them; the catalog does.
#pragma once

#include <cstdint>
#include <optional>

namespace rdb::format {

struct Widths {
  std::optional<uint32_t> key;  // bytes; absent when variable
  std::optional<uint32_t> value;

  bool operator==(const Widths&) const = default;
};

inline constexpr Widths kVariableWidths{};

// Limits of spec 02 section 2.3.
inline constexpr uint64_t kMaxKeyBytes = uint64_t{3} << 30;
inline constexpr uint64_t kMaxValueBytes = uint64_t{3} << 30;
inline constexpr uint64_t kMaxPairBytes = (uint64_t{15} << 30) / 4;  // 3.75 GiB
inline constexpr uint32_t kMaxLeafEntries = 65535;
inline constexpr uint32_t kMaxBranchKeys = 65535;
inline constexpr uint32_t kMaxTreeDepth = 64;  // depth index of the root is 0

}  // namespace rdb::format
