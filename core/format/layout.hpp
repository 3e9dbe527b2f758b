// layout.hpp: where regions and pages lie in the file (spec 01 sections 2.2 to 2.5).
//
//   byte 0            super-header page
//   byte P            region 0: H header pages (unused), then up to M data pages; stride (H+M)*P
//   ...               F full regions, then one trailing region of Tr data pages when Tr > 0
#pragma once

#include <cstdint>
#include <optional>

#include "format/page_number.hpp"

namespace rdb::format {

struct Layout {
  uint32_t region_header_pages = 0;                  // H, 0..2^20
  uint32_t region_max_data_pages = kMaxRegionPages;  // M, 1..2^20
  uint32_t full_regions = 0;                         // F
  uint32_t trailing_pages = 0;                       // Tr, 0..M

  bool operator==(const Layout&) const = default;

  uint64_t region_stride_bytes() const noexcept;
  uint64_t file_bytes() const noexcept;  // layout_len
  uint32_t region_count() const noexcept;
  uint32_t pages_in_region(uint32_t region) const noexcept;  // 0 past the last region
  uint64_t total_pages() const noexcept;
  uint64_t page_offset(PageNumber page) const noexcept;  // requires contains(page)
  bool contains(PageNumber page) const noexcept;
  // Throws corrupted naming the page when it does not lie completely inside the layout.
  void check_page(PageNumber page) const;

  // The layout with this many usable pages and the same H and M; nullopt past kMaxRegions regions.
  std::optional<Layout> with_total_pages(uint64_t pages) const noexcept;
  // The largest layout inside file_bytes, for recovery (spec 01 section 2.3); nullopt when not even
  // one page fits. The caller judges a surplus tail.
  std::optional<Layout> from_file_bytes(uint64_t file_bytes) const noexcept;
  // Range checks of spec 01 section 11.3; throws corrupted.
  void check() const;
  // Same for H and M alone (F and Tr are not trusted while recovery is required).
  void check_geometry() const;
};

// 257 pages: what the reference gives a new file (spec 01 section 2.5).
inline constexpr uint32_t kInitialPages = 257;

}  // namespace rdb::format
