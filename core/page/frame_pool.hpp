// frame_pool.hpp: pages in memory at addresses computed from their numbers (design.md section 4,
// after vmcache, SIGMOD 2023).
//
// Each region has one reserved virtual range; page p lives at base[p.region] + first_base_page *
// 4096. A 32-bit state word per base page says what is there; a page of higher order uses the word
// of its first base page.
//
//   bits 0..2   state    absent, locked, clean, marked, dirty
//   bit  3      owned        allocated by the running write transaction; only it may edit the page
//   bit  4      unpersisted  allocated since the last durable commit, by a published one
//   bits 5..9   order
//   bit  10     handed over  another thread writes it; dirty and unchanged until it is taken back
//   bits 11..31 pins     a pinned frame is neither evicted nor reused
//
//   absent -> locked -> clean     load: pread, checksum compared, published
//   clean <-> marked              eviction asks; any access answers by unmarking (second chance)
//   marked -> locked -> absent    eviction, after every operation that might have seen clean is
//   over absent/clean -> dirty         claimed by the writer dirty -> clean                written
//   out
//
// Invariants:
//   F1  Clean pages never change. Owned pages are edited by their transaction alone.
//   F2  A frame is dropped only when unpinned and when every Operation begun before it was marked
//       has ended. So bytes seen inside an Operation stay valid until its end.
//   F3  Nobody waits for memory inside an Operation; make_room() runs before one begins.
//   F4  resident_bytes counts every frame that is not absent, and the opened leaves. Absent frames
//       have memory only where the whole file fits the budget.
//
// Threads: any, concurrently, except where a function says "writer": those belong to the one holder
// of the write lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/checksum.hpp"
#include "format/branch_view.hpp"
#include "format/layout.hpp"
#include "format/page_number.hpp"
#include "format/widths.hpp"
#include "page/opened_leaves.hpp"
#include "page/page_cleaner.hpp"
#include "page/prefaulter.hpp"
#include "rdb/options.hpp"
#include "rdb/storage_backend.hpp"
#include "rdb/types.hpp"

namespace rdb::page {

using base::Checksum;
using format::PageNumber;
using format::Widths;

class FramePool {
 public:
  // Borrows backend until detach().
  FramePool(StorageBackend& backend, const format::Layout& layout, uint64_t budget_bytes,
            ReadVerification verification);
  ~FramePool();
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  // After this no page can be loaded (closed); resident pages stay readable for pins.
  void detach() noexcept;

  // ---- reading; requires an Operation on this pool -------------------------------------------

  // The whole page. Loads it when absent; then throws page_corrupted when its checksum differs from
  // expected (unless expected is the deferred marker or verification is off), corrupted when it
  // lies outside the file, io on a failed read.
  Bytes read(PageNumber page, const Checksum& expected, const Widths& widths) {
    Region* region = regions_[page.region].load(std::memory_order_acquire);
    if (region != nullptr) [[likely]] {
      const uint32_t first = page.first_base_page();
      // seq_cst pairs with the marking CAS in eviction: F2.
      const uint32_t word = region->states[first].load(std::memory_order_seq_cst);
      if ((word & (kReadableMask | kOrderMask)) == (kReadable | order_bits(page.order)))
          [[likely]] {
        return {region->base + uint64_t{first} * format::kPageBytes, page.bytes()};
      }
    }
    return read_slow(page, expected, widths);
  }

  // Starts fetching the head of a resident page into the processor's caches. Never loads.
  void prefetch(PageNumber page) const noexcept {
    Region* region = regions_[page.region].load(std::memory_order_acquire);
    if (region == nullptr) return;
    const uint32_t first = page.first_base_page();
    const uint32_t word = region->states[first].load(std::memory_order_relaxed);
    if ((word & kReadableMask) != kReadable) return;
    const std::byte* head = region->base + uint64_t{first} * format::kPageBytes;
    for (size_t line = 0; line < kPrefetchLines; ++line) __builtin_prefetch(head + 64 * line);
  }

  // Pins a page that this Operation has read. unpin() needs no Operation.
  void pin(PageNumber page);
  void unpin(PageNumber page) noexcept;
  bool pinned(PageNumber page) const noexcept;

  // What leaves of compressed tables hold, opened. Goes before any page does.
  OpenedLeaves& opened_leaves() noexcept { return opened_leaves_; }
  const OpenedLeaves& opened_leaves() const noexcept { return opened_leaves_; }

  // Evicts until the budget holds again, when it does not. Not inside an Operation (F3).
  void make_room() {
    if (resident_bytes_.load(std::memory_order_relaxed) >
        frame_limit_bytes_.load(std::memory_order_relaxed)) [[unlikely]] {
      evict();
    }
  }

  // ---- writer --------------------------------------------------------------------------------

  // Makes a free page's frame dirty and owned, content undefined, and returns its bytes. Throws
  // corrupted, changing nothing, when the page is pinned. Claims that run through the file in order
  // have another thread ready the memory ahead of them, up to kMaxAheadBlocks large pages of it,
  // when all of the file may be resident.
  std::span<std::byte> claim(PageNumber page);
  // Mutable bytes of an owned page that this Operation has read or claimed; dirty from now on.
  // Takes back what was handed over when page is of it.
  std::span<std::byte> edit(PageNumber page);
  bool owned(PageNumber page) const noexcept { return (word(page) & kOwned) != 0; }
  bool unpersisted(PageNumber page) const noexcept { return (word(page) & kUnpersisted) != 0; }
  bool dirty(PageNumber page) const noexcept { return (word(page) & kStateMask) == kDirty; }
  // The page is free now: forgets its content and flags.
  void discard(PageNumber page) noexcept;
  // Commit published the page: owned goes; unpersisted comes (non-durable) or goes (durable).
  void publish(PageNumber page, bool durable) noexcept;

  // Bytes of a page to write: live_bytes from its start (rounded up to base pages by the pool).
  struct DirtyPage {
    PageNumber page;
    uint64_t live_bytes = 0;
  };
  // Writes those of pages that are dirty, sorted and merged into long writes, and makes them clean.
  // pages must be sorted by address, and none handed over. On an error those not written yet stay
  // dirty.
  void write_out(std::span<const DirtyPage> pages);
  // Has another thread write pages, which are owned dirty base pages, in order of their addresses.
  // Takes back the pages of earlier calls that are written.
  void hand_over(const std::vector<PageNumber>& pages);
  // Waits for that thread. What it has written is clean, what it could not is dirty as before, and
  // nothing tells: writing it out meets what went wrong. Harmless inside an Operation, which the
  // thread does not wait for.
  void take_back() noexcept;

  void grow(const format::Layout& layout);    // more pages; frames of the new ones are absent
  void shrink(const format::Layout& layout);  // frames behind the new end must be unpinned
  format::Layout layout() const;              // any thread
  // Until the memory that claims have asked for ahead of them is there. For tests.
  void wait_for_prefaults() noexcept { prefaulter_.wait_until_idle(); }
  // Asks the system for the memory of count base pages before they are claimed, when all of the
  // file may be resident. A hint: first is a base page, the pages may lie anywhere.
  void prepare(PageNumber first, uint64_t count) noexcept;
  // What the running transaction keeps in memory beside frames; it counts against the budget.
  void note_bookkeeping(uint64_t bytes) noexcept;

  // ---- figures -------------------------------------------------------------------------------

  uint64_t resident_bytes() const noexcept {
    return resident_bytes_.load(std::memory_order_relaxed);
  }
  uint64_t pinned_bytes() const noexcept { return pinned_bytes_.load(std::memory_order_relaxed); }
  uint64_t budget_bytes() const noexcept { return budget_bytes_; }
  uint64_t frame_limit_bytes() const noexcept {
    return frame_limit_bytes_.load(std::memory_order_relaxed);
  }
  uint64_t dirty_bytes() const noexcept { return dirty_bytes_.load(std::memory_order_relaxed); }
  uint64_t pages_evicted() const noexcept { return pages_evicted_.load(std::memory_order_relaxed); }
  StorageBackend& backend() const;  // throws closed after detach()

 private:
  friend class Operation;

  static constexpr uint32_t kStateMask = 7;
  static constexpr uint32_t kAbsent = 0, kLocked = 1, kClean = 2, kMarked = 3, kDirty = 6;
  static constexpr uint32_t kReadableMask = 3, kReadable = 2;  // matches clean and dirty
  static constexpr uint32_t kOwned = 8, kUnpersisted = 16;
  static constexpr uint32_t kOrderShift = 5, kOrderMask = 31u << kOrderShift;
  static constexpr uint32_t kHandedOver = 1u << 10;
  static constexpr uint32_t kPinShift = 11, kOnePin = 1u << kPinShift;
  static constexpr size_t kPrefetchLines = 8;  // measured best in performance.md section 2.2
  static constexpr size_t kEpochSlots = 64;
  static constexpr uint32_t kBlockPages = Prefaulter::kPieceBytes / format::kPageBytes;
  static constexpr uint32_t kMaxAheadBlocks = 16;

  static uint32_t order_bits(uint8_t order) noexcept { return uint32_t{order} << kOrderShift; }

  struct Region {
    std::byte* base = nullptr;                // frames
    std::atomic<uint32_t>* states = nullptr;  // [kMaxRegionPages], zero-filled on demand
    std::byte* mapping = nullptr;
    size_t mapping_bytes = 0;
    std::atomic<uint32_t> pages{0};  // base pages inside the file
  };

  uint32_t word(PageNumber page) const noexcept {
    Region* region = regions_[page.region].load(std::memory_order_acquire);
    return region == nullptr
               ? 0
               : region->states[page.first_base_page()].load(std::memory_order_acquire);
  }
  std::atomic<uint32_t>& state(PageNumber page) const noexcept {
    return regions_[page.region].load(std::memory_order_acquire)->states[page.first_base_page()];
  }
  std::byte* frame(PageNumber page) const noexcept {
    return regions_[page.region].load(std::memory_order_acquire)->base +
           uint64_t{page.first_base_page()} * format::kPageBytes;
  }

  Bytes read_slow(PageNumber page, const Checksum& expected, const Widths& widths);
  void load(PageNumber page, const Checksum& expected, const Widths& widths, Region& region);
  void evict();
  void wait_for_operations();  // all that began before the call; holds evict_mutex_
  size_t mark_more(size_t wanted);
  size_t drop_marked(size_t wanted);
  Region* add_region(uint32_t index, uint32_t region_pages);
  void advise_huge_pages();
  void set_frame_limit() noexcept;
  void clear_frame(Region& region, uint32_t base_page) noexcept;
  void prefault_ahead(const Region& region, uint32_t first) noexcept;
  uint64_t offset_of(PageNumber page) const noexcept {  // in the file
    return format::kPageBytes + page.region * region_stride_bytes_ + region_header_bytes_ +
           uint64_t{page.first_base_page()} * format::kPageBytes;
  }
  void settle(const PageCleaner::Piece& piece) noexcept;
  void write_runs(std::span<const PageNumber> pages);

  struct alignas(64) EpochSlot {
    std::array<std::atomic<uint32_t>, 2> running{};
  };

  std::atomic<StorageBackend*> backend_;
  format::Layout layout_;               // writer only
  const uint64_t region_stride_bytes_;  // of layout_, and as fixed as H and M are
  const uint64_t region_header_bytes_;
  const uint64_t budget_bytes_;
  std::atomic<uint64_t> frame_limit_bytes_;  // the budget less state words and bookkeeping
  std::atomic<uint64_t> state_bytes_{0};
  std::atomic<uint64_t> bookkeeping_bytes_{0};
  const ReadVerification verification_;

  std::atomic<Region*>* regions_ = nullptr;  // [kMaxRegions], zero-filled on demand
  std::atomic<uint32_t> region_count_{0};

  std::array<EpochSlot, kEpochSlots> epochs_;
  std::atomic<uint32_t> epoch_phase_{0};

  // Guards writes of layout_, which the writer makes inside Operations: evict_mutex_ would
  // deadlock.
  mutable std::mutex layout_mutex_;

  std::mutex evict_mutex_;  // guards the clock hand and marked_; its holder waits for Operations
  uint32_t hand_region_ = 0;
  uint32_t hand_page_ = 0;
  std::vector<PageNumber> marked_;
  size_t marked_head_ = 0;

  std::atomic<uint64_t> resident_bytes_{0};
  OpenedLeaves opened_leaves_{resident_bytes_, frame_limit_bytes_};
  std::atomic<uint64_t> dirty_bytes_{0};
  std::atomic<uint64_t> pinned_bytes_{0};
  std::atomic<uint64_t> pages_evicted_{0};
  Prefaulter prefaulter_;
  PageCleaner cleaner_;
  size_t handed_over_ = 0;  // pieces that were not taken back; writer only
};

// One short stretch of work on pages: a get, a put, a step to another leaf. Page bytes seen inside
// stay valid until it ends. Never nest on one thread, never wait for another thread inside.
class Operation {
 public:
  explicit Operation(FramePool& pool) : pool_(pool) {
    pool.make_room();
    slot_ = thread_slot();
    phase_ = pool.epoch_phase_.load(std::memory_order_relaxed) & 1;
    pool.epochs_[slot_].running[phase_].fetch_add(1, std::memory_order_seq_cst);
  }
  ~Operation() { pool_.epochs_[slot_].running[phase_].fetch_sub(1, std::memory_order_release); }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

 private:
  static uint32_t thread_slot() noexcept;

  FramePool& pool_;
  uint32_t slot_;
  uint32_t phase_;
};

// Keeps one page in memory and out of reuse, beyond transaction and database if need be.
class FramePin {
 public:
  FramePin(std::shared_ptr<FramePool> pool, PageNumber page) : pool_(std::move(pool)), page_(page) {
    pool_->pin(page_);
  }
  ~FramePin() { pool_->unpin(page_); }
  FramePin(const FramePin&) = delete;
  FramePin& operator=(const FramePin&) = delete;

 private:
  std::shared_ptr<FramePool> pool_;
  PageNumber page_;
};

}  // namespace rdb::page
