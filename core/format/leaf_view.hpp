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
// parse() costs O(1) and checks type, n >= 1, that the arrays fit, and that fixed-width data fits.
// Each accessor checks the offsets it reads, L1 piece by piece, so no byte outside the page is ever
// touched. verify_offsets() checks all of L1. L2 costs n comparisons and is btree::verify's.
//
// Borrows the page: a LeafView must not outlive it.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>
#include <utility>

#include "base/endian.hpp"
#include "format/page_number.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

inline constexpr std::byte kLeafType{1};
inline constexpr std::byte kBranchType{2};

// index: the entry, key or count that is wrong.
[[noreturn]] [[gnu::cold]] [[gnu::noinline]] void throw_page_corrupted(const char* what,
                                                                       uint64_t index);

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
  // Entries first and following, as many as both spans have; cheaper than one by one.
  void read(uint32_t first, std::span<Bytes> keys, std::span<Bytes> values) const;
  // [begin, end) of key and value i, offsets from the start of the page.
  std::pair<uint64_t, uint64_t> key_range(uint32_t i) const;
  std::pair<uint64_t, uint64_t> value_range(uint32_t i) const;

  // Offset of the first key.
  uint64_t keys_begin() const noexcept { return keys_begin_; }
  // Offset of the first value, the end of the last key.
  uint64_t values_begin() const;

  // End of the last value: what the checksum covers.
  uint64_t used_bytes() const { return value_range(entry_count_ - 1).second; }
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
  uint32_t key_end(uint32_t i) const noexcept {
    return base::load_le32(page_.data() + 4 + 4 * size_t{i});
  }
  uint32_t value_end(uint32_t i) const noexcept {
    return base::load_le32(page_.data() + value_ends_offset_ + 4 * size_t{i});
  }

  Bytes page_;
  Widths widths_;
  uint32_t entry_count_ = 0;
  uint32_t value_ends_offset_ = 0;  // of value_end[0]; key_end[0] is at 4
  uint64_t keys_begin_ = 0;
};

inline LeafView LeafView::parse(Bytes page, const Widths& widths) {
  if (page.size() < 4) [[unlikely]]
    throw_page_corrupted("leaf shorter than its header", page.size());
  if (page[0] != kLeafType) [[unlikely]] {
    throw_page_corrupted("type byte of a leaf", std::to_integer<uint64_t>(page[0]));
  }
  LeafView view;
  view.page_ = page;
  view.widths_ = widths;
  view.entry_count_ = base::load_le16(&page[2]);
  const uint64_t n = view.entry_count_;
  if (n == 0) [[unlikely]]
    throw_page_corrupted("leaf without entries", 0);
  view.value_ends_offset_ = static_cast<uint32_t>(4 + (widths.key ? 0 : 4 * n));
  view.keys_begin_ = required_bytes(n, 0, widths);
  // Smallest end possible: variable keys and values may all be empty. At most 2^49, no overflow.
  const uint64_t fixed_bytes = n * (uint64_t{widths.key.value_or(0)} + widths.value.value_or(0));
  if (view.keys_begin_ + fixed_bytes > page.size()) [[unlikely]] {
    throw_page_corrupted("entry count of a leaf", n);
  }
  return view;
}

inline std::pair<uint64_t, uint64_t> LeafView::key_range(uint32_t i) const {
  assert(i < entry_count_);
  if (widths_.key) {  // parse() proved that all fixed-width keys lie inside
    const uint64_t begin = keys_begin_ + uint64_t{*widths_.key} * i;
    return {begin, begin + *widths_.key};
  }
  const uint64_t begin = i == 0 ? keys_begin_ : key_end(i - 1);
  const uint64_t end = key_end(i);
  if (begin < keys_begin_ || begin > end || end > page_.size()) [[unlikely]] {
    throw_page_corrupted("leaf key offsets", i);
  }
  return {begin, end};
}

inline uint64_t LeafView::values_begin() const {
  if (widths_.key) return keys_begin_ + uint64_t{*widths_.key} * entry_count_;
  const uint64_t begin = key_end(entry_count_ - 1);
  if (begin < keys_begin_ || begin > page_.size()) [[unlikely]] {
    throw_page_corrupted("leaf key offsets", entry_count_ - 1);
  }
  return begin;
}

inline std::pair<uint64_t, uint64_t> LeafView::value_range(uint32_t i) const {
  assert(i < entry_count_);
  const uint64_t values = values_begin();
  uint64_t begin;
  uint64_t end;
  if (widths_.value) {
    begin = values + uint64_t{*widths_.value} * i;
    end = begin + *widths_.value;
  } else {
    begin = i == 0 ? values : value_end(i - 1);
    end = value_end(i);
  }
  if (begin < values || begin > end || end > page_.size()) [[unlikely]] {
    throw_page_corrupted("leaf value offsets", i);
  }
  return {begin, end};
}

}  // namespace rdb::format
