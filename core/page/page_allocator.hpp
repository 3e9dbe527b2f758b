// page_allocator.hpp: which pages of the file are free, and where the next page goes.
//
// Holds one FreeMap per region of a Layout. Any free page is correct (spec 01 section 3.3); the
// choice decides how many device writes a commit takes, and scattered pages cost 20 to 40 times
// what a run costs. So single pages come from runs. The first pages of a transaction come from a
// lane:
//
//   lane      a run of up to 64 pages. A transaction takes its pages side by side, whatever for;
//             most of them (root, catalog, upper branches) are given up by the next ones. So there
//             are several lanes, used in turn: when a lane's turn comes again those pages are free,
//             and the transaction starts on them. A lane moves on by the few pages that stay; a
//             small commit is one write, and most of its frames and file blocks are warm.
//
// Further pages, and all of them where no run is long enough for a lane, by these steps:
//
//   cursor    the run in use, one for leaves and one for branches. It outlives transactions: one
//             continues where the one before stopped, and the search for the next run starts there
//             and wraps around (a log that reuses its own gaps).
//   step 0    one of the runs taken last that is entirely free again: branches go round in a few
//             runs, whose file blocks and frames are warm
//   step 1    a run of >= 64 pages (256 KiB, one full-speed write) anywhere in the file
//   step 2    a run of >= 16 pages: still a whole small commit (4 to 8 pages) or several per write
//   step 3    nothing, when fewer than a third of all pages are free: the caller grows the file
//   step 4    a run of >= 4 pages: half a small commit
//   step 5    any hole
//
// Step 3 bounds the scatter from one side and the file from the other: growth stops as soon as a
// third of the file is free, so a steady load of single pages stays below twice the pages in use
// (1.5 to 1.8 measured; 2.7 with blobs of order 5 in between). It does not by itself keep runs in
// supply: once growth has stopped, the leaves that stay behind cut the gaps short. A single update
// then takes 3.4 runs for its 6 pages, 100 updates 36 for 184 (the test "steady random updates ..."
// measures it).
//
// Blocks of order > 0 lie at the first aligned place at or after the cursor, and leave the cursor
// where it is: single pages then fill the gap before the block and go on behind it.
//
// Invariants:
//   A1  the maps cover the layout: maps_[r].size() == layout().pages_in_region(r).
//   A2  a page is never handed out, used or released twice: internal, naming it, nothing changed.
//   A3  longest_run and largest_order of a region are never below the truth; longest_run leaves out
//       the runs in use.
//
// Belongs to the writer; not synchronised.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/layout.hpp"
#include "format/page_number.hpp"
#include "page/free_map.hpp"

namespace rdb::page {

// The rows of the table `allocator_state`, ready to store (allocator_codec.hpp).
struct AllocatorState {
  std::vector<std::vector<std::byte>> regions;
  std::vector<std::byte> tracker;
};

// What a page is for, as far as that tells how soon it is given up: nearly every commit replaces
// the branches it touched before, a leaf stays until one of its own keys changes. Kept apart, the
// branches leave whole runs behind, and the leaves are not torn by them.
enum class PageUse : uint8_t {
  leaf,
  branch,  // also the catalog and the system tables as a whole
};

class PageAllocator {
 public:
  // Every page free.
  explicit PageAllocator(const format::Layout& layout);
  // maps as stored, one per region. They may cover more or fewer pages than the layout (spec 01
  // section 3.5): pages added are free. Throws format when one cut off is used, or a region that is
  // not the last has fewer pages than a full one; the caller then rebuilds the state from the
  // trees.
  PageAllocator(const format::Layout& layout, std::vector<FreeMap> maps);

  const format::Layout& layout() const noexcept { return layout_; }
  // Base pages.
  uint64_t free_pages() const noexcept { return free_pages_; }
  uint64_t allocated_pages() const noexcept { return layout_.total_pages() - free_pages_; }
  // Every base page of page is free (is used). False when page does not lie inside the layout.
  bool is_free(format::PageNumber page) const noexcept;
  bool is_used(format::PageNumber page) const noexcept;
  // Largest order a page of this file can have, whatever its size.
  uint8_t max_order() const noexcept;

  // What allocate_in_lane() hands out next is the start of a transaction.
  void begin_transaction() noexcept;
  // One of the transaction's first kLanePages single pages. nullopt past them, or without a lane:
  // allocate.
  std::optional<format::PageNumber> allocate_in_lane();
  static constexpr uint32_t kLanePages = 32;
  static constexpr uint32_t kLanes = 8;

  // The steps above. nullopt: grow the file (grown_layout) and ask again; when it cannot grow,
  // allocate_any.
  std::optional<format::PageNumber> allocate(uint8_t order, PageUse use = PageUse::leaf);
  // As allocate, without step 3. nullopt only when there is no block of the order at all.
  std::optional<format::PageNumber> allocate_any(uint8_t order, PageUse use = PageUse::leaf);
  // The lowest block of the order, for compaction and the closing commit. nullopt when there is
  // none.
  std::optional<format::PageNumber> allocate_lowest(uint8_t order);
  // Throws internal when a base page of page is free already, or outside the layout.
  void release(format::PageNumber page);

  // For repair, which finds pages by walking the trees.
  void mark_used(format::PageNumber page);  // throws internal when one of its base pages is used
  // False, and nothing changed, when a base page is used or lies outside the layout.
  bool try_mark_used(format::PageNumber page) noexcept;

  // The layout to grow to when no block of the order is to be had: a quarter larger, at least 1
  // MiB, at most 128 MiB, and in any case so that a block of the order fits. nullopt past the
  // limits of the format.
  std::optional<format::Layout> grown_layout(uint8_t order) const;
  // The smallest layout that holds every used page; at least one page of one region. Unlike spec 01
  // section 2.7, which looks at the last region only, it drops as many regions as are empty.
  format::Layout shrunk_layout() const;
  // The first of the free pages at the end of the file, when there are any.
  format::PageNumber end_of_used() const;
  // Same H and M, more pages (free) or fewer. Throws internal, changing nothing, when a page to be
  // cut off is used.
  void set_layout(const format::Layout& layout);

  // The rows to store. Pages in also_free, used now, are written as free: those that the commit
  // itself makes unreachable. The live maps keep them used until that commit is durable.
  AllocatorState encode_state(std::span<const format::PageNumber> also_free = {}) const;
  // Sizes of those rows; they change with the layout only.
  uint64_t region_state_bytes(uint32_t region) const;
  uint64_t tracker_state_bytes() const;

 private:
  struct Region {
    FreeMap map;
    // Upper bounds (A3), so that a search does not look again where nothing has changed.
    uint32_t longest_run = FreeMap::kMaxPages;
    uint8_t largest_order = format::kMaxPageOrder;
  };
  // The run in use: base pages [page, end) of region. Pages inside may have been used otherwise.
  struct Cursor {
    uint32_t region = 0;
    uint32_t page = 0;
    uint32_t end = 0;
  };

  std::optional<format::PageNumber> allocate_page(PageUse use, bool may_ask_for_growth);
  std::optional<format::PageNumber> take_from_run(Cursor& cursor);
  void start_lane();
  bool rewind_lane(Cursor& lane);
  bool open_lane(Cursor& lane);
  // Moves the cursor to a run taken before, or to the next one of at least min_pages.
  bool restart_run(PageUse use);
  bool start_run(PageUse use, uint32_t min_pages);
  std::optional<Cursor> next_run(const Cursor& asking, uint32_t min_pages, uint32_t max_pages);
  std::optional<FreeMap::Run> find_run(uint32_t region, uint32_t min_pages, uint32_t max_pages,
                                       uint32_t from, const Cursor* asking) const;
  // The lowest run in use, asking's apart, with a page in [first, end) of region.
  const Cursor* run_within(uint32_t region, uint32_t first, uint32_t end,
                           const Cursor* asking) const noexcept;
  std::optional<format::PageNumber> allocate_block(uint8_t order, uint32_t region, uint32_t from);
  void note_freed(Region& region, uint32_t first, uint8_t order) noexcept;

  format::Layout layout_;
  std::vector<Region> regions_;
  uint64_t free_pages_ = 0;
  static constexpr size_t kRecentRuns = 8;
  // Those that start_run() chose last, by use; a run of no pages stands for none.
  std::array<std::array<Cursor, kRecentRuns>, 2> recent_;
  std::array<size_t, 2> next_recent_{};
  std::array<Cursor, 2> cursors_;     // by use
  std::array<Cursor, kLanes> lanes_;  // page: where the last transaction of the lane started
  size_t lane_ = 0;                   // of the running transaction
  Cursor in_lane_;                    // what that one may still take
  bool lane_started_ = false;
  uint32_t lane_taken_ = 0;   // by it
  uint32_t lane_wanted_ = 8;  // what a transaction is expected to take
};

}  // namespace rdb::page
