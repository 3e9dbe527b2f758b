// branch_view.hpp: read access to one branch page, in place.
//
// Layout (little-endian; m = key count, c = m + 1 children; spec 02 section 3.1):
//   offset 0        u8        type      2
//   offset 1        u8        reserved  ignored when read, written 0
//   offset 2        u16       m         >= 1
//   offset 4        u8[4]     reserved  ignored when read, written 0
//   offset 8        u8[16][c] checksum of each child
//   8 + 16c         u64[c]    page number of each child
//   8 + 24c         u32[m]    key_end   absent when keys have a fixed width
//   then            separator keys, packed
//
// Invariants:
//   B1  key_end never decreases and stays inside the page.
//   B2  keys in child j are <= key(j), keys in child j+1 are > key(j), in the table's key order.
// parse() costs O(1) and checks type, m >= 1 and that the arrays fit; accessors check the rest
// piece by piece.
//
// Borrows the page.
#pragma once

#include <cassert>
#include <cstdint>
#include <utility>

#include "base/checksum.hpp"
#include "format/leaf_view.hpp"
#include "format/page_number.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

class BranchView {
 public:
  // Throws page_corrupted.
  static BranchView parse(Bytes page, const Widths& widths);

  uint32_t key_count() const noexcept { return key_count_; }
  uint32_t child_count() const noexcept { return key_count_ + 1; }
  Bytes key(uint32_t j) const {
    assert(j < key_count_);
    auto [begin, end] = key_range(j);
    return page_.subspan(begin, end - begin);
  }
  std::pair<uint64_t, uint64_t> key_range(uint32_t j) const;
  // Throws corrupted when the stored order is impossible.
  PageNumber child(uint32_t i) const {
    assert(i < child_count());
    return PageNumber::decode(page_.data() + children_offset() + PageNumber::kBytes * i);
  }
  base::Checksum child_checksum(uint32_t i) const {
    assert(i < child_count());
    return base::Checksum::decode(page_.data() + kChecksumsOffset + base::Checksum::kBytes * i);
  }

  // End of the last key: what the checksum covers.
  uint64_t used_bytes() const { return key_range(key_count_ - 1).second; }
  void verify_offsets() const;  // all of B1, or page_corrupted

  static constexpr uint32_t kChecksumsOffset = 8;
  uint32_t children_offset() const noexcept { return kChecksumsOffset + 16 * child_count(); }
  static uint64_t required_bytes(uint64_t keys, uint64_t key_bytes, const Widths& widths) noexcept {
    return 8 + 24 * (keys + 1) + (widths.key ? 0 : 4 * keys) + key_bytes;
  }

  // Offset of the first separator key.
  uint64_t keys_begin() const noexcept { return keys_begin_; }
  Bytes page() const noexcept { return page_; }

 private:
  BranchView() = default;
  uint32_t key_end(uint32_t j) const noexcept {
    return base::load_le32(page_.data() + key_ends_offset_ + 4 * size_t{j});
  }

  Bytes page_;
  std::optional<uint32_t> key_width_;
  uint32_t key_count_ = 0;
  uint32_t key_ends_offset_ = 0;
  uint64_t keys_begin_ = 0;
};

inline BranchView BranchView::parse(Bytes page, const Widths& widths) {
  if (page.size() < kChecksumsOffset) [[unlikely]] {
    throw_page_corrupted("branch shorter than its header", page.size());
  }
  if (page[0] != kBranchType) [[unlikely]] {
    throw_page_corrupted("type byte of a branch", std::to_integer<uint64_t>(page[0]));
  }
  BranchView view;
  view.page_ = page;
  view.key_width_ = widths.key;
  view.key_count_ = base::load_le16(&page[2]);
  const uint64_t m = view.key_count_;
  if (m == 0) [[unlikely]]
    throw_page_corrupted("branch without keys", 0);
  view.key_ends_offset_ = static_cast<uint32_t>(kChecksumsOffset + 24 * (m + 1));
  view.keys_begin_ = required_bytes(m, 0, widths);
  if (view.keys_begin_ + m * widths.key.value_or(0) > page.size()) [[unlikely]] {
    throw_page_corrupted("key count of a branch", m);
  }
  return view;
}

inline std::pair<uint64_t, uint64_t> BranchView::key_range(uint32_t j) const {
  assert(j < key_count_);
  if (key_width_) {  // parse() proved that all fixed-width keys lie inside
    const uint64_t begin = keys_begin_ + uint64_t{*key_width_} * j;
    return {begin, begin + *key_width_};
  }
  const uint64_t begin = j == 0 ? keys_begin_ : key_end(j - 1);
  const uint64_t end = key_end(j);
  if (begin < keys_begin_ || begin > end || end > page_.size()) [[unlikely]] {
    throw_page_corrupted("branch key offsets", j);
  }
  return {begin, end};
}

// End of the used part of a leaf or branch page, whichever it is: what its checksum covers.
// Throws page_corrupted on any other type byte.
uint64_t page_used_bytes(Bytes page, const Widths& widths);

}  // namespace rdb::format
