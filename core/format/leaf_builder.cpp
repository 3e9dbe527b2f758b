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

}  // namespace

uint64_t leaf_required_bytes(std::span<const LeafEntry> entries, const Widths& widths) noexcept {
  uint64_t data_bytes = 0;
  for (const LeafEntry& entry : entries) data_bytes += entry.key.size() + entry.value.size();
  return LeafView::required_bytes(entries.size(), data_bytes, widths);
}

uint64_t build_leaf(std::span<std::byte> page, std::span<const LeafEntry> entries,
                    const Widths& widths) noexcept {
  const size_t n = entries.size();
  assert(n >= 1 && n <= kMaxLeafEntries);
  assert(leaf_required_bytes(entries, widths) <= page.size());

  std::byte* const start = page.data();
  start[0] = kLeafType;
  start[1] = std::byte{0};
  base::store_le16(start + 2, static_cast<uint16_t>(n));
  std::byte* const key_ends = start + 4;
  std::byte* const value_ends = key_ends + (widths.key ? 0 : 4 * n);

  std::byte* out = start + LeafView::required_bytes(n, 0, widths);
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

}  // namespace rdb::format
