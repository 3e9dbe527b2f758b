// entry_set.hpp: some entries of a leaf, by their numbers, a bit for each.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rdb::btree {

class EntrySet {
 public:
  static size_t words_for(size_t entries) noexcept { return (entries + kBits - 1) / kBits; }
  static bool contains(std::span<const uint64_t> words, size_t i) noexcept {
    return (words[i / kBits] >> (i % kBits) & 1) != 0;
  }
  // False: it was there.
  static bool insert(std::span<uint64_t> words, size_t i) noexcept {
    if (contains(words, i)) return false;
    words[i / kBits] |= uint64_t{1} << (i % kBits);
    return true;
  }

  // None of so many entries.
  void reset(size_t entries) {
    entries_ = entries;
    words_.assign(words_for(entries), 0);
  }
  void assign(std::span<const uint64_t> words) {
    assert(words.size() == words_.size());
    words_.assign(words.begin(), words.end());
  }
  void insert(size_t begin, size_t end) noexcept {
    for (size_t i = begin; i < end; ++i) insert(words_, i);
  }
  bool contains(size_t i) const noexcept { return contains(words_, i); }
  size_t entries() const noexcept { return entries_; }
  size_t count() const noexcept {
    size_t count = 0;
    for (const uint64_t word : words_) count += static_cast<size_t>(std::popcount(word));
    return count;
  }

 private:
  static constexpr size_t kBits = 64;
  size_t entries_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace rdb::btree
