// free_map.hpp: which base pages of one region are free.
//
// In memory only; allocator_codec.hpp writes it to the file. Two levels:
//   words_    bit p % 64 of word p / 64 is 1 while base page p is free
//   nonempty_ bit w % 64 of word w / 64 is 1 while words_[w] != 0
// The upper level lets a search step over 4096 used pages with one load, so a full region of 2^20
// pages costs 256 loads.
//
// Invariants:
//   M1  bits at and past size() are 0 on both levels.
//   M2  free_count() is the number of 1 bits in words_.
// A page is never freed or used twice: mark_free and mark_used throw before they change anything.
//
// Not synchronised.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rdb::page {

class FreeMap {
 public:
  static constexpr uint32_t kMaxPages = 1u << 20;

  // Pages [first, first + count), all free.
  struct Run {
    uint32_t first = 0;
    uint32_t count = 0;
    bool operator==(const Run&) const = default;
  };

  FreeMap() = default;  // of no pages
  static FreeMap all_free(uint32_t pages);
  static FreeMap all_used(uint32_t pages);
  // From ceil(pages / 64) words as words() gives them; bits past the last page are dropped.
  static FreeMap from_words(uint32_t pages, std::span<const uint64_t> words);

  uint32_t size() const noexcept { return size_; }
  uint32_t free_count() const noexcept { return free_count_; }
  std::span<const uint64_t> words() const noexcept { return words_; }
  // Every page of [first, first + count) is free (is used). False when one lies past the end.
  bool is_free(uint32_t first, uint32_t count) const noexcept;
  bool is_used(uint32_t first, uint32_t count) const noexcept;

  // All searches return the lowest answer at or after from; nullopt when there is none.
  std::optional<uint32_t> lowest_free(uint32_t from) const noexcept;
  // First page of a free block of 2^order pages that starts at a multiple of 2^order.
  std::optional<uint32_t> find_aligned(uint8_t order, uint32_t from) const noexcept;
  // First run with at least min_pages (>= 1) pages, cut off after max_pages. Pages below from do
  // not count towards a run.
  std::optional<Run> find_run(uint32_t min_pages, uint32_t max_pages, uint32_t from) const noexcept;
  // Largest order <= max_order of which a free aligned block exists; nullopt when no page is free.
  std::optional<uint8_t> highest_free_order(uint8_t max_order) const noexcept;

  // Consecutive free pages from first upwards; from end - 1 downwards. At most max_pages.
  uint32_t free_pages_from(uint32_t first, uint32_t max_pages) const noexcept;
  uint32_t free_pages_below(uint32_t end, uint32_t max_pages) const noexcept;
  // Consecutive free pages at the end of the region.
  uint32_t trailing_free() const noexcept { return free_pages_below(size_, size_); }

  // Throw internal, naming the page and changing nothing, when a page of the range is in that state
  // already or lies past the end.
  void mark_free(uint32_t first, uint32_t count);
  void mark_used(uint32_t first, uint32_t count);
  // False, and nothing changed, when a page of the range is not free.
  bool try_mark_used(uint32_t first, uint32_t count) noexcept;

  // New pages are free. Throws internal, changing nothing, when a page to be removed is used.
  void resize(uint32_t pages);

  // Same pages free.
  bool operator==(const FreeMap& other) const noexcept {
    return size_ == other.size_ && words_ == other.words_;
  }

 private:
  void set_free(uint32_t first, uint32_t count) noexcept;
  void set_used(uint32_t first, uint32_t count) noexcept;
  void rebuild_summary();
  // Lowest w >= word with words_[w] != 0; words_.size() when there is none.
  size_t next_nonempty_word(size_t word) const noexcept;

  std::vector<uint64_t> words_;
  std::vector<uint64_t> nonempty_;
  uint32_t size_ = 0;
  uint32_t free_count_ = 0;
};

}  // namespace rdb::page
