#include "format/branch_editor.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>
#include <vector>

#include "base/endian.hpp"
#include "format/offset_array.hpp"

namespace rdb::format {
namespace {

constexpr size_t kChildBytes = base::Checksum::kBytes + PageNumber::kBytes;

}  // namespace

BranchEditor::BranchEditor(std::span<std::byte> page, const Widths& widths)
    : page_(page), widths_(widths), key_end_bytes_(widths.key ? 0 : 4) {
  const BranchView view = BranchView::parse(page, widths);
  key_count_ = view.key_count();
  used_bytes_ = view.used_bytes();
}

uint64_t BranchEditor::free_bytes() const noexcept {
  const uint64_t limit = std::min<uint64_t>(page_.size(), ~uint32_t{0});  // end offsets are u32
  return limit > used_bytes_ ? limit - used_bytes_ : 0;
}

bool BranchEditor::fits_insert(uint64_t key_size) const noexcept {
  const uint64_t free = free_bytes();
  return key_count_ < kMaxBranchKeys && key_size <= free &&
         kChildBytes + key_end_bytes_ + key_size <= free;
}

void BranchEditor::set_child(uint32_t i, PageNumber page, const base::Checksum& checksum) noexcept {
  assert(i < child_count());
  page.encode(&page_[child_offset(i)]);
  checksum.encode(&page_[checksum_offset(i)]);
}

void BranchEditor::set_child_checksum(uint32_t i, const base::Checksum& checksum) noexcept {
  assert(i < child_count());
  checksum.encode(&page_[checksum_offset(i)]);
}

void BranchEditor::insert(uint32_t j, Bytes key, PageNumber right_page,
                          const base::Checksum& right_checksum) {
  assert(j <= key_count_);
  assert(fits_insert(key.size()));
  assert(!widths_.key || key.size() == *widths_.key);
  const std::byte* const page_end = page_.data() + page_.size();
  if (!key.empty() && std::less<>()(key.data(), page_end) &&
      std::less<>()(page_.data(), key.data() + key.size())) {
    const std::vector<std::byte> copy(key.begin(), key.end());
    insert(j, copy, right_page, right_checksum);
    return;
  }

  // 1. Where the runs are now, and how far each goes.
  const uint32_t m = key_count_;
  const size_t checksum_at = checksum_offset(j + 1);
  const size_t child_at = child_offset(j + 1);
  const size_t key_end_at = key_ends_offset(j);
  const size_t key_at = j < m ? key_begin(j) : static_cast<size_t>(used_bytes_);
  const size_t arrays_shift = kChildBytes + key_end_bytes_;
  const size_t key_shift = arrays_shift + key.size();

  // 2. Everything moves up, so the last run goes first.
  move_bytes(key_at, used_bytes_, key_at + key_shift);
  move_bytes(key_end_at, key_at, key_end_at + arrays_shift);
  move_bytes(child_at, key_end_at, child_at + kChildBytes);
  move_bytes(checksum_at, child_at, checksum_at + base::Checksum::kBytes);
  if (!key.empty()) std::memcpy(&page_[key_at + arrays_shift], key.data(), key.size());

  // 3. Count, the new child, and the offsets.
  set_key_count(m + 1);
  used_bytes_ += key_shift;
  set_child(j + 1, right_page, right_checksum);
  if (key_end_bytes_ != 0) {
    std::byte* const ends = page_.data() + key_ends_offset(0);
    shift_ends(ends, j, static_cast<uint32_t>(arrays_shift));
    base::store_le32(ends + 4 * size_t{j}, static_cast<uint32_t>(key_at + key_shift));
    shift_ends(ends + 4 * (size_t{j} + 1), m - j, static_cast<uint32_t>(key_shift));
  }
}

void BranchEditor::remove(uint32_t j, uint32_t i) noexcept {
  assert(j < key_count_);
  assert(i < child_count());
  assert(key_count_ > 1);

  // 1. The runs behind what goes away, and how far each moves.
  const uint32_t m = key_count_;
  const size_t checksum_at = checksum_offset(i + 1);
  const size_t child_at = child_offset(i);
  const size_t key_end_at = key_ends_offset(j);
  const size_t key_from = key_begin(j);
  const size_t key_to = key_end(j);
  const size_t arrays_shift = kChildBytes + key_end_bytes_;
  const size_t key_shift = arrays_shift + (key_to - key_from);

  // 2. Everything moves down, so the first run goes first.
  move_bytes(checksum_at, child_at, checksum_at - base::Checksum::kBytes);
  move_bytes(child_at + PageNumber::kBytes, key_end_at,
             child_at + PageNumber::kBytes - kChildBytes);
  move_bytes(key_end_at + key_end_bytes_, key_from, key_end_at + key_end_bytes_ - arrays_shift);
  move_bytes(key_to, used_bytes_, key_to - key_shift);

  // 3. Count and offsets.
  set_key_count(m - 1);
  used_bytes_ -= key_shift;
  if (key_end_bytes_ != 0) {
    std::byte* const ends = page_.data() + key_ends_offset(0);
    shift_ends(ends, j, ~static_cast<uint32_t>(arrays_shift) + 1);
    shift_ends(ends + 4 * size_t{j}, m - 1 - j, ~static_cast<uint32_t>(key_shift) + 1);
  }
}

size_t BranchEditor::key_end(uint32_t j) const noexcept {
  if (widths_.key) return key_ends_offset(key_count_) + size_t{*widths_.key} * (size_t{j} + 1);
  return base::load_le32(&page_[key_ends_offset(j)]);
}

void BranchEditor::move_bytes(size_t begin, size_t end, size_t to) noexcept {
  assert(begin <= end && end <= page_.size() && to + (end - begin) <= page_.size());
  if (begin != end && begin != to) {
    std::memmove(page_.data() + to, page_.data() + begin, end - begin);
  }
}

void BranchEditor::set_key_count(uint32_t keys) noexcept {
  key_count_ = keys;
  base::store_le16(&page_[2], static_cast<uint16_t>(keys));
}

}  // namespace rdb::format
