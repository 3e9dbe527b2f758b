#include "format/branch_builder.hpp"

#include <cassert>
#include <cstring>

#include "base/endian.hpp"
#include "format/branch_view.hpp"

namespace rdb::format {

uint64_t branch_required_bytes(std::span<const Bytes> keys, const Widths& widths) noexcept {
  uint64_t key_bytes = 0;
  for (Bytes key : keys) key_bytes += key.size();
  return BranchView::required_bytes(keys.size(), key_bytes, widths);
}

uint64_t build_branch(std::span<std::byte> page, std::span<const BranchChild> children,
                      std::span<const Bytes> keys, const Widths& widths) noexcept {
  const size_t m = keys.size();
  assert(m >= 1 && m <= kMaxBranchKeys);
  assert(children.size() == m + 1);
  assert(branch_required_bytes(keys, widths) <= page.size());

  std::byte* const start = page.data();
  std::memset(start, 0, BranchView::kChecksumsOffset);
  start[0] = kBranchType;
  base::store_le16(start + 2, static_cast<uint16_t>(m));

  std::byte* out = start + BranchView::kChecksumsOffset;
  for (const BranchChild& child : children) {
    child.checksum.encode(out);
    out += base::Checksum::kBytes;
  }
  for (const BranchChild& child : children) {
    child.page.encode(out);
    out += PageNumber::kBytes;
  }
  std::byte* const key_ends = out;
  out = start + BranchView::required_bytes(m, 0, widths);
  for (size_t j = 0; j < m; ++j) {
    assert(!widths.key || keys[j].size() == *widths.key);
    // An empty span may have a null data(), which memcpy must not see.
    if (!keys[j].empty()) std::memcpy(out, keys[j].data(), keys[j].size());
    out += keys[j].size();
    if (!widths.key) base::store_le32(key_ends + 4 * j, static_cast<uint32_t>(out - start));
  }
  return static_cast<uint64_t>(out - start);
}

}  // namespace rdb::format
