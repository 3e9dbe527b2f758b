// leaf_editor.hpp: changes one leaf page in place. Layout: leaf_view.hpp.
//
// Only pages of the running write transaction may be edited (spec 02 section 5.1). Whether an edit
// is wise, and that keys stay in order, is the caller's business; this class keeps L1.
//
// An insertion splits the used part of the page into four runs at the new entry and moves each
// once:
//
//   key_end[0..i) | key_end[i..) value_end[0..i) | value_end[i..) keys[0..i) | keys[i..)
//   values[0..i) | values[i..)
//
// Bytes behind the used part are never read and keep stale content.
//
// Borrows the page; one thread at a time, and no reader beside it.
#pragma once

#include <cstdint>
#include <span>

#include "format/leaf_view.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

class LeafEditor {
 public:
  // Requires a page that passed LeafView::verify_offsets() since it was read from storage: edits
  // move bytes by the stored offsets. Throws page_corrupted when not even parse() accepts it.
  LeafEditor(std::span<std::byte> page, const Widths& widths);

  uint32_t size() const noexcept { return entry_count_; }
  uint64_t used_bytes() const noexcept { return used_bytes_; }
  uint64_t free_bytes() const noexcept;
  // Also false when the leaf holds kMaxLeafEntries.
  bool fits_insert(uint64_t key_size, uint64_t value_size) const noexcept;
  bool fits_replace(uint32_t i, uint64_t value_size) const noexcept;

  // The bytes of key and value may lie anywhere, inside this page too.
  // Requires i <= size(), fits_insert(), and sizes that obey the widths.
  void insert(uint32_t i, Bytes key, Bytes value);
  // The stored key bytes stay. Requires i < size() and fits_replace().
  void replace_value(uint32_t i, Bytes value);
  // Requires i < size() and size() > 1: a leaf without entries must not exist.
  void remove(uint32_t i) noexcept;

  LeafView view() const { return LeafView::parse(page_, widths_); }

 private:
  size_t key_ends_offset(uint32_t i) const noexcept { return 4 + size_t{key_end_bytes_} * i; }
  size_t value_ends_offset(uint32_t i) const noexcept {
    return key_ends_offset(entry_count_) + size_t{value_end_bytes_} * i;
  }
  size_t keys_begin() const noexcept { return value_ends_offset(entry_count_); }
  size_t key_end(uint32_t i) const noexcept;
  size_t value_end(uint32_t i) const noexcept;
  size_t key_begin(uint32_t i) const noexcept { return i == 0 ? keys_begin() : key_end(i - 1); }
  size_t value_begin(uint32_t i) const noexcept {
    return i == 0 ? key_end(entry_count_ - 1) : value_end(i - 1);
  }
  bool inside_page(Bytes bytes) const noexcept;
  void move_bytes(size_t begin, size_t end, size_t to) noexcept;
  void set_size(uint32_t entries) noexcept;

  std::span<std::byte> page_;
  Widths widths_;
  uint32_t key_end_bytes_;    // 4, or 0 when keys have a fixed width
  uint32_t value_end_bytes_;  // the same for values
  uint32_t entry_count_;
  uint64_t used_bytes_;
};

}  // namespace rdb::format
