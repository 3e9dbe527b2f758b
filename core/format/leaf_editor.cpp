#include "format/leaf_editor.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>
#include <vector>

#include "base/endian.hpp"
#include "format/offset_array.hpp"

namespace rdb::format {

LeafEditor::LeafEditor(std::span<std::byte> page, const Widths& widths)
    : page_(page),
      widths_(widths),
      key_end_bytes_(widths.key ? 0 : 4),
      value_end_bytes_(widths.value ? 0 : 4) {
  const LeafView view = LeafView::parse(page, widths);
  entry_count_ = view.size();
  used_bytes_ = view.used_bytes();
}

uint64_t LeafEditor::free_bytes() const noexcept {
  // End offsets are u32, so the last byte of a page of order 20 cannot be reached by them.
  const uint64_t limit = std::min<uint64_t>(page_.size(), ~uint32_t{0});
  return limit > used_bytes_ ? limit - used_bytes_ : 0;
}

bool LeafEditor::fits_insert(uint64_t key_size, uint64_t value_size) const noexcept {
  const uint64_t free = free_bytes();
  return entry_count_ < kMaxLeafEntries && key_size <= free && value_size <= free &&
         uint64_t{key_end_bytes_} + value_end_bytes_ + key_size + value_size <= free;
}

bool LeafEditor::fits_replace(uint32_t i, uint64_t value_size) const noexcept {
  assert(i < entry_count_);
  if (widths_.value) return value_size == *widths_.value;
  return value_size <= value_end(i) - value_begin(i) + free_bytes();
}

void LeafEditor::insert(uint32_t i, Bytes key, Bytes value) {
  assert(i <= entry_count_);
  assert(fits_insert(key.size(), value.size()));
  assert(!widths_.key || key.size() == *widths_.key);
  assert(!widths_.value || value.size() == *widths_.value);
  if (inside_page(key) || inside_page(value)) {
    const std::vector<std::byte> key_copy(key.begin(), key.end());
    const std::vector<std::byte> value_copy(value.begin(), value.end());
    insert(i, key_copy, value_copy);
    return;
  }

  // 1. Where the runs are now, and how far each goes.
  const uint32_t n = entry_count_;
  const size_t key_ends_at = key_ends_offset(i);
  const size_t value_ends_at = value_ends_offset(i);
  const size_t key_at = i < n ? key_begin(i) : key_end(n - 1);
  const size_t value_at = i < n ? value_begin(i) : static_cast<size_t>(used_bytes_);
  const size_t arrays_shift = key_end_bytes_ + value_end_bytes_;
  const size_t key_shift = arrays_shift + key.size();
  const size_t value_shift = key_shift + value.size();

  // 2. Everything moves up, so the last run goes first.
  move_bytes(value_at, used_bytes_, value_at + value_shift);
  move_bytes(key_at, value_at, key_at + key_shift);
  move_bytes(value_ends_at, key_at, value_ends_at + arrays_shift);
  move_bytes(key_ends_at, value_ends_at, key_ends_at + key_end_bytes_);
  if (!key.empty()) std::memcpy(&page_[key_at + arrays_shift], key.data(), key.size());
  if (!value.empty()) std::memcpy(&page_[value_at + key_shift], value.data(), value.size());

  // 3. The offsets follow their bytes.
  set_size(n + 1);
  used_bytes_ += value_shift;
  if (key_end_bytes_ != 0) {
    std::byte* const ends = page_.data() + 4;
    shift_ends(ends, i, static_cast<uint32_t>(arrays_shift));
    base::store_le32(ends + 4 * size_t{i}, static_cast<uint32_t>(key_at + key_shift));
    shift_ends(ends + 4 * (size_t{i} + 1), n - i, static_cast<uint32_t>(key_shift));
  }
  if (value_end_bytes_ != 0) {
    std::byte* const ends = page_.data() + value_ends_offset(0);
    shift_ends(ends, i, static_cast<uint32_t>(key_shift));
    base::store_le32(ends + 4 * size_t{i}, static_cast<uint32_t>(value_at + value_shift));
    shift_ends(ends + 4 * (size_t{i} + 1), n - i, static_cast<uint32_t>(value_shift));
  }
}

void LeafEditor::replace_value(uint32_t i, Bytes value) {
  assert(i < entry_count_);
  assert(fits_replace(i, value.size()));
  if (inside_page(value)) {
    const std::vector<std::byte> copy(value.begin(), value.end());
    replace_value(i, copy);
    return;
  }
  const size_t begin = value_begin(i);
  const size_t old_end = value_end(i);
  const size_t new_end = begin + value.size();
  if (new_end != old_end) {  // never so for fixed widths
    move_bytes(old_end, used_bytes_, new_end);
    shift_ends(&page_[value_ends_offset(i)], entry_count_ - i,
               static_cast<uint32_t>(new_end - old_end));
    used_bytes_ = used_bytes_ - old_end + new_end;
  }
  if (!value.empty()) std::memcpy(&page_[begin], value.data(), value.size());
}

void LeafEditor::remove(uint32_t i) noexcept {
  assert(i < entry_count_);
  assert(entry_count_ > 1);

  // 1. The runs behind what goes away, and how far each moves.
  const uint32_t n = entry_count_;
  const size_t key_ends_at = key_ends_offset(i) + key_end_bytes_;
  const size_t value_ends_at = value_ends_offset(i);
  const size_t key_from = key_begin(i);
  const size_t key_to = key_end(i);
  const size_t value_from = value_begin(i);
  const size_t value_to = value_end(i);
  const size_t arrays_shift = key_end_bytes_ + value_end_bytes_;
  const size_t key_shift = arrays_shift + (key_to - key_from);
  const size_t value_shift = key_shift + (value_to - value_from);

  // 2. Everything moves down, so the first run goes first.
  move_bytes(key_ends_at, value_ends_at, key_ends_at - key_end_bytes_);
  move_bytes(value_ends_at + value_end_bytes_, key_from,
             value_ends_at + value_end_bytes_ - arrays_shift);
  move_bytes(key_to, value_from, key_to - key_shift);
  move_bytes(value_to, used_bytes_, value_to - value_shift);

  // 3. The offsets follow their bytes.
  set_size(n - 1);
  used_bytes_ -= value_shift;
  if (key_end_bytes_ != 0) {
    std::byte* const ends = page_.data() + 4;
    shift_ends(ends, i, ~static_cast<uint32_t>(arrays_shift) + 1);
    shift_ends(ends + 4 * size_t{i}, n - 1 - i, ~static_cast<uint32_t>(key_shift) + 1);
  }
  if (value_end_bytes_ != 0) {
    std::byte* const ends = page_.data() + value_ends_offset(0);
    shift_ends(ends, i, ~static_cast<uint32_t>(key_shift) + 1);
    shift_ends(ends + 4 * size_t{i}, n - 1 - i, ~static_cast<uint32_t>(value_shift) + 1);
  }
}

size_t LeafEditor::key_end(uint32_t i) const noexcept {
  if (widths_.key) return keys_begin() + size_t{*widths_.key} * (size_t{i} + 1);
  return base::load_le32(&page_[key_ends_offset(i)]);
}

size_t LeafEditor::value_end(uint32_t i) const noexcept {
  if (widths_.value) return key_end(entry_count_ - 1) + size_t{*widths_.value} * (size_t{i} + 1);
  return base::load_le32(&page_[value_ends_offset(i)]);
}

bool LeafEditor::inside_page(Bytes bytes) const noexcept {
  const std::byte* const begin = page_.data();
  const std::byte* const end = begin + page_.size();
  return !bytes.empty() && std::less<>()(bytes.data(), end) &&
         std::less<>()(begin, bytes.data() + bytes.size());
}

void LeafEditor::move_bytes(size_t begin, size_t end, size_t to) noexcept {
  assert(begin <= end && end <= page_.size() && to + (end - begin) <= page_.size());
  if (begin != end && begin != to) {
    std::memmove(page_.data() + to, page_.data() + begin, end - begin);
  }
}

void LeafEditor::set_size(uint32_t entries) noexcept {
  entry_count_ = entries;
  base::store_le16(&page_[2], static_cast<uint16_t>(entries));
}

}  // namespace rdb::format
