#include "format/page_list.hpp"

#include <algorithm>
#include <cassert>

#include "base/endian.hpp"

namespace rdb::format {

PageListView PageListView::parse(Bytes value) noexcept {
  PageListView view;
  view.value_ = value;
  if (value.size() < 2) return view;
  const uint64_t stored = base::load_le16(value.data());
  const uint64_t fitting = (value.size() - 2) / PageNumber::kBytes;
  view.size_ = static_cast<uint32_t>(std::min(stored, fitting));
  view.well_formed_ = stored <= fitting;
  return view;
}

std::optional<PageNumber> PageListView::at(uint32_t i) const noexcept {
  assert(i < size_);
  const uint64_t bits = base::load_le64(value_.data() + 2 + PageNumber::kBytes * size_t{i});
  if (bits >> 59 > kMaxPageOrder) return std::nullopt;
  return PageNumber::from_bits(bits);
}

void encode_page_list(std::span<std::byte> out, std::span<const PageNumber> pages) noexcept {
  assert(pages.size() <= kMaxListEntries);
  assert(out.size() >= page_list_bytes(pages.size()));
  base::store_le16(out.data(), static_cast<uint16_t>(pages.size()));
  std::byte* at = out.data() + 2;
  for (const PageNumber& page : pages) {
    page.encode(at);
    at += PageNumber::kBytes;
  }
  std::fill(at, out.data() + out.size(), std::byte{0});
}

std::vector<std::byte> make_page_list(std::span<const PageNumber> pages, uint32_t capacity) {
  std::vector<std::byte> value(page_list_bytes(std::max<uint64_t>(capacity, pages.size())));
  encode_page_list(value, pages);
  return value;
}

}  // namespace rdb::format
