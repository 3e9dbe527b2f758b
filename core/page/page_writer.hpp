// page_writer.hpp: pages as one tree of a write transaction changes them.
//
// Copy-on-write: a page reachable from any committed root is never edited (W1). A mutator asks
// owned(), edits owned pages in place, and replaces others by fresh ones. Freed pages of the
// transaction's own go back to the allocator at once; committed ones are queued until no snapshot
// can reach them (W2).
//
// Threads: calls may overlap between the tables of one transaction.
#pragma once

#include <cstdint>
#include <span>

#include "page/frame_pool.hpp"
#include "page/page_allocator.hpp"

namespace rdb::page {

struct NewPage {
  PageNumber number;
  std::span<std::byte> bytes;  // the whole page, content undefined
};

class PageWriter {
 public:
  explicit PageWriter(FramePool& pool) : pool_(pool) {}
  virtual ~PageWriter() = default;

  FramePool& pool() const noexcept { return pool_; }
  bool owned(PageNumber page) const noexcept { return pool_.owned(page); }
  // Mutable bytes of an owned page; requires that this Operation has read or allocated it.
  std::span<std::byte> edit(PageNumber page) { return pool_.edit(page); }

  // A page that holds at least bytes, of the smallest order; use steers where it lies. May grow the
  // file. too_large past 4 GiB, out_of_space when the device or the format is full; nothing changed
  // then.
  virtual NewPage allocate(uint64_t bytes, PageUse use) = 0;
  // Makes the memory that the next so many calls of free() may need, so that they do not fail for
  // want of it.
  virtual void expect_frees(size_t /*count*/) {}
  // The tree no longer uses the page.
  virtual void free(PageNumber page) = 0;
  // Bytes of the page worth writing, for pages of order > 0; told once its content is final.
  virtual void set_live_bytes(PageNumber page, uint64_t live_bytes) = 0;
  // The page, a new one, will hardly change again in this transaction: it may be written before the
  // commit. A hint.
  virtual void finished(PageNumber /*page*/) {}

 private:
  FramePool& pool_;
};

}  // namespace rdb::page
