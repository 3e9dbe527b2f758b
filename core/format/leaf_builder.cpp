#include "format/leaf_builder.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/endian.hpp"
#include "format/leaf_view.hpp"

namespace rdb::format {
namespace {

// An empty span may have a null data(), which memcpy must not see.
std::byte* put_at(std::byte* out, Bytes bytes) noexcept {
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
    out = put_at(out, entries[i].key);
    if (!widths.key) base::store_le32(key_ends + 4 * i, static_cast<uint32_t>(out - start));
  }
  for (size_t i = 0; i < n; ++i) {
    assert(!widths.value || entries[i].value.size() == *widths.value);
    out = put_at(out, entries[i].value);
    if (!widths.value) base::store_le32(value_ends + 4 * i, static_cast<uint32_t>(out - start));
  }
  return static_cast<uint64_t>(out - start);
}

LeafDraft::LeafDraft(const Widths& widths) noexcept
    : widths_(widths),
      ends_bytes_(LeafView::required_bytes(1, 0, widths) - LeafView::required_bytes(0, 0, widths)),
      required_bytes_(LeafView::required_bytes(0, 0, widths)) {}

Bytes LeafDraft::last_key() const {
  return keys_.used().subspan(entries_ < 2 ? 0 : keys_.ends[entries_ - 2]);
}

void LeafDraft::Part::append(size_t entries, std::span<const Bytes> more) {
  size_t wanted = used_bytes;
  for (const Bytes one : more) wanted += one.size();
  if (wanted > bytes.size()) bytes.resize(std::max(wanted, size_t{kPageBytes}));
  if (entries + more.size() > ends.size()) {
    ends.resize(std::max(entries + more.size(), 2 * ends.size()));
  }
  std::byte* const begin = bytes.data();
  std::byte* out = begin + used_bytes;
  uint32_t* end = ends.data() + entries;
  for (const Bytes one : more) {
    out = put_at(out, one);
    *end++ = static_cast<uint32_t>(out - begin);
  }
  used_bytes = wanted;
}

void LeafDraft::append(std::span<const Bytes> keys, std::span<const Bytes> values) {
  keys_.append(entries_, keys);
  values_.append(entries_, values);
  entries_ += keys.size();
  required_bytes_ =
      LeafView::required_bytes(entries_, keys_.used_bytes + values_.used_bytes, widths_);
}

size_t LeafDraft::fitting(std::span<const Bytes> keys,
                          std::span<const Bytes> values) const noexcept {
  const size_t most = std::min(keys.size(), kMaxLeafEntries - entries_);
  uint64_t bytes = required_bytes_;
  size_t count = 0;
  for (; count < most; ++count) {
    bytes += ends_bytes_ + keys[count].size() + values[count].size();
    if (bytes > kPageBytes) break;
  }
  return count == 0 && empty() ? most > 0 : count;
}

size_t LeafDraft::add(std::span<const Bytes> keys, std::span<const Bytes> values) {
  const size_t count = fitting(keys, values);
  append(keys.first(count), values.first(count));
  return count;
}

void LeafDraft::clear() noexcept {
  entries_ = 0;
  keys_.used_bytes = 0;
  values_.used_bytes = 0;
  required_bytes_ = LeafView::required_bytes(0, 0, widths_);
}

uint64_t LeafDraft::build(std::span<std::byte> page) const noexcept {
  assert(required_bytes_ <= page.size());
  std::byte* const start = page.data();
  const auto [key_ends, value_ends, keys] = write_head(start, entries_, widths_);
  std::byte* const values = put_at(keys, keys_.used());
  std::byte* const end = put_at(values, values_.used());
  const auto ends_of = [&](const Part& part) { return std::span(part.ends).first(entries_); };
  if (!widths_.key) write_ends(key_ends, ends_of(keys_), static_cast<uint32_t>(keys - start));
  if (!widths_.value) {
    write_ends(value_ends, ends_of(values_), static_cast<uint32_t>(values - start));
  }
  return static_cast<uint64_t>(end - start);
}

}  // namespace rdb::format
