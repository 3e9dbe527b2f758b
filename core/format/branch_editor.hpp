// branch_editor.hpp: changes one branch page in place. Layout: branch_view.hpp.
//
// Only pages of the running write transaction may be edited (spec 02 section 5.1). That separators
// stay in order (B2) is the caller's business; this class keeps B1.
//
// Bytes behind the used part are never read and keep stale content.
//
// Borrows the page; one thread at a time, and no reader beside it.
#pragma once

#include <cstdint>
#include <span>

#include "base/checksum.hpp"
#include "format/branch_view.hpp"
#include "format/page_number.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

class BranchEditor {
 public:
  // Requires a page that passed BranchView::verify_offsets() since it was read from storage: edits
  // move bytes by the stored offsets. Throws page_corrupted when not even parse() accepts it.
  BranchEditor(std::span<std::byte> page, const Widths& widths);

  uint32_t key_count() const noexcept { return key_count_; }
  uint32_t child_count() const noexcept { return key_count_ + 1; }
  uint64_t used_bytes() const noexcept { return used_bytes_; }
  uint64_t free_bytes() const noexcept;
  // Whether a separator of key_size bytes and its child fit.
  bool fits_insert(uint64_t key_size) const noexcept;

  // Require i < child_count().
  void set_child(uint32_t i, PageNumber page, const base::Checksum& checksum) noexcept;
  void set_child_checksum(uint32_t i, const base::Checksum& checksum) noexcept;

  // Inserts separator j and, to its right, child j + 1. The bytes of key may lie inside this page.
  // Requires j <= key_count(), fits_insert(), and a size that obeys the width.
  void insert(uint32_t j, Bytes key, PageNumber right_page, const base::Checksum& right_checksum);
  // Removes separator j and child i. Requires j < key_count(), i < child_count() and key_count() >
  // 1: a branch without keys must not exist.
  void remove(uint32_t j, uint32_t i) noexcept;

  BranchView view() const { return BranchView::parse(page_, widths_); }

 private:
  size_t checksum_offset(uint32_t i) const noexcept {
    return BranchView::kChecksumsOffset + base::Checksum::kBytes * size_t{i};
  }
  size_t child_offset(uint32_t i) const noexcept {
    return checksum_offset(child_count()) + PageNumber::kBytes * size_t{i};
  }
  size_t key_ends_offset(uint32_t j) const noexcept {
    return child_offset(child_count()) + size_t{key_end_bytes_} * j;
  }
  size_t key_end(uint32_t j) const noexcept;
  size_t key_begin(uint32_t j) const noexcept {
    return j == 0 ? key_ends_offset(key_count_) : key_end(j - 1);
  }
  void move_bytes(size_t begin, size_t end, size_t to) noexcept;
  void set_key_count(uint32_t keys) noexcept;

  std::span<std::byte> page_;
  Widths widths_;
  uint32_t key_end_bytes_;  // 4, or 0 when keys have a fixed width
  uint32_t key_count_;
  uint64_t used_bytes_;
};

}  // namespace rdb::format
