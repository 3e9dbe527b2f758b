#include "page/opened_leaves.hpp"

#include <algorithm>
#include <utility>

namespace rdb::page {

using format::OpenedLeaf;
using format::PageNumber;

namespace {

// 4 million places; pages of more than 16 GiB share them.
constexpr uint64_t kMaxChunks = 1u << 16;

// As many places as base pages fit in the memory: an opened leaf is mostly larger.
size_t chunks_for(uint64_t limit_bytes, size_t chunk_places) {
  return std::clamp<uint64_t>(limit_bytes / (format::kPageBytes * chunk_places), 1, kMaxChunks);
}

}  // namespace

OpenedLeaves::OpenedLeaves(std::atomic<uint64_t>& used_bytes,
                           const std::atomic<uint64_t>& limit_bytes)
    : used_bytes_(used_bytes),
      limit_bytes_(limit_bytes),
      chunk_count_(chunks_for(limit_bytes, kChunkPlaces)),
      chunks_(std::make_unique<std::atomic<Chunk*>[]>(chunk_count_)) {}

OpenedLeaves::~OpenedLeaves() {
  for (size_t i = 0; i < chunk_count_; ++i) delete chunks_[i].load(std::memory_order_relaxed);
}

bool OpenedLeaves::fits(uint64_t bytes) const noexcept {
  const uint64_t limit = limit_bytes_.load(std::memory_order_relaxed);
  return used_bytes_.load(std::memory_order_relaxed) + bytes + kBookkeepingBytes <=
         limit - limit / 8;
}

std::atomic<OpenedLeaves::Chunk*>& OpenedLeaves::chunk_of(PageNumber page) noexcept {
  const uint64_t number = uint64_t{page.region} * format::kMaxRegionPages + page.first_base_page();
  return chunks_[number / kChunkPlaces % chunk_count_];
}

OpenedLeaves::Chunk& OpenedLeaves::make_chunk(std::atomic<Chunk*>& chunk) {
  auto fresh = std::make_unique<Chunk>();
  Chunk* there = nullptr;
  if (!chunk.compare_exchange_strong(there, fresh.get(), std::memory_order_acq_rel)) return *there;
  used_bytes_.fetch_add(sizeof(Chunk), std::memory_order_relaxed);
  return *fresh.release();
}

OpenedLeaf OpenedLeaves::find(PageNumber page) {
  Chunk* chunk = chunk_of(page).load(std::memory_order_acquire);
  if (chunk == nullptr) return {};
  Place& place = chunk->places[page.first_base_page() % kChunkPlaces];
  const std::lock_guard lock(chunk->mutex);
  if (place.page != page.bits() || !place.leaf) return {};
  place.read_since = true;
  return place.leaf;
}

OpenedLeaf OpenedLeaves::take_out(Place& place) noexcept {
  const uint64_t bytes = bytes_of(place.leaf);
  kept_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return std::exchange(place.leaf, OpenedLeaf());
}

bool OpenedLeaves::has_room(uint64_t bytes) {
  if (fits(bytes)) return true;
  // Up to a chunk of places, so that a call costs little where few are taken.
  for (size_t looks = 0; looks < kChunkPlaces && kept_bytes() > 0; ++looks) {
    const size_t hand = hand_.fetch_add(1, std::memory_order_relaxed);
    Chunk* chunk = chunks_[hand / kChunkPlaces % chunk_count_].load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    OpenedLeaf gone;
    const std::lock_guard lock(chunk->mutex);
    Place& place = chunk->places[hand % kChunkPlaces];
    if (!place.leaf) continue;
    if (std::exchange(place.read_since, false)) return false;
    gone = take_out(place);
    return fits(bytes);
  }
  return false;
}

void OpenedLeaves::insert(PageNumber page, const OpenedLeaf& leaf) {
  std::atomic<Chunk*>& where = chunk_of(page);
  Chunk* there = where.load(std::memory_order_acquire);
  Chunk& chunk = there != nullptr ? *there : make_chunk(where);
  const uint64_t bytes = bytes_of(leaf);
  OpenedLeaf gone;
  const std::lock_guard lock(chunk.mutex);
  Place& place = chunk.places[page.first_base_page() % kChunkPlaces];
  if (place.leaf) {
    if (place.page == page.bits() || std::exchange(place.read_since, false)) return;
    gone = take_out(place);
  }
  place = {page.bits(), leaf, false};
  kept_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

void OpenedLeaves::erase(PageNumber page) noexcept {
  Chunk* chunk = chunk_of(page).load(std::memory_order_acquire);
  if (chunk == nullptr) return;
  OpenedLeaf gone;
  const std::lock_guard lock(chunk->mutex);
  Place& place = chunk->places[page.first_base_page() % kChunkPlaces];
  if (place.page == page.bits() && place.leaf) gone = take_out(place);
}

void OpenedLeaves::shed(uint64_t bytes) noexcept {
  const uint64_t all = kept_bytes();
  const uint64_t kept = all > bytes ? all - bytes : 0;
  // A chunk at a time, at most once around.
  for (size_t i = 0; i < chunk_count_ && kept_bytes() > kept; ++i) {
    const size_t hand = hand_.fetch_add(kChunkPlaces, std::memory_order_relaxed);
    Chunk* chunk = chunks_[hand / kChunkPlaces % chunk_count_].load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    std::array<OpenedLeaf, kChunkPlaces> gone;
    const std::lock_guard lock(chunk->mutex);
    for (size_t p = 0; p < kChunkPlaces; ++p) {
      if (chunk->places[p].leaf) gone[p] = take_out(chunk->places[p]);
    }
  }
}

}  // namespace rdb::page
