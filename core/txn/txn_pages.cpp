#include "txn/txn_pages.hpp"

#include <algorithm>
#include <string>

#include "rdb/error.hpp"

namespace rdb::txn {

namespace {
// What a page of a transaction takes beside its frame: the node of a hash set, and places in the
// growing lists that sort, write and free pages.
constexpr uint64_t kBookkeepingBytesPerPage = 120;
// 1 MiB: transactions that fill less write all of it at their end.
constexpr size_t kPiecePages = 256;
}  // namespace

TxnPages::TxnPages(Store& store)
    : store_(store), user_(*this, store.pool()), system_(*this, store.pool()) {}

void TxnPages::begin() noexcept { store_.allocator().begin_transaction(); }

// Clustered first; then a larger file; then, when the device is full, any hole that is left.
PageNumber TxnPages::take(uint8_t order, page::PageUse use) {
  page::PageAllocator& allocator = store_.allocator();
  if (lowest_) {
    if (auto page = allocator.allocate_lowest(order)) return *page;
  }
  if (order == 0) {
    if (auto page = allocator.allocate_in_lane()) return *page;
  }
  if (auto page = allocator.allocate(order, use)) return *page;
  try {
    store_.grow(order);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::out_of_space) {
      if (auto page = allocator.allocate_any(order, use)) return *page;
    }
    throw;
  }
  if (auto page = allocator.allocate(order, use)) return *page;
  throw Error(ErrorCode::internal,
              "a file that has just grown has no page of order " + std::to_string(order));
}

page::NewPage TxnPages::Writer::allocate(uint64_t bytes, page::PageUse use) {
  const uint8_t order = format::order_for_bytes(bytes);
  if (order > format::kMaxPageOrder) {
    throw Error(ErrorCode::too_large,
                "a page of " + std::to_string(bytes) + " bytes exceeds the limit of 4 GiB");
  }
  const PageNumber page = pages_.take(order, use);
  try {
    pages_.allocated_.insert(page.bits());
    if (pages_.store_.held().active()) allocated.insert(page.bits());
    const page::NewPage claimed{page, pool().claim(page)};
    if (pages_.allocated_.size() % 1024 == 0) {
      pool().note_bookkeeping(pages_.allocated_.size() * kBookkeepingBytesPerPage);
    }
    pages_.allocated_base_pages_ += page.base_pages();
    return claimed;
  } catch (...) {  // a page that no list names would be lost to the file
    pages_.allocated_.erase(page.bits());
    allocated.erase(page.bits());
    pages_.store_.allocator().release(page);
    throw;
  }
}

void TxnPages::Writer::expect_frees(size_t count) {
  const size_t wanted = freed.size() + count;
  if (wanted > freed.capacity()) freed.reserve(std::max(wanted, 2 * freed.capacity()));
}

void TxnPages::Writer::free(PageNumber page) {
  // A cursor of this transaction may still stand on the page: then it waits like a committed one.
  if (!pool().owned(page) || pool().pinned(page)) {
    freed.push_back(page);
    return;
  }
  pages_.finished_.clear();  // one of them may be this one
  allocated.erase(page.bits());
  pages_.allocated_.erase(page.bits());
  pages_.live_bytes_.erase(page.bits());
  pool().discard(page);
  pages_.store_.allocator().release(page);
}

void TxnPages::Writer::set_live_bytes(PageNumber page, uint64_t live_bytes) {
  if (page.order > 0) pages_.live_bytes_[page.bits()] = live_bytes;
}

void TxnPages::Writer::finished(PageNumber page) {
  if (page.order > 0) return;
  std::vector<PageNumber>& pages = pages_.finished_;
  pages.push_back(page);
  if (pages.size() < kPiecePages) return;
  pages_.store_.mark_in_use();
  std::sort(pages.begin(), pages.end());
  pool().hand_over(pages);
  pages.clear();
}

std::vector<PageNumber> TxnPages::allocated_by_user() const {
  std::vector<PageNumber> pages;
  pages.reserve(user_.allocated.size());
  for (uint64_t bits : user_.allocated) pages.push_back(PageNumber::from_bits(bits));
  std::sort(pages.begin(), pages.end());
  return pages;
}

void TxnPages::spill_if_needed() {
  page::FramePool& pool = store_.pool();
  if (pool.dirty_bytes() > pool.frame_limit_bytes() / 2) [[unlikely]] {
    store_.mark_in_use();
    write_dirty();
  }
}

void TxnPages::end_early_writes() noexcept {
  finished_.clear();
  store_.pool().take_back();
}

void TxnPages::write_dirty() {
  end_early_writes();
  page::FramePool& pool = store_.pool();
  std::vector<page::FramePool::DirtyPage> dirty;
  dirty.reserve(allocated_.size() + store_.unpersisted().size());
  const auto add = [&](uint64_t bits) {
    const PageNumber page = PageNumber::from_bits(bits);
    if (!pool.dirty(page)) return;
    const auto live = live_bytes_.find(bits);
    dirty.push_back({page, live == live_bytes_.end() ? page.bytes() : live->second});
  };
  for (uint64_t bits : allocated_) add(bits);
  for (uint64_t bits : store_.unpersisted()) add(bits);
  std::sort(dirty.begin(), dirty.end(),
            [](const auto& a, const auto& b) { return a.page < b.page; });
  pool.write_out(dirty);
  // What is edited again after a spill must be written whole again, unless it is told anew.
  live_bytes_.clear();
}

void TxnPages::publish(bool durable) {
  end_early_writes();
  page::FramePool& pool = store_.pool();
  for (uint64_t bits : allocated_) pool.publish(PageNumber::from_bits(bits), durable);
  if (durable) {
    for (uint64_t bits : store_.unpersisted()) pool.publish(PageNumber::from_bits(bits), true);
    store_.unpersisted().clear();
  } else {
    store_.unpersisted().insert(allocated_.begin(), allocated_.end());
  }
  store_.pages_allocated.fetch_add(allocated_base_pages_, std::memory_order_relaxed);
  allocated_.clear();
  pool.note_bookkeeping(0);
}

void TxnPages::rollback() noexcept {
  end_early_writes();
  page::FramePool& pool = store_.pool();
  for (uint64_t bits : allocated_) {
    const PageNumber page = PageNumber::from_bits(bits);
    // A cursor may still stand on a page; it loses its owner now and its content with the pin.
    if (pool.pinned(page)) {
      pool.publish(page, true);
    } else {
      pool.discard(page);
    }
    store_.release_page(page);
  }
  allocated_.clear();
  user_.freed.clear();
  system_.freed.clear();
  pool.note_bookkeeping(0);
  store_.note_page_counts();
}

}  // namespace rdb::txn
