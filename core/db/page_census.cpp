#include "db/page_census.hpp"

#include "db/repair.hpp"

namespace rdb::db {

using format::PageNumber;

PageCensus::PageCensus(const format::Layout& layout)
    : layout_(layout), reached_(layout), old_(layout), held_(layout), reserved_(layout) {}

bool PageCensus::reach(PageNumber page) {
  layout_.check_page(page);
  return reached_.try_mark_used(page);
}

bool PageCensus::reach_old(PageNumber page) {
  layout_.check_page(page);
  return old_.try_mark_used(page);
}

bool PageCensus::hold(PageNumber page) {
  layout_.check_page(page);
  return !is_reached(page) && held_.try_mark_used(page);
}

void PageCensus::reserve(const format::BlobRegion& blobs) {
  hold_blob_region(reserved_, layout_, blobs);
}

bool PageCensus::touches(const page::PageAllocator& set, PageNumber page) {
  return !set.is_free(page);
}

bool PageCensus::is_accounted_for(PageNumber page) const {
  for (uint32_t i = 0; i < page.base_pages(); ++i) {
    const PageNumber base{page.region, page.first_base_page() + i, 0};
    if (!reached_.is_used(base) && !held_.is_used(base)) return false;
  }
  return true;
}

void PageCensus::Deviation::add(PageNumber page) {
  if (count++ == 0) first = page;
}

PageCensus::Comparison PageCensus::compare(const page::PageAllocator& allocator,
                                           const std::vector<PageNumber>& also_held) const {
  page::PageAllocator kept(layout_);
  for (PageNumber page : also_held) kept.try_mark_used(page);
  Comparison result;
  for (uint32_t region = 0; region < layout_.region_count(); ++region) {
    for (uint32_t i = 0; i < layout_.pages_in_region(region); ++i) {
      const PageNumber page{region, i, 0};
      const bool held = held_.is_used(page) || kept.is_used(page);
      if (!allocator.is_used(page)) {
        if (reached_.is_used(page)) {
          result.reached_but_free.add(page);
        } else if (held) {
          result.held_but_free.add(page);
        }
      } else if (!reached_.is_used(page) && !held && !reserved_.is_used(page)) {
        result.leaked.add(page);
      }
    }
  }
  return result;
}

}  // namespace rdb::db
