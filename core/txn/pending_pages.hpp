// pending_pages.hpp: pages that a commit freed and somebody may still need.
//
// They are kept in memory only: after a crash there are no readers, and full repair finds such
// pages unreachable, hence free. (Pages that stored savepoints need are listed in the file:
// held_pages.)
//
// A page leaves when all three hold:
//   P1  no live snapshot is older than the commit that freed it;
//   P2  the newest durable root cannot reach it: the freeing commit, or a later one, is durable, or
//   the page
//       was never part of a durable commit;
//   P3  no value or cursor pins it.
//
// Threads: the holder of the writer lock; base_pages() any.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "page/frame_pool.hpp"

namespace rdb::txn {

using format::PageNumber;

class PendingPages {
 public:
  // needs_durable: P2 waits for durable_txn_id >= txn_id.
  void add(uint64_t txn_id, std::vector<PageNumber> pages, bool needs_durable);
  // Pages that wait for their pins alone.
  void add_pinned(PageNumber page);

  // Removes and returns the pages that may be reused now.
  std::vector<PageNumber> take_reusable(std::optional<uint64_t> oldest_live,
                                        uint64_t durable_txn_id, const page::FramePool& pool);

  std::vector<PageNumber> all() const;
  uint64_t base_pages() const noexcept { return base_pages_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    uint64_t txn_id;
    bool needs_durable;
    std::vector<PageNumber> pages;
  };
  void count(const std::vector<PageNumber>& pages, bool added) noexcept;

  std::deque<Entry> entries_;  // ascending txn_id
  std::vector<PageNumber> pinned_;
  std::atomic<uint64_t> base_pages_{0};
};

}  // namespace rdb::txn
