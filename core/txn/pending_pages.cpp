#include "txn/pending_pages.hpp"

#include <algorithm>

namespace rdb::txn {

void PendingPages::count(const std::vector<PageNumber>& pages, bool added) noexcept {
  uint64_t sum = 0;
  for (PageNumber page : pages) sum += page.base_pages();
  if (added) {
    base_pages_.fetch_add(sum, std::memory_order_relaxed);
  } else {
    base_pages_.fetch_sub(sum, std::memory_order_relaxed);
  }
}

void PendingPages::add(uint64_t txn_id, std::vector<PageNumber> pages, bool needs_durable) {
  if (pages.empty()) return;
  count(pages, true);
  entries_.push_back({txn_id, needs_durable, std::move(pages)});
}

void PendingPages::add_pinned(PageNumber page) {
  pinned_.push_back(page);
  base_pages_.fetch_add(page.base_pages(), std::memory_order_relaxed);
}

std::vector<PageNumber> PendingPages::take_reusable(std::optional<uint64_t> oldest_live,
                                                    uint64_t durable_txn_id,
                                                    const page::FramePool& pool) {
  std::vector<PageNumber> reusable;
  const auto keep_pinned = [&](PageNumber page) {
    if (pool.pinned(page)) return true;
    reusable.push_back(page);
    return false;
  };
  std::erase_if(pinned_, [&](PageNumber page) { return !keep_pinned(page); });
  std::erase_if(entries_, [&](Entry& entry) {
    if (oldest_live && *oldest_live < entry.txn_id) return false;
    if (entry.needs_durable && durable_txn_id < entry.txn_id) return false;
    for (PageNumber page : entry.pages) {
      if (keep_pinned(page)) pinned_.push_back(page);
    }
    return true;
  });
  count(reusable, false);
  return reusable;
}

std::vector<PageNumber> PendingPages::all() const {
  std::vector<PageNumber> pages = pinned_;
  for (const Entry& entry : entries_) {
    pages.insert(pages.end(), entry.pages.begin(), entry.pages.end());
  }
  return pages;
}

}  // namespace rdb::txn
