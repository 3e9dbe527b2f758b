// page_list.hpp: the pages one transaction allocated or freed, a value of the page-list tables.
//
// On disk (spec 01 section 4.3):
//   0   u16     n
//   2   u64[n]  page numbers, in no particular order
//   ...         reserved room, written 0, ignored
// Writers reserve room for kDataListCapacity or kSystemListCapacity entries; any longer or shorter
// value with 2 + 8n <= size is as good.
//
// A malformed value is a fact to report, not an exception: its entries that fit are still needed,
// to keep those pages allocated. Never free a page on the strength of a list that is not
// well_formed(), or of an entry that at() refuses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/page_number.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

inline constexpr uint32_t kDataListCapacity = 400;
inline constexpr uint32_t kSystemListCapacity = 200;
inline constexpr uint32_t kMaxListEntries = 65535;

// Borrows the value.
class PageListView {
 public:
  static PageListView parse(Bytes value) noexcept;

  bool well_formed() const noexcept { return well_formed_; }
  // Entries that lie completely inside the value.
  uint32_t size() const noexcept { return size_; }
  // nullopt when the stored order is impossible. Whether the page lies inside the file is
  // Layout::contains' business. Requires i < size().
  std::optional<PageNumber> at(uint32_t i) const noexcept;

 private:
  PageListView() = default;
  Bytes value_;
  uint32_t size_ = 0;
  bool well_formed_ = false;
};

inline constexpr uint64_t page_list_bytes(uint64_t capacity) noexcept {
  return 2 + PageNumber::kBytes * capacity;
}

// Fills all of out: the pages, then zeros. Requires pages.size() <= kMaxListEntries and
// out.size() >= page_list_bytes(pages.size()).
void encode_page_list(std::span<std::byte> out, std::span<const PageNumber> pages) noexcept;
// A value with room for capacity entries, or for all of pages when those are more.
std::vector<std::byte> make_page_list(std::span<const PageNumber> pages, uint32_t capacity);

}  // namespace rdb::format
