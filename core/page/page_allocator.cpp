#include "page/page_allocator.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <string>
#include <utility>

#include "page/allocator_codec.hpp"
#include "rdb/error.hpp"

namespace rdb::page {
namespace {

using format::Layout;
using format::PageNumber;

// The reasons are in the header.
struct RunRule {
  uint32_t min_pages;
  bool needs_slack;  // not before a third of the file is free
};
constexpr RunRule kRunRules[] = {{64, false}, {16, false}, {4, true}, {1, true}};
constexpr uint64_t kSlackDivisor = 3;

// Of a lane; a small file has shorter ones.
constexpr uint64_t kMinLanePages = 16;
constexpr uint64_t kMaxLanePages = 64;
constexpr uint64_t kLaneDivisor = 64;
constexpr uint32_t kLongestRunAsked = PageAllocator::kLanes * kMaxLanePages;

constexpr size_t cursor_of(PageUse use) { return use == PageUse::leaf ? 0 : 1; }

// By cursor. A run ends so soon that neither use takes all of a long gap from the other.
constexpr uint32_t kLongestRun[] = {1024, 64};

// A growth step costs one more sync and a file system transaction: few of them, but small files
// stay small and a large one does not jump by gigabytes.
constexpr uint64_t kGrowthDivisor = 4;
constexpr uint64_t kMinGrowthPages = 256;
constexpr uint64_t kMaxGrowthPages = 32768;

[[noreturn]] void throw_page(PageNumber page, const char* what) {
  throw Error(ErrorCode::internal, "page " + page.text() + " (region/index/order) " + what,
              page.bits());
}

[[noreturn]] void throw_stored_state(const std::string& what) {
  throw Error(ErrorCode::format, "allocator state: " + what);
}

uint64_t round_up(uint64_t value, uint8_t order) {
  const uint64_t mask = (uint64_t{1} << order) - 1;
  return (value + mask) & ~mask;
}

}  // namespace

PageAllocator::PageAllocator(const Layout& layout) : layout_(layout) {
  regions_.resize(layout.region_count());
  for (uint32_t r = 0; r < regions_.size(); ++r) {
    regions_[r].map = FreeMap::all_free(layout.pages_in_region(r));
  }
  free_pages_ = layout.total_pages();
}

PageAllocator::PageAllocator(const Layout& layout, std::vector<FreeMap> maps) : layout_(layout) {
  for (size_t r = 0; r < maps.size(); ++r) {
    const uint32_t wanted =
        layout.pages_in_region(static_cast<uint32_t>(r));  // 0 for surplus regions
    FreeMap& map = maps[r];
    const bool last = r + 1 == maps.size();
    if (map.size() > layout.region_max_data_pages ||
        (!last && map.size() != layout.region_max_data_pages)) {
      throw_stored_state("region " + std::to_string(r) + " has " + std::to_string(map.size()) +
                         " pages");
    }
    if (wanted < map.size() && map.trailing_free() < map.size() - wanted) {
      throw_stored_state("region " + std::to_string(r) +
                         " has used pages past the end of the file");
    }
    map.resize(wanted);
  }
  regions_.resize(layout.region_count());
  for (uint32_t r = 0; r < regions_.size(); ++r) {
    regions_[r].map =
        r < maps.size() ? std::move(maps[r]) : FreeMap::all_free(layout.pages_in_region(r));
    free_pages_ += regions_[r].map.free_count();
  }
}

bool PageAllocator::is_free(PageNumber page) const noexcept {
  return layout_.contains(page) &&
         regions_[page.region].map.is_free(page.first_base_page(), page.base_pages());
}

bool PageAllocator::is_used(PageNumber page) const noexcept {
  return layout_.contains(page) &&
         regions_[page.region].map.is_used(page.first_base_page(), page.base_pages());
}

uint8_t PageAllocator::max_order() const noexcept {
  return max_order_for(layout_.region_max_data_pages);
}

std::optional<PageNumber> PageAllocator::allocate(uint8_t order, PageUse use) {
  if (order == 0) return allocate_page(use, true);
  const Cursor& cursor = cursors_[cursor_of(use)];
  return allocate_block(order, cursor.region, cursor.page);
}

std::optional<PageNumber> PageAllocator::allocate_any(uint8_t order, PageUse use) {
  if (order == 0) return allocate_page(use, false);
  const Cursor& cursor = cursors_[cursor_of(use)];
  return allocate_block(order, cursor.region, cursor.page);
}

std::optional<PageNumber> PageAllocator::allocate_lowest(uint8_t order) {
  return allocate_block(order, 0, 0);
}

void PageAllocator::begin_transaction() noexcept {
  lane_started_ = false;
  // A large transaction leaves its run begun: lanes may lie right behind its pages.
  Cursor& leaves = cursors_[cursor_of(PageUse::leaf)];
  if (leaves.end - leaves.page >= kLanes * kMaxLanePages) {
    regions_[leaves.region].longest_run = FreeMap::kMaxPages;
    leaves.end = leaves.page;
  }
}

std::optional<PageNumber> PageAllocator::allocate_in_lane() {
  if (!lane_started_) start_lane();
  if (lane_taken_ == kLanePages) return std::nullopt;
  const std::optional<PageNumber> page = take_from_run(in_lane_);
  if (page) ++lane_taken_;
  return page;
}

void PageAllocator::start_lane() {
  lane_started_ = true;
  if (lane_taken_ > 0 && lane_taken_ < kLanePages) lane_wanted_ = lane_taken_;
  lane_taken_ = 0;
  lane_ = (lane_ + 1) % lanes_.size();
  in_lane_ = {};
  Cursor& lane = lanes_[lane_];
  if (!rewind_lane(lane) && !open_lane(lane)) return;
  in_lane_ = lane;
}

bool PageAllocator::open_lane(Cursor& lane) {
  if (lane.page < lane.end) {  // what is left of it is nobody's now
    regions_[lane.region].longest_run = FreeMap::kMaxPages;
    lane.page = lane.end;
  }
  const auto pages = static_cast<uint32_t>(
      std::clamp(layout_.total_pages() / kLaneDivisor, kMinLanePages, kMaxLanePages));
  // The first ones lie side by side, so that a young file has its pages at its start.
  const auto opened = [](const Cursor& other) { return other.end > 0; };
  if (std::none_of(lanes_.begin(), lanes_.end(), opened)) {
    if (const auto all = next_run(lane, kLanes * pages, kLanes * pages)) {
      for (uint32_t i = 0; i < kLanes; ++i) {
        const uint32_t first = all->page + i * pages;
        lanes_[(lane_ + i) % kLanes] = {all->region, first, first + pages};
      }
      return true;
    }
  }
  const std::optional<Cursor> run = next_run(lane, pages, pages);
  if (!run) return false;
  lane = *run;
  return true;
}

// To the first place in its run, from where its last transaction started, with room for another.
bool PageAllocator::rewind_lane(Cursor& lane) {
  if (lane.page >= lane.end) return false;
  const auto room = regions_[lane.region].map.find_run(lane_wanted_, lane_wanted_, lane.page);
  if (!room || room->first + room->count > lane.end) return false;
  // The holes passed over belong to nobody now.
  Region& region = regions_[lane.region];
  if (lane.page < room->first) region.longest_run = std::max(region.longest_run, 2 * lane_wanted_);
  lane.page = room->first;
  return true;
}

std::optional<PageNumber> PageAllocator::allocate_page(PageUse use, bool may_ask_for_growth) {
  Cursor& cursor = cursors_[cursor_of(use)];
  if (const std::optional<PageNumber> page = take_from_run(cursor)) return page;
  if (free_pages_ == 0) return std::nullopt;
  if (restart_run(use)) return take_from_run(cursor);
  const bool has_slack = free_pages_ >= layout_.total_pages() / kSlackDivisor;
  for (const RunRule& rule : kRunRules) {
    if (may_ask_for_growth && rule.needs_slack && !has_slack) return std::nullopt;
    if (start_run(use, rule.min_pages)) return take_from_run(cursor);
  }
  // What is left lies in the runs that others use.
  if (auto page = take_from_run(cursors_[1 - cursor_of(use)])) return page;
  for (const Cursor& lane : lanes_) {
    Cursor rest = lane;
    if (auto page = take_from_run(rest)) return page;
  }
  return std::nullopt;
}

std::optional<PageNumber> PageAllocator::take_from_run(Cursor& cursor) {
  if (cursor.page >= cursor.end) return std::nullopt;
  FreeMap& map = regions_[cursor.region].map;
  const std::optional<uint32_t> page = map.lowest_free(cursor.page);
  if (!page || *page >= cursor.end) {
    cursor.page = cursor.end;
    return std::nullopt;
  }
  map.mark_used(*page, 1);
  --free_pages_;
  cursor.page = *page + 1;
  return PageNumber{cursor.region, *page, 0};
}

bool PageAllocator::restart_run(PageUse use) {
  Cursor& cursor = cursors_[cursor_of(use)];
  for (const Cursor& run : recent_[cursor_of(use)]) {
    if (run.page == run.end || run.region >= regions_.size()) continue;
    const FreeMap& map = regions_[run.region].map;
    if (run.end > map.size() || !map.is_free(run.page, run.end - run.page) ||
        run_within(run.region, run.page, run.end, &cursor) != nullptr) {
      continue;
    }
    cursor = run;
    return true;
  }
  return false;
}

bool PageAllocator::start_run(PageUse use, uint32_t min_pages) {
  Cursor& cursor = cursors_[cursor_of(use)];
  const std::optional<Cursor> run = next_run(cursor, min_pages, kLongestRun[cursor_of(use)]);
  if (!run) return false;
  cursor = *run;
  size_t& slot = next_recent_[cursor_of(use)];
  recent_[cursor_of(use)][slot] = cursor;
  slot = (slot + 1) % kRecentRuns;
  return true;
}

// The next run from asking onwards, once around the file.
std::optional<PageAllocator::Cursor> PageAllocator::next_run(const Cursor& asking,
                                                             uint32_t min_pages,
                                                             uint32_t max_pages) {
  const size_t count = regions_.size();
  // The cursor's region comes twice: from the cursor, and at the end from its start.
  for (size_t i = 0; i <= count && count > 0; ++i) {
    const uint32_t r = static_cast<uint32_t>((asking.region + i) % count);
    const uint32_t from = i == 0 ? asking.page : 0;
    Region& region = regions_[r];
    if (region.longest_run < min_pages || region.map.free_count() < min_pages) continue;
    if (const auto run = find_run(r, min_pages, max_pages, from, &asking)) {
      return Cursor{r, run->first, run->first + run->count};
    }
    if (from == 0) region.longest_run = min_pages - 1;
  }
  return std::nullopt;
}

// As FreeMap::find_run, outside the runs in use.
std::optional<FreeMap::Run> PageAllocator::find_run(uint32_t region, uint32_t min_pages,
                                                    uint32_t max_pages, uint32_t from,
                                                    const Cursor* asking) const {
  for (;;) {
    const auto run = regions_[region].map.find_run(min_pages, max_pages, from);
    if (!run) return std::nullopt;
    const Cursor* taken = run_within(region, run->first, run->first + run->count, asking);
    if (taken == nullptr) return run;
    if (run->first < taken->page && taken->page - run->first >= min_pages) {
      return FreeMap::Run{run->first, taken->page - run->first};
    }
    from = taken->end;
  }
}

const PageAllocator::Cursor* PageAllocator::run_within(uint32_t region, uint32_t first,
                                                       uint32_t end,
                                                       const Cursor* asking) const noexcept {
  const Cursor* lowest = nullptr;
  const auto look = [&](const Cursor& run) {
    if (&run == asking || run.region != region || run.page >= run.end) return;
    if (run.page >= end || first >= run.end) return;
    if (lowest == nullptr || run.page < lowest->page) lowest = &run;
  };
  for (const Cursor& cursor : cursors_) look(cursor);
  for (const Cursor& lane : lanes_) look(lane);
  return lowest;
}

std::optional<PageNumber> PageAllocator::allocate_block(uint8_t order, uint32_t region_number,
                                                        uint32_t first_page) {
  if (order > max_order() || regions_.empty()) return std::nullopt;
  const size_t count = regions_.size();
  for (size_t i = 0; i <= count; ++i) {
    const uint32_t r = static_cast<uint32_t>((region_number + i) % count);
    const uint32_t from = i == 0 ? first_page : 0;
    Region& region = regions_[r];
    if (region.largest_order < order || region.map.free_count() == 0) continue;
    if (const std::optional<uint32_t> first = region.map.find_aligned(order, from)) {
      region.map.mark_used(*first, 1u << order);
      free_pages_ -= uint64_t{1} << order;
      return PageNumber{r, *first >> order, order};
    }
    // Order 0 fails for a full region only, which free_count() tells.
    if (from == 0 && order > 0) region.largest_order = static_cast<uint8_t>(order - 1);
  }
  return std::nullopt;
}

void PageAllocator::release(PageNumber page) {
  if (!layout_.contains(page)) throw_page(page, "is released but lies outside the file");
  Region& region = regions_[page.region];
  if (!region.map.is_used(page.first_base_page(), page.base_pages())) {
    throw_page(page, "is released twice");
  }
  region.map.mark_free(page.first_base_page(), page.base_pages());
  free_pages_ += page.base_pages();
  note_freed(region, page.first_base_page(), page.order);
}

void PageAllocator::note_freed(Region& region, uint32_t first, uint8_t order) noexcept {
  const uint32_t count = 1u << order;
  const auto number = static_cast<uint32_t>(&region - regions_.data());
  if (region.longest_run < kLongestRunAsked && !run_within(number, first, first + count, nullptr)) {
    const uint32_t run = region.map.free_pages_below(first, kLongestRunAsked) + count +
                         region.map.free_pages_from(first + count, kLongestRunAsked);
    region.longest_run = std::max(region.longest_run, run);
  }
  if (region.largest_order < max_order()) {
    // Climb while the buddy is free too, as a buddy allocator would merge.
    while (order < max_order() && region.map.is_free((first >> order ^ 1u) << order, 1u << order)) {
      ++order;
    }
    region.largest_order = std::max(region.largest_order, order);
  }
}

void PageAllocator::mark_used(PageNumber page) {
  if (!layout_.contains(page)) throw_page(page, "is used but lies outside the file");
  if (!try_mark_used(page)) throw_page(page, "is used twice");
}

bool PageAllocator::try_mark_used(PageNumber page) noexcept {
  if (!layout_.contains(page)) return false;
  if (!regions_[page.region].map.try_mark_used(page.first_base_page(), page.base_pages())) {
    return false;
  }
  free_pages_ -= page.base_pages();
  return true;
}

std::optional<Layout> PageAllocator::grown_layout(uint8_t order) const {
  if (order > max_order() || regions_.empty()) return std::nullopt;
  const uint64_t total = layout_.total_pages();
  const uint64_t region_pages = layout_.region_max_data_pages;

  // The least size with a block of the order: behind the last used page, or in a new region.
  const FreeMap& last = regions_.back().map;
  const uint64_t before_last = total - last.size();
  const uint64_t block_end =
      round_up(last.size() - last.trailing_free(), order) + (uint64_t{1} << order);
  const uint64_t least = block_end <= region_pages
                             ? before_last + block_end
                             : before_last + region_pages + (uint64_t{1} << order);

  const uint64_t step = std::clamp(total / kGrowthDivisor, kMinGrowthPages, kMaxGrowthPages);
  if (std::optional<Layout> grown = layout_.with_total_pages(std::max(total + step, least))) {
    return grown;
  }
  // The step is too large for the format; what is left may do.
  const uint64_t limit = format::kMaxRegions * region_pages;
  if (limit <= total || limit < least) return std::nullopt;
  return layout_.with_total_pages(limit);
}

Layout PageAllocator::shrunk_layout() const {
  if (regions_.empty()) return layout_;
  uint64_t total = layout_.total_pages();
  size_t r = regions_.size() - 1;
  for (; r > 0 && regions_[r].map.free_count() == regions_[r].map.size(); --r) {
    total -= regions_[r].map.size();
  }
  const FreeMap& last = regions_[r].map;
  total -= std::min(last.size() - 1, last.trailing_free());
  if (total == layout_.total_pages()) return layout_;
  return layout_.with_total_pages(total).value_or(layout_);
}

PageNumber PageAllocator::end_of_used() const {
  const auto last = static_cast<uint32_t>(regions_.size() - 1);
  return {last, regions_[last].map.size() - regions_[last].map.trailing_free(), 0};
}

void PageAllocator::set_layout(const Layout& layout) {
  if (layout.region_header_pages != layout_.region_header_pages ||
      layout.region_max_data_pages != layout_.region_max_data_pages || layout.region_count() == 0) {
    throw Error(ErrorCode::internal,
                "a file cannot change its region size, or lose its last region");
  }
  const uint32_t count = layout.region_count();
  for (uint32_t r = 0; r < regions_.size(); ++r) {
    const FreeMap& map = regions_[r].map;
    const uint32_t wanted = layout.pages_in_region(r);
    if (wanted < map.size() && map.trailing_free() < map.size() - wanted) {
      throw_page(PageNumber{r, map.size() - map.trailing_free() - 1, 0},
                 "is used and cannot be cut off");
    }
  }
  const size_t kept = std::min<size_t>(count, regions_.size());
  regions_.reserve(count);
  std::vector<FreeMap> added;
  for (uint32_t r = static_cast<uint32_t>(kept); r < count; ++r) {
    added.push_back(FreeMap::all_free(layout.pages_in_region(r)));
  }
  // Only the last kept region changes its size (all before it are full in both layouts).
  Region& last = regions_[kept - 1];
  const uint32_t old_pages = last.map.size();
  last.map.resize(layout.pages_in_region(static_cast<uint32_t>(kept - 1)));
  if (last.map.size() > old_pages) {
    last.longest_run = FreeMap::kMaxPages;
    last.largest_order = format::kMaxPageOrder;
  }
  // From here on nothing throws.
  regions_.resize(kept);
  for (FreeMap& map : added) {
    Region region;
    region.map = std::move(map);
    regions_.push_back(std::move(region));
  }
  free_pages_ = layout.total_pages() - allocated_pages();
  layout_ = layout;
  const auto cut = [&](Cursor& run) {
    if (run.region >= regions_.size()) run = {};
    run.end = std::min(run.end, regions_[run.region].map.size());
  };
  for (Cursor& cursor : cursors_) cut(cursor);
  for (Cursor& lane : lanes_) cut(lane);
  cut(in_lane_);
}

AllocatorState PageAllocator::encode_state(std::span<const PageNumber> also_free) const {
  std::map<uint32_t, FreeMap> changed;
  for (const PageNumber page : also_free) {
    if (!layout_.contains(page))
      throw_page(page, "is to be stored as free but lies outside the file");
    const auto [entry, fresh] = changed.try_emplace(page.region);
    FreeMap& map = entry->second;
    if (fresh) map = regions_[page.region].map;
    if (!map.is_used(page.first_base_page(), page.base_pages())) {
      throw_page(page, "is to be stored as free twice");
    }
    map.mark_free(page.first_base_page(), page.base_pages());
  }

  AllocatorState state;
  std::vector<std::optional<uint8_t>> orders;
  for (uint32_t r = 0; r < regions_.size(); ++r) {
    const auto entry = changed.find(r);
    const FreeMap& map = entry != changed.end() ? entry->second : regions_[r].map;
    state.regions.push_back(encode_region(map, layout_.region_max_data_pages));
    orders.push_back(map.highest_free_order(max_order()));
  }
  state.tracker = encode_tracker(orders);
  return state;
}

uint64_t PageAllocator::region_state_bytes(uint32_t region) const {
  assert(region < regions_.size());
  return region_bytes(regions_[region].map.size(), layout_.region_max_data_pages);
}

uint64_t PageAllocator::tracker_state_bytes() const {
  return tracker_bytes(static_cast<uint32_t>(regions_.size()));
}

}  // namespace rdb::page
