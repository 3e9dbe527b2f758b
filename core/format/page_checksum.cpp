#include "format/page_checksum.hpp"

#include "base/endian.hpp"
#include "format/branch_view.hpp"

namespace rdb::format {

namespace {

constexpr uint64_t kEntryCountOffset = 2;
constexpr uint64_t kEndsOffset = 4;

// Where the last value would end if the widths of the values were not fixed.
std::optional<uint64_t> misread_end(Bytes leaf, const Widths& widths) {
  const uint64_t entries = base::load_le16(&leaf[kEntryCountOffset]);
  if (entries == 0) return std::nullopt;
  const uint64_t at = kEndsOffset + (widths.key ? 0 : 4 * entries) + 4 * (entries - 1);
  if (at + 4 > leaf.size()) return std::nullopt;
  const uint64_t end = base::load_le32(&leaf[at]);
  if (end > leaf.size()) return std::nullopt;
  return end;
}

}  // namespace

bool checksum_matches(Bytes page, const Widths& widths, const base::Checksum& expected) {
  if (base::checksum(page.first(page_used_bytes(page, widths))) == expected) return true;
  if (page[0] != kLeafType || !widths.value) return false;
  const std::optional<uint64_t> end = misread_end(page, widths);
  return end && base::checksum(page.first(*end)) == expected;
}

}  // namespace rdb::format
