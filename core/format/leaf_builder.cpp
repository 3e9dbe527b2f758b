#include "format/leaf_builder.hpp"

#include <cassert>
#include <cstring>

#include "base/endian.hpp"
#include "format/leaf_view.hpp"

namespace rdb::format {
namespace {

// An empty span may have a null data(), which memcpy must not see.
std::byte* append(std::byte* out, Bytes bytes) noexcept {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// The parts of a leaf in front of its keys.
struct Head {
  std::byte* key_ends;
  std::byte* value_ends;
  std::byte* keys;
};
Head write_head(std::byte* start, size_t n, const Widths& widths) noexcept {
  assert(n >= 1 && n <= kMaxLeafEntries);
  start[0] = kLeafType;
  start[1] = std::byte{0};
  base::store_le16(start + 2, static_cast<uint16_t>(n));
  std::byte* const key_ends = start + 4;
  return {key_ends, key_ends + (widths.key ? 0 : 4 * n),
          start + LeafView::required_bytes(n, 0, widths)};
}

void write_ends(std::byte* out, std::span<const uint32_t> ends, uint32_t begin) noexcept {
  for (size_t i = 0; i < ends.size(); ++i) base::store_le32(out + 4 * i, begin + ends[i]);
}

void put_behind(std::vector<std::byte>& bytes, Bytes more) {
  bytes.insert(bytes.end(), more.data(), more.data() + more.size());
}

}  // namespace

uint64_t leaf_required_bytes(std::span<const LeafEntry> entries, const Widths& widths) noexcept {
  uint64_t data_bytes = 0;
  for (const LeafEntry& entry : entries) data_bytes += entry.key.size() + entry.value.size();
  return LeafView::required_bytes(entries.size(), data_bytes, widths);
}

uint64_t build_leaf(std::span<std::byte> page, std::span<const LeafEntry> entries,
                    const Widths& widths) noexcept {
  const size_t n = entries.size();
  assert(leaf_required_bytes(entries, widths) <= page.size());

  std::byte* const start = page.data();
  const auto [key_ends, value_ends, keys] = write_head(start, n, widths);
  std::byte* out = keys;
  for (size_t i = 0; i < n; ++i) {
    assert(!widths.key || entries[i].key.size() == *widths.key);
    out = append(out, entries[i].key);
    if (!widths.key) base::store_le32(key_ends + 4 * i, static_cast<uint32_t>(out - start));
  }
  for (size_t i = 0; i < n; ++i) {
    assert(!widths.value || entries[i].value.size() == *widths.value);
    out = append(out, entries[i].value);
    if (!widths.value) base::store_le32(value_ends + 4 * i, static_cast<uint32_t>(out - start));
  }
  return static_cast<uint64_t>(out - start);
}

LeafDraft::LeafDraft(const Widths& widths) noexcept
    : widths_(widths),
      ends_bytes_(LeafView::required_bytes(1, 0, widths) - LeafView::required_bytes(0, 0, widths)),
      required_bytes_(LeafView::required_bytes(0, 0, widths)) {}

Bytes LeafDraft::last_key() const {
  const size_t begin = key_ends_.size() < 2 ? 0 : key_ends_[key_ends_.size() - 2];
  return Bytes(keys_).subspan(begin);
}

void LeafDraft::add(Bytes key, Bytes value) {
  put_behind(keys_, key);
  put_behind(values_, value);
  key_ends_.push_back(static_cast<uint32_t>(keys_.size()));
  value_ends_.push_back(static_cast<uint32_t>(values_.size()));
  required_bytes_ += ends_bytes_ + key.size() + value.size();
}

void LeafDraft::clear() noexcept {
  keys_.clear();
  values_.clear();
  key_ends_.clear();
  value_ends_.clear();
  required_bytes_ = LeafView::required_bytes(0, 0, widths_);
}

uint64_t LeafDraft::build(std::span<std::byte> page) const noexcept {
  assert(required_bytes_ <= page.size());
  std::byte* const start = page.data();
  const auto [key_ends, value_ends, keys] = write_head(start, key_ends_.size(), widths_);
  std::byte* const values = append(keys, keys_);
  std::byte* const end = append(values, values_);
  if (!widths_.key) write_ends(key_ends, key_ends_, static_cast<uint32_t>(keys - start));
  if (!widths_.value) write_ends(value_ends, value_ends_, static_cast<uint32_t>(values - start));
  return static_cast<uint64_t>(end - start);
}

}  // namespace rdb::format
