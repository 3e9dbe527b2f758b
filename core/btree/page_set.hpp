// page_set.hpp: pages of a file, by where they begin. A bit for each, in pieces of 2 MiB of the
// file: large changes touch most of these, and small ones in a large file few.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "format/page_number.hpp"

namespace rdb::btree {

class PageSet {
 public:
  PageSet() = default;
  PageSet(const PageSet&) = delete;
  PageSet& operator=(const PageSet&) = delete;

  // False: one that begins there was inserted before.
  bool insert(format::PageNumber page) {
    uint64_t& word = word_of(page);
    if ((word & bit_of(page)) != 0) return false;
    word |= bit_of(page);
    return true;
  }
  void erase(format::PageNumber page) { word_of(page) &= ~bit_of(page); }

 private:
  static constexpr uint32_t kChunkWords = 8;  // a cache line
  using Chunk = std::array<uint64_t, kChunkWords>;

  static uint64_t bit_of(format::PageNumber page) noexcept {
    return uint64_t{1} << (page.first_base_page() % 64);
  }
  uint64_t& word_of(format::PageNumber page) {
    const uint32_t word = page.first_base_page() / 64;
    const uint64_t chunk = uint64_t{page.region} << 32 | word / kChunkWords;
    if (last_ == nullptr || last_number_ != chunk) {
      last_ = &chunks_[chunk];  // stays where it is
      last_number_ = chunk;
    }
    return (*last_)[word % kChunkWords];
  }

  std::unordered_map<uint64_t, Chunk> chunks_;
  uint64_t last_number_ = 0;  // of the chunk asked for last
  Chunk* last_ = nullptr;
};

}  // namespace rdb::btree
