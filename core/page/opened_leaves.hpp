// opened_leaves.hpp: leaves of compressed tables whose values were opened, kept for the next scan
// (docs/design/0008-opened-leaves.md).
//
// They use what memory the pages leave: a leaf is taken in only while an eighth of the budget is
// free, and when pages need room, opened leaves go before any page. Where there is no room, a hand
// that walks over the places lets one leaf go for the new one, unless that has been read since the
// hand was there; then it is spared, and the new one is not taken in. So a scan over more than
// fits keeps a part of it, instead of throwing out what it would come to next.
//
// Each leaf has one place, which follows from its page. 64 neighbouring pages have their places
// in one chunk, so that a scan finds the next leaf where it found the last one.
//
// Invariant: what is kept for a page is what the page holds. Pages that the running transaction
// owns are never taken in, others never change, and a page that becomes another one is forgotten
// first (FramePool::claim).
//
// Threads: any. A leaf handed out stays valid, whatever happens here.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "format/opened_leaf.hpp"
#include "format/page_number.hpp"

namespace rdb::page {

class OpenedLeaves {
 public:
  // used_bytes: of all that limit_bytes limits; the leaves here are counted in it.
  OpenedLeaves(std::atomic<uint64_t>& used_bytes, const std::atomic<uint64_t>& limit_bytes);
  ~OpenedLeaves();
  OpenedLeaves(const OpenedLeaves&) = delete;
  OpenedLeaves& operator=(const OpenedLeaves&) = delete;

  // Holds nothing when none is kept.
  format::OpenedLeaf find(format::PageNumber page);
  // Whether a leaf of so many bytes would be taken in now; may let another one go for it.
  bool has_room(uint64_t bytes);
  // Requires a page that no transaction owns, and has_room(). What other threads take in at the
  // same time may exceed the limit until pages need it. Throws bad_alloc.
  void insert(format::PageNumber page, const format::OpenedLeaf& leaf);
  void forget(format::PageNumber page) noexcept {
    if (kept_bytes() > 0) erase(page);
  }
  // Lets leaves go until so many bytes are free, or none is left.
  void shed(uint64_t bytes) noexcept;

  uint64_t kept_bytes() const noexcept { return kept_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Place {
    uint64_t page = 0;  // PageNumber::bits()
    format::OpenedLeaf leaf;
    bool read_since = false;
  };
  static constexpr size_t kChunkPlaces = 64;
  struct Chunk {
    std::mutex mutex;
    std::array<Place, kChunkPlaces> places;
  };
  // What the allocator adds to a leaf.
  static constexpr uint64_t kBookkeepingBytes = 32;

  static uint64_t bytes_of(const format::OpenedLeaf& leaf) noexcept {
    return leaf.memory_bytes() + kBookkeepingBytes;
  }
  bool fits(uint64_t bytes) const noexcept;
  std::atomic<Chunk*>& chunk_of(format::PageNumber page) noexcept;
  Chunk& make_chunk(std::atomic<Chunk*>& chunk);
  void erase(format::PageNumber page) noexcept;
  // What place held, no longer counted; to be freed when the chunk's mutex, which the caller
  // holds, is not.
  format::OpenedLeaf take_out(Place& place) noexcept;

  std::atomic<uint64_t>& used_bytes_;
  const std::atomic<uint64_t>& limit_bytes_;
  std::atomic<uint64_t> kept_bytes_{0};
  std::atomic<size_t> hand_{0};  // counts places
  const size_t chunk_count_;
  const std::unique_ptr<std::atomic<Chunk*>[]> chunks_;  // NULL until the first leaf comes
};

}  // namespace rdb::page
