#include "page/frame_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <thread>

#include "base/endian.hpp"
#include "format/leaf_view.hpp"
#include "format/page_checksum.hpp"
#include "rdb/error.hpp"

namespace rdb::page {

namespace {

using format::kMaxRegionPages;
using format::kMaxRegions;
using format::kPageBytes;

constexpr size_t kHugePageBytes = Prefaulter::kPieceBytes;
// An eviction frees at least this many pages, so that its wait for running operations is shared.
constexpr uint64_t kMinEvictionPages = 64;
constexpr uint64_t kMaxLeftBytes = uint64_t{16} << 20;

void* reserve(size_t bytes) {
  void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    throw Error(ErrorCode::no_memory,
                "cannot reserve " + std::to_string(bytes) + " bytes of address space for pages",
                Error::kNoPosition, errno);
  }
  return p;
}

[[noreturn]] void throw_outside(PageNumber page) {
  throw Error(ErrorCode::corrupted, "page " + page.text() + " lies outside the file", page.bits());
}

[[noreturn]] void throw_pinned(PageNumber page) {
  throw Error(ErrorCode::corrupted,
              "page " + page.text() + " is in use, though the file's allocator state calls it free",
              page.bits());
}

[[noreturn]] void throw_bad_checksum(PageNumber page) {
  throw Error(ErrorCode::page_corrupted,
              "page " + page.text() + ": its checksum differs from the one its parent records",
              page.bits());
}

// Bytes of a page of order > 0 worth reading, judged by its first base page: the tail behind the
// last value may never have been written. The whole page when the head does not tell.
uint64_t live_bytes_from_head(Bytes head, uint64_t page_bytes, const Widths& widths) {
  if (head[0] != format::kLeafType) return page_bytes;
  const uint64_t n = base::load_le16(head.data() + 2);
  if (n == 0 || widths.value) return page_bytes;
  const uint64_t last_end = 4 + (widths.key ? 0 : 4 * n) + 4 * (n - 1);
  if (last_end + 4 > head.size()) return page_bytes;
  return std::min<uint64_t>(page_bytes, base::load_le32(head.data() + last_end));
}

}  // namespace

uint32_t Operation::thread_slot() noexcept {
  // Threads share slots when there are more than kEpochSlots of them; counting stays exact.
  static std::atomic<uint32_t> next{0};
  thread_local uint32_t slot = ~uint32_t{0};
  if (slot == ~uint32_t{0}) {
    slot = next.fetch_add(1, std::memory_order_relaxed) % FramePool::kEpochSlots;
  }
  return slot;
}

FramePool::FramePool(StorageBackend& backend, const format::Layout& layout, uint64_t budget_bytes,
                     ReadVerification verification)
    : backend_(&backend),
      layout_(layout),
      region_stride_bytes_(layout.region_stride_bytes()),
      region_header_bytes_(uint64_t{layout.region_header_pages} * kPageBytes),
      budget_bytes_(budget_bytes),
      frame_limit_bytes_(budget_bytes),
      verification_(verification),
      cleaner_([this](std::span<const PageNumber> pages) { write_runs(pages); }) {
  static_assert(sizeof(std::atomic<Region*>) == sizeof(Region*));
  // Zero pages from the kernel are null pointers and absent states.
  regions_ = static_cast<std::atomic<Region*>*>(reserve(kMaxRegions * sizeof(Region*)));
  layout_.full_regions = 0;
  layout_.trailing_pages = 0;
  grow(layout);
}

FramePool::~FramePool() {
  cleaner_.stop();
  prefaulter_.stop();
  for (uint32_t i = 0; i < region_count_; ++i) {
    Region* region = regions_[i].load(std::memory_order_relaxed);
    if (region == nullptr) continue;
    ::munmap(region->mapping, region->mapping_bytes);
    ::munmap(region->states, kMaxRegionPages * sizeof(*region->states));
    delete region;
  }
  ::munmap(regions_, kMaxRegions * sizeof(Region*));
}

void FramePool::detach() noexcept {
  cleaner_.stop();
  prefaulter_.stop();
  backend_.store(nullptr, std::memory_order_release);
}

StorageBackend& FramePool::backend() const {
  StorageBackend* backend = backend_.load(std::memory_order_acquire);
  if (backend == nullptr) throw Error(ErrorCode::closed, "the database is closed");
  return *backend;
}

FramePool::Region* FramePool::add_region(uint32_t index, uint32_t region_pages) {
  auto region = std::make_unique<Region>();
  region->mapping_bytes = uint64_t{region_pages} * kPageBytes + kHugePageBytes;
  region->mapping = static_cast<std::byte*>(reserve(region->mapping_bytes));
  const auto address = reinterpret_cast<uintptr_t>(region->mapping);
  region->base = region->mapping + (kHugePageBytes - address % kHugePageBytes) % kHugePageBytes;
  try {
    region->states = static_cast<std::atomic<uint32_t>*>(
        reserve(kMaxRegionPages * sizeof(std::atomic<uint32_t>)));
  } catch (...) {
    ::munmap(region->mapping, region->mapping_bytes);
    throw;
  }
  Region* raw = region.release();
  regions_[index].store(raw, std::memory_order_release);
  region_count_.store(index + 1, std::memory_order_release);  // regions are added in order
  return raw;
}

void FramePool::grow(const format::Layout& layout) {
  const std::lock_guard lock(layout_mutex_);
  for (uint32_t i = 0; i < layout.region_count(); ++i) {
    Region* region = regions_[i].load(std::memory_order_relaxed);
    if (region == nullptr) region = add_region(i, layout.region_max_data_pages);
    region->pages.store(layout.pages_in_region(i), std::memory_order_release);
  }
  layout_ = layout;
  advise_huge_pages();
  state_bytes_.store(layout.total_pages() * sizeof(uint32_t), std::memory_order_relaxed);
  set_frame_limit();
}

void FramePool::note_bookkeeping(uint64_t bytes) noexcept {
  bookkeeping_bytes_.store(bytes, std::memory_order_relaxed);
  set_frame_limit();
}

// Frames keep at least half of the budget, or a giant transaction could not go on. A thirty-second
// is left for what the process keeps after one, and for the library itself.
void FramePool::set_frame_limit() noexcept {
  const uint64_t other = state_bytes_.load(std::memory_order_relaxed) +
                         bookkeeping_bytes_.load(std::memory_order_relaxed) +
                         std::min(budget_bytes_ / 32, kMaxLeftBytes);
  frame_limit_bytes_.store(budget_bytes_ - std::min(other, budget_bytes_ / 2),
                           std::memory_order_relaxed);
}

void FramePool::shrink(const format::Layout& layout) {
  const std::lock_guard lock(layout_mutex_);
  for (uint32_t i = 0; i < region_count_; ++i) {
    Region* region = regions_[i].load(std::memory_order_relaxed);
    const uint32_t old_pages = region->pages.load(std::memory_order_relaxed);
    const uint32_t new_pages = layout.pages_in_region(i);
    if (new_pages >= old_pages) continue;
    region->pages.store(new_pages, std::memory_order_release);
    for (uint32_t p = new_pages; p < old_pages; ++p) clear_frame(*region, p);
  }
  layout_ = layout;
}

format::Layout FramePool::layout() const {
  const std::lock_guard lock(layout_mutex_);
  return layout_;
}

// Large pages save a level of address translation (performance.md section 2.2: 15-25 %), but make
// memory come and go by 2 MiB; so only when all of the file may be resident.
void FramePool::advise_huge_pages() {
  const bool all_fits = layout_.file_bytes() <= budget_bytes_;
  for (uint32_t i = 0; i < layout_.region_count(); ++i) {
    Region* region = regions_[i].load(std::memory_order_relaxed);
    const uint64_t used = uint64_t{region->pages.load(std::memory_order_relaxed)} * kPageBytes;
    const uint64_t bytes = all_fits ? used / kHugePageBytes * kHugePageBytes : used;
    // Advice only: a kernel without large pages refuses, and nothing depends on it.
    if (bytes > 0) ::madvise(region->base, bytes, all_fits ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
}

void FramePool::prepare(PageNumber first, uint64_t count) noexcept {
  Region* region = regions_[first.region].load(std::memory_order_relaxed);
  if (region == nullptr || layout_.file_bytes() > budget_bytes_) return;
  const uint64_t end = std::min<uint64_t>(first.index + count, region->pages.load());
  if (first.index >= end) return;
  Prefaulter::populate(region->base + uint64_t{first.index} * kPageBytes,
                       region->base + end * kPageBytes);
}

// The writer has begun a block of frames. When the one before it, that two before, and so on are
// its own, it goes through the file in order, and needs the next ones soon: twice as many as it is
// known to have filled.
void FramePool::prefault_ahead(const Region& region, uint32_t first) noexcept {
  if (layout_.file_bytes() > budget_bytes_) return;
  uint32_t ahead = 0;
  for (uint32_t back = 1; back <= kMaxAheadBlocks / 2 && first >= back * kBlockPages; back *= 2) {
    const uint32_t word = region.states[first - back * kBlockPages].load(std::memory_order_relaxed);
    if ((word & kOwned) == 0) break;
    ahead = 2 * back;
  }
  const uint32_t begin = first + kBlockPages;
  const uint32_t end =
      std::min(begin + ahead * kBlockPages,
               region.pages.load(std::memory_order_relaxed) / kBlockPages * kBlockPages);
  if (begin >= end) return;
  prefaulter_.request(region.base + uint64_t{begin} * kPageBytes,
                      region.base + uint64_t{end} * kPageBytes);
}

// ---- reading
// -------------------------------------------------------------------------------------

Bytes FramePool::read_slow(PageNumber page, const Checksum& expected, const Widths& widths) {
  Region* region = regions_[page.region].load(std::memory_order_acquire);
  const uint32_t first = page.first_base_page();
  if (region == nullptr ||
      uint64_t{first} + page.base_pages() > region->pages.load(std::memory_order_acquire)) {
    throw_outside(page);
  }
  std::atomic<uint32_t>& word = region->states[first];
  for (;;) {
    uint32_t seen = word.load(std::memory_order_seq_cst);
    switch (seen & kStateMask) {
      case kAbsent:
        if (word.compare_exchange_weak(seen, (seen & (kOwned | kUnpersisted)) | kLocked)) {
          load(page, expected, widths, *region);
        }
        break;
      case kMarked:
        word.compare_exchange_weak(seen, seen - kMarked + kClean);
        break;
      case kLocked:
        std::this_thread::yield();
        break;
      default:
        if ((seen & kOrderMask) != order_bits(page.order)) {
          throw Error(ErrorCode::corrupted,
                      "page " + page.text() + " is referenced with two different sizes",
                      page.bits());
        }
        return {region->base + uint64_t{first} * kPageBytes, page.bytes()};
    }
  }
}

// Fills the frame of a page whose word this thread has locked, and unlocks it.
void FramePool::load(PageNumber page, const Checksum& expected, const Widths& widths,
                     Region& region) {
  const uint32_t first = page.first_base_page();
  std::byte* bytes = region.base + uint64_t{first} * kPageBytes;
  try {
    StorageBackend& device = backend();
    const uint64_t offset = offset_of(page);
    device.read(offset, {bytes, kPageBytes});
    if (page.order > 0) {
      const uint64_t live = live_bytes_from_head({bytes, kPageBytes}, page.bytes(), widths);
      if (live > kPageBytes)
        device.read(offset + kPageBytes, {bytes + kPageBytes, live - kPageBytes});
    }
    if (verification_ == ReadVerification::full && expected != base::kDeferredChecksum) {
      if (!format::checksum_matches({bytes, page.bytes()}, widths, expected)) {
        throw_bad_checksum(page);
      }
    }
  } catch (...) {
    if (page.order > 0) ::madvise(bytes, page.bytes(), MADV_DONTNEED);
    region.states[first].fetch_sub(kLocked - kAbsent, std::memory_order_release);
    throw;
  }
  resident_bytes_.fetch_add(page.bytes(), std::memory_order_relaxed);
  region.states[first].fetch_add(kClean - kLocked + order_bits(page.order),
                                 std::memory_order_release);
}

void FramePool::pin(PageNumber page) {
  const uint32_t before = state(page).fetch_add(kOnePin, std::memory_order_acq_rel);
  const uint32_t pins = before >> kPinShift;
  if (pins + 1 == 1u << (32 - kPinShift)) {
    state(page).fetch_sub(kOnePin, std::memory_order_release);
    throw Error(ErrorCode::busy, "page " + page.text() + " is pinned too many times", page.bits());
  }
  if (pins == 0) pinned_bytes_.fetch_add(page.bytes(), std::memory_order_relaxed);
}

void FramePool::unpin(PageNumber page) noexcept {
  const uint32_t before = state(page).fetch_sub(kOnePin, std::memory_order_acq_rel);
  if (before >> kPinShift == 1) pinned_bytes_.fetch_sub(page.bytes(), std::memory_order_relaxed);
}

bool FramePool::pinned(PageNumber page) const noexcept { return word(page) >> kPinShift != 0; }

// ---- eviction
// ------------------------------------------------------------------------------------

void FramePool::evict() {
  const uint64_t limit = frame_limit_bytes();
  std::unique_lock lock(evict_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) {
    // Somebody is at it; wait only when they fall behind.
    if (resident_bytes() <= limit + limit / 16) return;
    lock.lock();
  }
  const uint64_t slack = std::max(limit / 32, kMinEvictionPages * kPageBytes);
  const uint64_t target = limit > slack ? limit - slack : 0;
  if (resident_bytes() > target) opened_leaves_.shed(resident_bytes() - target);
  for (int round = 0; round < 4 && resident_bytes() > target; ++round) {
    const uint64_t excess_pages = (resident_bytes() - target + kPageBytes - 1) / kPageBytes;
    // The queue holds an eighth of memory, so that a page in use has time to answer its mark.
    mark_more(excess_pages + limit / kPageBytes / 8);
    wait_for_operations();
    drop_marked(excess_pages);
  }
}

// Walks the states round and round; marks clean unpinned frames until the queue holds wanted.
size_t FramePool::mark_more(size_t wanted) {
  if (marked_head_ > 0) {
    marked_.erase(marked_.begin(), marked_.begin() + static_cast<ptrdiff_t>(marked_head_));
    marked_head_ = 0;
  }
  // Once around, measured in base pages.
  const uint32_t region_count = region_count_.load(std::memory_order_acquire);
  uint64_t remaining = 0;
  for (uint32_t i = 0; i < region_count; ++i) {
    remaining += regions_[i].load(std::memory_order_relaxed)->pages.load(std::memory_order_relaxed);
  }
  while (marked_.size() < wanted && remaining > 0) {
    if (hand_region_ >= region_count) hand_region_ = 0;
    Region& region = *regions_[hand_region_].load(std::memory_order_relaxed);
    const uint32_t pages = region.pages.load(std::memory_order_relaxed);
    if (hand_page_ >= pages) {
      ++hand_region_;
      hand_page_ = 0;
      continue;
    }
    uint32_t seen = region.states[hand_page_].load(std::memory_order_relaxed);
    const auto order = static_cast<uint8_t>((seen & kOrderMask) >> kOrderShift);
    if ((seen & kStateMask) == kClean && seen >> kPinShift == 0 &&
        region.states[hand_page_].compare_exchange_strong(seen, seen - kClean + kMarked)) {
      marked_.push_back({hand_region_, hand_page_ >> order, order});
    }
    const uint32_t step = (seen & kReadableMask) == kReadable ? 1u << order : 1;
    hand_page_ += step;
    remaining -= std::min<uint64_t>(remaining, step);
  }
  return marked_.size();
}

// Two flips, because an operation may have read the phase before the first and counted itself
// after it.
void FramePool::wait_for_operations() {
  for (int flip = 0; flip < 2; ++flip) {
    const uint32_t old = epoch_phase_.fetch_add(1, std::memory_order_seq_cst) & 1;
    for (EpochSlot& slot : epochs_) {
      while (slot.running[old].load(std::memory_order_seq_cst) != 0) std::this_thread::yield();
    }
  }
}

size_t FramePool::drop_marked(size_t wanted) {
  size_t dropped = 0;
  while (marked_head_ < marked_.size() && dropped < wanted) {
    const PageNumber page = marked_[marked_head_++];
    std::atomic<uint32_t>& word = state(page);
    uint32_t seen = word.load(std::memory_order_relaxed);
    if ((seen & kStateMask) != kMarked || seen >> kPinShift != 0 ||
        (seen & kOrderMask) != order_bits(page.order)) {
      continue;
    }
    if (!word.compare_exchange_strong(seen, (seen & (kOwned | kUnpersisted)) | kLocked)) continue;
    ::madvise(frame(page), page.bytes(), MADV_DONTNEED);
    resident_bytes_.fetch_sub(page.bytes(), std::memory_order_relaxed);
    pages_evicted_.fetch_add(page.base_pages(), std::memory_order_relaxed);
    word.fetch_sub(kLocked - kAbsent, std::memory_order_release);
    dropped += page.base_pages();
  }
  return dropped;
}

// Makes one frame absent whatever it is, for space that changes its use. Nobody reads it any more.
void FramePool::clear_frame(Region& region, uint32_t base_page) noexcept {
  std::atomic<uint32_t>& word = region.states[base_page];
  for (;;) {
    uint32_t seen = word.load(std::memory_order_acquire);
    const uint32_t state = seen & kStateMask;
    if (state == kLocked) {
      std::this_thread::yield();
      continue;
    }
    if (state == kAbsent) {
      if (seen == 0 || word.compare_exchange_weak(seen, 0)) return;
      continue;
    }
    const uint64_t bytes = uint64_t{kPageBytes} << ((seen & kOrderMask) >> kOrderShift);
    if (!word.compare_exchange_weak(seen, kLocked)) continue;
    ::madvise(region.base + uint64_t{base_page} * kPageBytes, bytes, MADV_DONTNEED);
    resident_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    if (state == kDirty) dirty_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    word.store(kAbsent, std::memory_order_release);
    return;
  }
}

// ---- writer
// --------------------------------------------------------------------------------------

std::span<std::byte> FramePool::claim(PageNumber page) {
  Region& region = *regions_[page.region].load(std::memory_order_acquire);
  const uint32_t first = page.first_base_page();
  // A page that somebody holds is never free, but a damaged file may say so.
  for (uint32_t p = first; p < first + page.base_pages(); ++p) {
    if (region.states[p].load(std::memory_order_acquire) >> kPinShift != 0) throw_pinned(page);
  }
  opened_leaves_.forget(page);
  for (uint32_t p = first + 1; p < first + page.base_pages(); ++p) clear_frame(region, p);
  std::atomic<uint32_t>& word = region.states[first];
  const uint32_t claimed = kDirty | kOwned | order_bits(page.order);
  for (;;) {
    uint32_t seen = word.load(std::memory_order_acquire);
    const uint32_t state = seen & kStateMask;
    if (state == kLocked) {
      std::this_thread::yield();
      continue;
    }
    assert(state != kDirty);
    if (state != kAbsent && (seen & kOrderMask) != 0) {
      clear_frame(region, first);
      continue;
    }
    if (!word.compare_exchange_weak(seen, claimed)) continue;
    const uint64_t had = state == kAbsent ? 0 : kPageBytes;
    resident_bytes_.fetch_add(page.bytes() - had, std::memory_order_relaxed);
    dirty_bytes_.fetch_add(page.bytes(), std::memory_order_relaxed);
    if (first % kBlockPages == 0) [[unlikely]]
      prefault_ahead(region, first);
    return {region.base + uint64_t{first} * kPageBytes, page.bytes()};
  }
}

std::span<std::byte> FramePool::edit(PageNumber page) {
  std::atomic<uint32_t>& word = state(page);
  uint32_t seen = word.load(std::memory_order_acquire);
  if ((seen & kHandedOver) != 0) [[unlikely]] {
    take_back();
    seen = word.load(std::memory_order_acquire);
  }
  while ((seen & kStateMask) != kDirty) {
    assert((seen & kOwned) != 0);
    assert((seen & kStateMask) == kClean || (seen & kStateMask) == kMarked);
    if (word.compare_exchange_weak(seen, (seen & ~kStateMask) | kDirty)) {
      dirty_bytes_.fetch_add(page.bytes(), std::memory_order_relaxed);
      break;
    }
  }
  return {frame(page), page.bytes()};
}

void FramePool::discard(PageNumber page) noexcept {
  if ((word(page) & kHandedOver) != 0) [[unlikely]]
    take_back();
  Region& region = *regions_[page.region].load(std::memory_order_acquire);
  if (page.order > 0) {
    clear_frame(region, page.first_base_page());
    return;
  }
  // A single page keeps its memory, unreferenced but evictable: it is the next to be claimed.
  std::atomic<uint32_t>& word = region.states[page.first_base_page()];
  uint32_t seen = word.load(std::memory_order_acquire);
  for (;;) {
    const uint32_t state = seen & kStateMask;
    const uint32_t next = state == kDirty ? kClean : state;
    if (word.compare_exchange_weak(
            seen, (seen & ~(kStateMask | kOwned | kUnpersisted | kHandedOver)) | next)) {
      if (state == kDirty) dirty_bytes_.fetch_sub(kPageBytes, std::memory_order_relaxed);
      return;
    }
  }
}

void FramePool::publish(PageNumber page, bool durable) noexcept {
  std::atomic<uint32_t>& word = state(page);
  if (durable) {
    word.fetch_and(~(kOwned | kUnpersisted), std::memory_order_acq_rel);
  } else {
    word.fetch_or(kUnpersisted, std::memory_order_acq_rel);
    word.fetch_and(~kOwned, std::memory_order_acq_rel);
  }
}

void FramePool::write_out(std::span<const DirtyPage> pages) {
  assert(handed_over_ == 0);
  StorageBackend& device = backend();
  size_t i = 0;
  const auto padded = [](const DirtyPage& d) {
    return std::min(d.page.bytes(), (d.live_bytes + kPageBytes - 1) / kPageBytes * kPageBytes);
  };
  const auto mark_clean = [&](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      if (!dirty(pages[k].page)) continue;
      state(pages[k].page).fetch_sub(kDirty - kClean, std::memory_order_acq_rel);
      dirty_bytes_.fetch_sub(pages[k].page.bytes(), std::memory_order_relaxed);
    }
  };
  while (i < pages.size()) {
    if (!dirty(pages[i].page)) {
      ++i;
      continue;
    }
    // Pages adjacent in the file are adjacent in memory: one run is one write.
    const size_t begin = i;
    const PageNumber first = pages[begin].page;
    uint64_t run_bytes = padded(pages[i]);
    bool open_ended = run_bytes == first.bytes();
    uint32_t next_page = first.first_base_page() + first.base_pages();
    ++i;
    while (open_ended && i < pages.size() && dirty(pages[i].page) &&
           pages[i].page.region == first.region && pages[i].page.first_base_page() == next_page) {
      const uint64_t bytes = padded(pages[i]);
      open_ended = bytes == pages[i].page.bytes();
      run_bytes += bytes;
      next_page += pages[i].page.base_pages();
      ++i;
    }
    device.write(offset_of(first), {frame(first), run_bytes});
    mark_clean(begin, i);
  }
}

// ---- pages that another thread writes
// -------------------------------------------------------------

void FramePool::hand_over(const std::vector<PageNumber>& pages) {
  while (const auto piece = cleaner_.take_finished()) settle(*piece);
  cleaner_.hand_over(pages);
  ++handed_over_;
  for (const PageNumber page : pages) {
    assert(page.order == 0 && dirty(page) && owned(page));
    state(page).fetch_or(kHandedOver, std::memory_order_relaxed);
  }
}

void FramePool::take_back() noexcept {
  if (handed_over_ == 0 || cleaner_.inherited()) return;  // a forked child writes nothing
  cleaner_.wait_until_idle();
  while (const auto piece = cleaner_.take()) settle(*piece);
}

// No page of a piece has changed since it was handed over.
void FramePool::settle(const PageCleaner::Piece& piece) noexcept {
  for (const PageNumber page : piece.pages) {
    state(page).fetch_sub(kHandedOver + (piece.written ? kDirty - kClean : 0),
                          std::memory_order_acq_rel);
  }
  if (piece.written) {
    dirty_bytes_.fetch_sub(piece.pages.size() * kPageBytes, std::memory_order_relaxed);
  }
  --handed_over_;
}

// On the other thread.
void FramePool::write_runs(std::span<const PageNumber> pages) {
  StorageBackend& device = backend();
  for (size_t i = 0; i < pages.size();) {
    const PageNumber first = pages[i];
    const size_t begin = i;
    do {
      ++i;
    } while (i < pages.size() && pages[i].region == first.region &&
             pages[i].index == first.index + (i - begin));
    device.write(offset_of(first), {frame(first), (i - begin) * kPageBytes});
  }
}

}  // namespace rdb::page
