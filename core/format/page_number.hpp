// page_number.hpp: address of a run of pages inside the file.
//
// On disk: one u64, little-endian (spec 01 section 2.4).
//   bits  0..19  index     position in the region, counted in pages of this order
//   bits 20..39  region
//   bits 40..58  reserved  written as 0, ignored when read
//   bits 59..63  order     the run is 2^order base pages long
//
// Only the low (20 - order) bits of index mean anything; a reader masks the others away.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/endian.hpp"

namespace rdb::format {

inline constexpr uint32_t kPageBytes = 4096;
inline constexpr uint8_t kMaxPageOrder = 20;
inline constexpr uint32_t kMaxRegionPages = 1u << 20;
inline constexpr uint32_t kMaxRegions = 1u << 20;

[[noreturn]] [[gnu::cold]] [[gnu::noinline]] void throw_page_order(uint64_t bits);

struct PageNumber {
  static constexpr size_t kBytes = 8;

  uint32_t region = 0;
  uint32_t index = 0;  // in pages of this order
  uint8_t order = 0;

  // Throws corrupted when the order exceeds kMaxPageOrder. Whether the page lies inside the file is
  // Layout::check_page's business.
  static PageNumber decode(const std::byte* in) { return from_bits(base::load_le64(in)); }
  static PageNumber from_bits(uint64_t bits) {
    const auto order = static_cast<uint8_t>(bits >> 59);
    if (order > kMaxPageOrder) [[unlikely]]
      throw_page_order(bits);
    return {static_cast<uint32_t>(bits >> 20) & 0xF'FFFFu,
            static_cast<uint32_t>(bits) & (0xF'FFFFu >> order), order};
  }
  void encode(std::byte* out) const noexcept { base::store_le64(out, bits()); }
  uint64_t bits() const noexcept {
    return uint64_t{index} | uint64_t{region} << 20 | uint64_t{order} << 59;
  }

  uint32_t first_base_page() const noexcept { return index << order; }  // within the region
  uint32_t base_pages() const noexcept { return uint32_t{1} << order; }
  uint64_t bytes() const noexcept { return uint64_t{kPageBytes} << order; }
  // "region/index/order", for messages.
  std::string text() const;

  bool operator==(const PageNumber&) const = default;
  // By address: region, then first base page.
  std::strong_ordering operator<=>(const PageNumber& other) const noexcept {
    if (auto c = region <=> other.region; c != 0) return c;
    if (auto c = first_base_page() <=> other.first_base_page(); c != 0) return c;
    return order <=> other.order;
  }
};

// Smallest order whose page holds bytes; kMaxPageOrder + 1 when none does.
uint8_t order_for_bytes(uint64_t bytes) noexcept;

}  // namespace rdb::format
