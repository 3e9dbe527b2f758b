#include "page/free_map.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>

#include "rdb/error.hpp"

namespace rdb::page {
namespace {

constexpr uint64_t kAllOnes = ~uint64_t{0};
constexpr uint32_t kWordBits = 64;
constexpr uint8_t kWordOrder = 6;  // a block of this order fills one word

size_t words_for(uint32_t bits) { return (size_t{bits} + kWordBits - 1) / kWordBits; }

uint64_t low_bits(uint32_t count) {
  return count >= kWordBits ? kAllOnes : (uint64_t{1} << count) - 1;
}

uint32_t round_up(uint64_t value, uint8_t order) {
  const uint64_t mask = (uint64_t{1} << order) - 1;
  return static_cast<uint32_t>((value + mask) & ~mask);
}

// Bit i of the result is 1 where bits i .. i + length - 1 of word are all 1. length is 1..64.
uint64_t starts_of_ones(uint64_t word, uint32_t length) {
  uint32_t have = 1;
  while (have < length && word != 0) {
    const uint32_t step = std::min(have, length - have);
    word &= word >> step;
    have += step;
  }
  return word;
}

// Bits at multiples of 2^order, order < 6.
constexpr uint64_t kAlignedBits[kWordOrder] = {kAllOnes,           0x5555555555555555,
                                               0x1111111111111111, 0x0101010101010101,
                                               0x0001000100010001, 0x0000000100000001};

// Calls visit(word index, mask) for each word that [first, first + count) touches, until it returns
// false. Returns whether all visits returned true.
template <typename Visit>
bool for_each_word(uint32_t first, uint32_t count, Visit visit) {
  uint32_t word = first / kWordBits;
  uint32_t bit = first % kWordBits;
  while (count > 0) {
    const uint32_t here = std::min(count, kWordBits - bit);
    if (!visit(word, low_bits(here) << bit)) return false;
    count -= here;
    ++word;
    bit = 0;
  }
  return true;
}

[[noreturn]] void throw_state(const char* what, uint32_t page) {
  throw Error(ErrorCode::internal, "base page " + std::to_string(page) + " of the region " + what,
              page);
}

}  // namespace

FreeMap FreeMap::all_free(uint32_t pages) {
  FreeMap map;
  map.resize(pages);
  return map;
}

FreeMap FreeMap::all_used(uint32_t pages) {
  return from_words(pages, std::vector<uint64_t>(words_for(pages), 0));
}

FreeMap FreeMap::from_words(uint32_t pages, std::span<const uint64_t> words) {
  assert(pages <= kMaxPages && words.size() == words_for(pages));
  FreeMap map;
  map.size_ = pages;
  map.words_.assign(words.begin(), words.end());
  if (pages % kWordBits != 0) map.words_.back() &= low_bits(pages % kWordBits);  // M1
  map.rebuild_summary();
  return map;
}

bool FreeMap::is_free(uint32_t first, uint32_t count) const noexcept {
  if (first > size_ || count > size_ - first) return false;
  return for_each_word(first, count,
                       [&](uint32_t w, uint64_t mask) { return (words_[w] & mask) == mask; });
}

bool FreeMap::is_used(uint32_t first, uint32_t count) const noexcept {
  if (first > size_ || count > size_ - first) return false;
  return for_each_word(first, count,
                       [&](uint32_t w, uint64_t mask) { return (words_[w] & mask) == 0; });
}

size_t FreeMap::next_nonempty_word(size_t word) const noexcept {
  size_t group = word / kWordBits;
  if (group >= nonempty_.size()) return words_.size();
  uint64_t bits = nonempty_[group] & ~low_bits(static_cast<uint32_t>(word % kWordBits));
  while (bits == 0) {
    if (++group == nonempty_.size()) return words_.size();
    bits = nonempty_[group];
  }
  return group * kWordBits + static_cast<size_t>(std::countr_zero(bits));
}

std::optional<uint32_t> FreeMap::lowest_free(uint32_t from) const noexcept {
  if (from >= size_) return std::nullopt;
  size_t w = from / kWordBits;
  uint64_t bits = words_[w] & ~low_bits(from % kWordBits);
  if (bits == 0) {
    w = next_nonempty_word(w + 1);
    if (w == words_.size()) return std::nullopt;
    bits = words_[w];
  }
  return static_cast<uint32_t>(w * kWordBits) + static_cast<uint32_t>(std::countr_zero(bits));
}

std::optional<uint32_t> FreeMap::find_aligned(uint8_t order, uint32_t from) const noexcept {
  const uint64_t block = uint64_t{1} << order;
  if (from >= size_ || block > size_) return std::nullopt;

  if (order < kWordOrder) {
    // A block lies in one word. Bits below from count as used only where a block would start.
    uint64_t at_or_after = ~low_bits(from % kWordBits);
    for (size_t w = next_nonempty_word(from / kWordBits); w < words_.size();
         w = next_nonempty_word(w + 1)) {
      if (w != from / kWordBits) at_or_after = kAllOnes;
      const uint64_t starts =
          starts_of_ones(words_[w], 1u << order) & kAlignedBits[order] & at_or_after;
      if (starts != 0) {
        return static_cast<uint32_t>(w * kWordBits) +
               static_cast<uint32_t>(std::countr_zero(starts));
      }
    }
    return std::nullopt;
  }

  uint64_t start = round_up(from, order);
  while (start + block <= size_) {
    const size_t first_word = start / kWordBits;
    const size_t end_word = first_word + block / kWordBits;
    size_t w = first_word;
    while (w < end_word && words_[w] == kAllOnes) ++w;
    if (w == end_word) return static_cast<uint32_t>(start);
    // Word w spoils this block; a block whose first word is empty is spoilt as well.
    start = round_up(next_nonempty_word(w + 1) * kWordBits, order);
  }
  return std::nullopt;
}

std::optional<FreeMap::Run> FreeMap::find_run(uint32_t min_pages, uint32_t max_pages,
                                              uint32_t from) const noexcept {
  assert(min_pages >= 1 && min_pages <= max_pages);
  const auto found = [&](uint64_t first) {
    const uint32_t start = static_cast<uint32_t>(first);
    return Run{start, free_pages_from(start, max_pages)};
  };
  if (from >= size_) return std::nullopt;

  uint32_t carry = 0;  // free pages that end where word w begins
  size_t expected = from / kWordBits;
  for (size_t w = next_nonempty_word(expected); w < words_.size(); w = next_nonempty_word(w + 1)) {
    if (w != expected) carry = 0;  // empty words lie between
    expected = w + 1;
    uint64_t word = words_[w];
    if (w == from / kWordBits) word &= ~low_bits(from % kWordBits);
    const uint32_t at_bottom = static_cast<uint32_t>(std::countr_one(word));
    if (carry + at_bottom >= min_pages) return found(w * kWordBits - carry);
    if (at_bottom == kWordBits) {
      carry += kWordBits;
      continue;
    }
    if (min_pages < kWordBits) {
      const uint64_t starts = starts_of_ones(word, min_pages);
      if (starts != 0) {
        return found(w * kWordBits + static_cast<uint32_t>(std::countr_zero(starts)));
      }
    }
    carry = static_cast<uint32_t>(std::countl_one(word));
  }
  return std::nullopt;
}

std::optional<uint8_t> FreeMap::highest_free_order(uint8_t max_order) const noexcept {
  if (free_count_ == 0) return std::nullopt;
  for (uint8_t order = max_order; order > 0; --order) {
    if ((uint64_t{1} << order) <= free_count_ && find_aligned(order, 0)) return order;
  }
  return uint8_t{0};
}

uint32_t FreeMap::free_pages_from(uint32_t first, uint32_t max_pages) const noexcept {
  if (first >= size_) return 0;
  uint64_t count = 0;
  for (uint64_t page = first; page < size_ && count < max_pages;) {
    const uint32_t bit = page % kWordBits;
    const uint32_t ones = static_cast<uint32_t>(std::countr_one(words_[page / kWordBits] >> bit));
    count += ones;
    if (ones < kWordBits - bit) break;  // a used page, or (M1) the end
    page += ones;
  }
  return static_cast<uint32_t>(std::min<uint64_t>(count, max_pages));
}

uint32_t FreeMap::free_pages_below(uint32_t end, uint32_t max_pages) const noexcept {
  uint32_t count = 0;
  for (uint32_t page = std::min(end, size_); page > 0 && count < max_pages;) {
    const uint32_t bits = (page - 1) % kWordBits + 1;  // of the word that holds page - 1, up to it
    const uint64_t word = words_[(page - 1) / kWordBits] << (kWordBits - bits);
    const uint32_t ones = static_cast<uint32_t>(std::countl_one(word));
    count += std::min(ones, bits);
    if (ones < bits) break;
    page -= bits;
  }
  return std::min(count, max_pages);
}

void FreeMap::set_free(uint32_t first, uint32_t count) noexcept {
  for_each_word(first, count, [&](uint32_t w, uint64_t mask) {
    words_[w] |= mask;
    nonempty_[w / kWordBits] |= uint64_t{1} << (w % kWordBits);
    return true;
  });
  free_count_ += count;
}

void FreeMap::set_used(uint32_t first, uint32_t count) noexcept {
  for_each_word(first, count, [&](uint32_t w, uint64_t mask) {
    words_[w] &= ~mask;
    if (words_[w] == 0) nonempty_[w / kWordBits] &= ~(uint64_t{1} << (w % kWordBits));
    return true;
  });
  free_count_ -= count;
}

void FreeMap::mark_free(uint32_t first, uint32_t count) {
  if (first > size_ || count > size_ - first) throw_state("is freed but lies past its end", first);
  if (!is_used(first, count)) throw_state("is freed twice", *lowest_free(first));
  set_free(first, count);
}

void FreeMap::mark_used(uint32_t first, uint32_t count) {
  if (first > size_ || count > size_ - first) throw_state("is taken but lies past its end", first);
  if (!try_mark_used(first, count)) {
    throw_state("is taken twice", first + free_pages_from(first, count));
  }
}

bool FreeMap::try_mark_used(uint32_t first, uint32_t count) noexcept {
  if (!is_free(first, count)) return false;
  set_used(first, count);
  return true;
}

void FreeMap::resize(uint32_t pages) {
  if (pages > kMaxPages) throw_state("lies past the largest possible region", kMaxPages);
  if (pages < size_) {
    const uint32_t free_at_end = trailing_free();
    if (free_at_end < size_ - pages)
      throw_state("is used and cannot be cut off", size_ - free_at_end - 1);
    set_used(pages, size_ - pages);  // M1
    words_.resize(words_for(pages));
    nonempty_.resize(words_for(static_cast<uint32_t>(words_.size())));
    size_ = pages;
  } else {
    const size_t words = words_for(pages);
    nonempty_.reserve(words_for(static_cast<uint32_t>(words)));
    words_.resize(words, 0);  // the last step that can fail
    nonempty_.resize(words_for(static_cast<uint32_t>(words)), 0);
    const uint32_t old_size = size_;
    size_ = pages;
    set_free(old_size, pages - old_size);
  }
}

void FreeMap::rebuild_summary() {
  free_count_ = 0;
  nonempty_.assign(words_for(static_cast<uint32_t>(words_.size())), 0);
  for (size_t w = 0; w < words_.size(); ++w) {
    free_count_ += static_cast<uint32_t>(std::popcount(words_[w]));
    if (words_[w] != 0) nonempty_[w / kWordBits] |= uint64_t{1} << (w % kWordBits);
  }
}

}  // namespace rdb::page
