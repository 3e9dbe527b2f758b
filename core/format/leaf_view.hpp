// leaf_view.hpp: read access to one leaf page, in place.
//
// Layout (little-endian; n = entry count; spec 02 section 2.1):
//   offset 0  u8      type        1
//   offset 1  u8      reserved    ignored when read, written 0
//   offset 2  u16     n           1..65535
//   offset 4  u32[n]  key_end     absent when keys have a fixed width
//   then      u32[n]  value_end   absent when values have a fixed width
//   then      keys, then values, packed in key order
// Ends are exclusive offsets from the start of the page.
//
// Invariants:
//   L1  key_end, then value_end, never decrease and stay inside the page.
//   L2  keys strictly ascend in the table's key order.
// parse() costs O(1) and checks type, n >= 1, that the arrays fit, and that fixed-width data fits. Each
// accessor checks the offsets it reads, L1 piece by piece, so no byte outside the page is ever
// touched. verify_offsets() checks all of L1. L2 costs n comparisons and is btree::verify's.
//
// Borrows the page: a LeafView must not outlive it.
#pragma once

#include <cassert>
#include <cstdint>
#include <utility>

#include "base/endian.hpp"
#include "format/page_number.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

inline constexpr std::byte kLeafType{1};
inline constexpr std::byte kBranchType{2};

[[noreturn]] void throw_page_corrupted(const char* what, uint64_t index);

class LeafView {
 public:
  // Throws page_corrupted.
  static LeafView parse(Bytes page, const Widths& widths);

  uint32_t size() const noexcept { return entry_count_; }
  Bytes key(uint32_t i) const {
    assert(i < entry_count_);
    auto [begin, end] = key_range(i);
    return page_.subspan(begin, end - begin);
  }
  Bytes value(uint32_t i) const {
    assert(i < entry_count_);
    auto [begin, end] = value_range(i);
    return page_.subspan(begin, end - begin);
  }
  // [begin, end) of key and value i, offsets from the start of the page.
  std::pair<uint64_t, uint64_t> key_range(uint32_t i) const;
  std::pair<uint64_t, uint64_t> value_range(uint32_t i) const;

  // End of the last value: what the checksum covers.
  uint64_t used_bytes() const;
  // Throws page_corrupted unless all of L1 holds.
  void verify_offsets() const;

  // Bytes a leaf with n entries and data_bytes of keys and values needs.
  static uint64_t required_bytes(uint64_t n, uint64_t data_bytes, const Widths& widths) noexcept {
    return 4 + (widths.key ? 0 : 4 * n) + (widths.value ? 0 : 4 * n) + data_bytes;
  }

  Bytes page() const noexcept { return page_; }
  const Widths& widths() const noexcept { return widths_; }

 private:
  LeafView() = default;
  Bytes page_;
  Widths widths_;
  uint32_t entry_count_ = 0;
  uint32_t value_ends_offset_ = 0;  // of value_end[0]; key_end[0] is at 4
  uint64_t keys_begin_ = 0;
};

}  // namespace rdb::format
