#include "format/layout.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include "rdb/error.hpp"

namespace rdb::format {
namespace {

constexpr uint64_t kTooLarge = ~uint64_t{0};

// F is not trusted while recovery is required, so lengths saturate instead of wrapping around.
uint64_t saturating_multiply(uint64_t a, uint64_t b) noexcept {
  uint64_t product;
  return __builtin_mul_overflow(a, b, &product) ? kTooLarge : product;
}

uint64_t saturating_add(uint64_t a, uint64_t b) noexcept {
  uint64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? kTooLarge : sum;
}

bool geometry_valid(const Layout& layout) noexcept {
  return layout.region_header_pages <= kMaxRegionPages && layout.region_max_data_pages >= 1 &&
         layout.region_max_data_pages <= kMaxRegionPages;
}

[[noreturn]] void throw_geometry(const std::string& what) {
  throw Error(ErrorCode::corrupted, "the file header is damaged: " + what);
}

}  // namespace

uint64_t Layout::region_stride_bytes() const noexcept {
  return (uint64_t{region_header_pages} + region_max_data_pages) * kPageBytes;
}

uint64_t Layout::file_bytes() const noexcept {
  const uint64_t trailing =
      trailing_pages == 0 ? 0 : (uint64_t{region_header_pages} + trailing_pages) * kPageBytes;
  return saturating_add(kPageBytes + trailing,
                        saturating_multiply(full_regions, region_stride_bytes()));
}

uint32_t Layout::region_count() const noexcept {
  const uint64_t count = uint64_t{full_regions} + (trailing_pages > 0 ? 1 : 0);
  return static_cast<uint32_t>(std::min<uint64_t>(count, ~uint32_t{0}));
}

uint32_t Layout::pages_in_region(uint32_t region) const noexcept {
  if (region < full_regions) return region_max_data_pages;
  return region == full_regions ? trailing_pages : 0;
}

uint64_t Layout::total_pages() const noexcept {
  return uint64_t{full_regions} * region_max_data_pages + trailing_pages;
}

uint64_t Layout::page_offset(PageNumber page) const noexcept {
  assert(contains(page));
  return kPageBytes + page.region * region_stride_bytes() +
         uint64_t{region_header_pages} * kPageBytes + page.index * page.bytes();
}

bool Layout::contains(PageNumber page) const noexcept {
  return page.order <= kMaxPageOrder &&
         (uint64_t{page.index} + 1) << page.order <= pages_in_region(page.region);
}

void Layout::check_page(PageNumber page) const {
  if (contains(page)) return;
  throw Error(ErrorCode::corrupted,
              "page " + page.text() + " (region/index/order) lies outside the file's " +
                  std::to_string(region_count()) + " regions, or outside its region of " +
                  std::to_string(pages_in_region(page.region)) + " pages",
              page.bits());
}

std::optional<Layout> Layout::with_total_pages(uint64_t pages) const noexcept {
  if (!geometry_valid(*this) || pages == 0) return std::nullopt;
  Layout layout = *this;
  const uint64_t per_region = region_max_data_pages;
  if (pages <= per_region) {
    layout.full_regions = 0;
    layout.trailing_pages = static_cast<uint32_t>(pages);
    return layout;
  }
  const uint64_t full = pages / per_region;
  const uint64_t trailing = pages % per_region;
  if (full + (trailing > 0 ? 1 : 0) > kMaxRegions) return std::nullopt;
  layout.full_regions = static_cast<uint32_t>(full);
  layout.trailing_pages = static_cast<uint32_t>(trailing);
  return layout;
}

std::optional<Layout> Layout::from_file_bytes(uint64_t file_bytes) const noexcept {
  if (!geometry_valid(*this) || file_bytes < kPageBytes) return std::nullopt;
  Layout layout = *this;
  const uint64_t regions_bytes = file_bytes - kPageBytes;
  const uint64_t full = regions_bytes / region_stride_bytes();
  if (full >= kMaxRegions) {  // more bytes than the format can address
    layout.full_regions = kMaxRegions;
    layout.trailing_pages = 0;
    return layout;
  }
  // Less than one stride, hence fewer than M pages behind the region header.
  const uint64_t rest_pages = regions_bytes % region_stride_bytes() / kPageBytes;
  layout.full_regions = static_cast<uint32_t>(full);
  layout.trailing_pages = rest_pages > region_header_pages
                              ? static_cast<uint32_t>(rest_pages - region_header_pages)
                              : 0;
  if (layout.region_count() == 0) return std::nullopt;
  return layout;
}

void Layout::check_geometry() const {
  if (region_header_pages > kMaxRegionPages) {
    throw_geometry("a region header of " + std::to_string(region_header_pages) + " pages");
  }
  if (region_max_data_pages < 1 || region_max_data_pages > kMaxRegionPages) {
    throw_geometry("regions of " + std::to_string(region_max_data_pages) + " pages");
  }
}

void Layout::check() const {
  check_geometry();
  if (full_regions == 0 && trailing_pages == 0) throw_geometry("no region at all");
  if (trailing_pages > region_max_data_pages) {
    throw_geometry("a trailing region of " + std::to_string(trailing_pages) +
                   " pages, more than the " + std::to_string(region_max_data_pages) +
                   " of a full one");
  }
  if (full_regions > kMaxRegions || region_count() > kMaxRegions) {
    throw_geometry(std::to_string(full_regions) + " full regions");
  }
}

}  // namespace rdb::format
