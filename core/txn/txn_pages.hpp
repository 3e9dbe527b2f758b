// txn_pages.hpp: the pages one write transaction took and gave up.
//
// Two trees change in a transaction, user and system; each sees a PageWriter of its own, because
// their freed pages go different ways at commit.
//
// Invariants:
//   T1  allocated holds exactly the pages that are owned in the frame pool.
//   T2  A page leaves allocated before the allocator may hand it out again.
//   T3  No page is written by another thread when write_dirty(), publish() or rollback() begins its
//       own work.
//   T4  rollback() brings allocator and frames back to where the transaction began, but for a file
//   that
//       has grown: its new pages are free.
//
// Threads: one at a time (the transaction's mutex).
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "page/page_writer.hpp"
#include "txn/store.hpp"

namespace rdb::txn {

class TxnPages {
 public:
  explicit TxnPages(Store& store);
  // Once the transaction holds the writer lock: until then the allocator is another one's.
  void begin() noexcept;

  page::PageWriter& user() noexcept { return user_; }
  page::PageWriter& system() noexcept { return system_; }

  // Take pages from the lowest free addresses instead of from long runs: for closing commits, which
  // want the file to end early rather than the write to be fast.
  void allocate_lowest() noexcept { lowest_ = true; }

  bool any_allocated() const noexcept { return !allocated_.empty(); }
  uint64_t allocated_base_pages() const noexcept { return allocated_base_pages_; }
  std::vector<PageNumber> allocated_by_user() const;
  // Committed pages (and own ones that are still pinned) the transaction no longer uses.
  const std::vector<PageNumber>& freed_by_user() const noexcept { return user_.freed; }
  const std::vector<PageNumber>& freed_by_system() const noexcept { return system_.freed; }

  // Writes dirty pages when they fill half the memory budget. Not inside an Operation.
  void spill_if_needed();
  // Writes every dirty page of this transaction and of published non-durable commits.
  void write_dirty();
  // After the commit: pages change from owned to published.
  void publish(bool durable);
  void rollback() noexcept;

 private:
  class Writer final : public page::PageWriter {
   public:
    Writer(TxnPages& pages, page::FramePool& pool) : PageWriter(pool), pages_(pages) {}
    page::NewPage allocate(uint64_t bytes, page::PageUse use) override;
    void expect_frees(size_t count) override;
    void free(PageNumber page) override;
    void set_live_bytes(PageNumber page, uint64_t live_bytes) override;
    void finished(PageNumber page) override;

    std::unordered_set<uint64_t> allocated;  // page bits; kept only while savepoints need them
    std::vector<PageNumber> freed;

   private:
    TxnPages& pages_;
  };

  PageNumber take(uint8_t order, page::PageUse use);
  void end_early_writes() noexcept;

  Store& store_;
  Writer user_;
  Writer system_;
  std::unordered_set<uint64_t> allocated_;             // of both writers
  std::unordered_map<uint64_t, uint64_t> live_bytes_;  // of pages of order > 0
  std::vector<PageNumber> finished_;  // base pages to hand over once there are enough
  uint64_t allocated_base_pages_ = 0;
  bool lowest_ = false;
};

}  // namespace rdb::txn
