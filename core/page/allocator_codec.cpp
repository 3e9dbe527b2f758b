#include "page/allocator_codec.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <string>

#include "base/endian.hpp"
#include "rdb/error.hpp"

namespace rdb::page {
namespace {

using base::load_le32;
using base::load_le64;
using base::store_le32;
using base::store_le64;
using Words = std::vector<uint64_t>;

constexpr uint64_t kAllOnes = ~uint64_t{0};
constexpr uint8_t kMaxOrder = 20;
constexpr uint32_t kTrackerOrders = 21;
constexpr uint32_t kTrackerHeight = 4;         // enough for 2^20 regions
constexpr uint32_t kTrackerMinRegions = 1000;  // what the reference starts with
constexpr uint32_t kTrackerMaxRegions = 1u << 20;
constexpr uint32_t kTrackerTreesOffset = 4 + 4 * kTrackerOrders;
constexpr uint32_t kRegionEndsOffset = 8;

[[noreturn]] void throw_format(const std::string& what) {
  throw Error(ErrorCode::format, "allocator state: " + what);
}

uint32_t words_for(uint32_t bits) { return (bits + 63) / 64; }
uint32_t bitmap_bytes(uint32_t len) { return 4 + 8 * words_for(len); }

// The least height of a summary tree whose root has at most 64 bits.
uint32_t height_for(uint32_t capacity) {
  uint32_t height = 1;
  for (; capacity > 64; capacity = words_for(capacity)) ++height;
  return height;
}

uint32_t tree_bytes(uint32_t len, uint32_t height) {
  uint32_t bytes = 4 + 4 * height;
  for (uint32_t level = 0; level < height; ++level, len = words_for(len))
    bytes += bitmap_bytes(len);
  return bytes;
}

// Offset of the words of the leaf level.
uint32_t leaf_words_offset(uint32_t len, uint32_t height) {
  return tree_bytes(len, height) - 8 * words_for(len);
}

uint64_t padding_ones(uint32_t len) { return len % 64 == 0 ? 0 : kAllOnes << (len % 64); }

// Writes the summary tree over free bits (1 = free, 0 past len) and returns the byte after it.
std::byte* write_tree(std::byte* out, uint32_t len, uint32_t height, const Words& free) {
  assert(free.size() == words_for(len));
  Words level(free.size());  // as stored
  for (size_t w = 0; w < free.size(); ++w) level[w] = ~free[w];

  store_le32(out, height);
  const uint32_t total = tree_bytes(len, height);
  uint32_t end = total;
  for (uint32_t k = height;
       k-- > 0;) {  // leaf level first, since each level follows from the one below
    store_le32(out + 4 + 4 * k, end);
    end -= bitmap_bytes(len);
    store_le32(out + end, len);
    for (size_t w = 0; w < level.size(); ++w) store_le64(out + end + 4 + 8 * w, level[w]);

    const uint32_t parent_len = words_for(len);
    Words parent(words_for(parent_len), 0);
    for (uint32_t w = 0; w < parent_len; ++w) {
      if (level[w] == kAllOnes) parent[w / 64] |= uint64_t{1} << (w % 64);
    }
    if (!parent.empty()) parent.back() |= padding_ones(parent_len);
    level = std::move(parent);
    len = parent_len;
  }
  assert(end == 4 + 4 * height);
  return out + total;
}

// The leaf level of a tree of known shape as free bits, padding dropped.
Words read_leaf(const std::byte* tree, uint32_t len, uint32_t height) {
  Words free(words_for(len));
  const std::byte* words = tree + leaf_words_offset(len, height);
  for (size_t w = 0; w < free.size(); ++w) free[w] = ~load_le64(words + 8 * w);
  if (!free.empty()) free.back() &= ~padding_ones(len);
  return free;
}

// The 32 even bits of word, packed, and back.
uint64_t pack_even_bits(uint64_t word) {
  word &= 0x5555555555555555;
  word = (word | word >> 1) & 0x3333333333333333;
  word = (word | word >> 2) & 0x0f0f0f0f0f0f0f0f;
  word = (word | word >> 4) & 0x00ff00ff00ff00ff;
  word = (word | word >> 8) & 0x0000ffff0000ffff;
  return (word | word >> 16) & 0xffffffff;
}

uint64_t spread_to_even_bits(uint64_t word) {
  word &= 0xffffffff;
  word = (word | word << 16) & 0x0000ffff0000ffff;
  word = (word | word << 8) & 0x00ff00ff00ff00ff;
  word = (word | word << 4) & 0x0f0f0f0f0f0f0f0f;
  word = (word | word << 2) & 0x3333333333333333;
  return (word | word << 1) & 0x5555555555555555;
}

// Bit j of the result: blocks 2j and 2j + 1 of one order lower are both free. result_len bits.
Words merge_buddies(const Words& lower, uint32_t result_len) {
  Words merged(words_for(result_len), 0);
  for (size_t w = 0; w < lower.size(); ++w) {
    const uint64_t pairs = pack_even_bits(lower[w] & lower[w] >> 1);
    // The last lower word can hold no pair at all and then has no place here.
    if (pairs != 0) merged[w / 2] |= pairs << (w % 2 * 32);
  }
  return merged;
}

// Word w of the order below: the halves of the blocks of upper.
uint64_t halves(const Words& upper, size_t w) {
  if (w / 2 >= upper.size()) return 0;
  const uint64_t even = spread_to_even_bits(upper[w / 2] >> (w % 2 * 32));
  return even | even << 1;
}

struct RegionShape {
  RegionShape(uint32_t pages, uint32_t max_pages)
      : num_pages(pages), region_max_pages(max_pages), max_order(max_order_for(max_pages)) {}

  uint32_t len(uint8_t order) const { return num_pages >> order; }
  uint32_t height(uint8_t order) const { return height_for(region_max_pages >> order); }
  uint32_t trees_offset() const { return kRegionEndsOffset + 4 * (uint32_t{max_order} + 1); }

  uint32_t num_pages;
  uint32_t region_max_pages;
  uint8_t max_order;
};

// Position of the first difference; size when there is none.
size_t first_difference(Bytes a, Bytes b) {
  assert(a.size() == b.size());
  if (std::memcmp(a.data(), b.data(), a.size()) == 0) return a.size();
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
}

// free[o]: bit r is 1 when region r may have a block of order o.
std::vector<std::byte> encode_tracker_bits(uint32_t len, const std::vector<Words>& free) {
  std::vector<std::byte> bytes(kTrackerTreesOffset +
                               kTrackerOrders * tree_bytes(len, kTrackerHeight));
  store_le32(bytes.data(), kTrackerOrders);
  std::byte* out = bytes.data() + kTrackerTreesOffset;
  for (uint32_t order = 0; order < kTrackerOrders; ++order) {
    store_le32(bytes.data() + 4 + 4 * order, tree_bytes(len, kTrackerHeight));
    out = write_tree(out, len, kTrackerHeight, free[order]);
  }
  return bytes;
}

}  // namespace

uint8_t max_order_for(uint32_t region_max_pages) noexcept {
  assert(region_max_pages >= 1);
  return std::min(kMaxOrder, static_cast<uint8_t>(std::bit_width(region_max_pages) - 1));
}

uint64_t region_bytes(uint32_t num_pages, uint32_t region_max_pages) {
  const RegionShape shape(num_pages, region_max_pages);
  uint64_t bytes = shape.trees_offset();
  for (uint8_t order = 0; order <= shape.max_order; ++order) {
    bytes += tree_bytes(shape.len(order), shape.height(order));
  }
  return bytes;
}

std::vector<std::byte> encode_region(const FreeMap& map, uint32_t region_max_pages) {
  assert(map.size() <= region_max_pages && region_max_pages <= FreeMap::kMaxPages);
  const RegionShape shape(map.size(), region_max_pages);
  std::vector<std::byte> bytes(region_bytes(map.size(), region_max_pages));
  bytes[0] = std::byte{shape.max_order};
  store_le32(bytes.data() + 4, shape.num_pages);

  std::byte* out = bytes.data() + shape.trees_offset();
  Words whole(map.words().begin(),
              map.words().end());  // blocks of this order that are free throughout
  for (uint8_t order = 0; order <= shape.max_order; ++order) {
    Words larger;
    if (order < shape.max_order) larger = merge_buddies(whole, shape.len(order + 1));
    for (size_t w = 0; w < whole.size(); ++w) whole[w] &= ~halves(larger, w);
    out = write_tree(out, shape.len(order), shape.height(order), whole);
    store_le32(bytes.data() + kRegionEndsOffset + 4 * order,
               static_cast<uint32_t>(out - bytes.data()));
    whole = std::move(larger);
  }
  assert(out == bytes.data() + bytes.size());
  return bytes;
}

FreeMap decode_region(Bytes bytes, uint32_t region_max_pages,
                      std::optional<uint32_t> expected_pages) {
  if (bytes.size() < kRegionEndsOffset) throw_format("a region row is too short");
  const uint32_t num_pages = load_le32(bytes.data() + 4);
  if (num_pages > region_max_pages || num_pages != expected_pages.value_or(num_pages)) {
    throw_format("a region row has an impossible number of pages, " + std::to_string(num_pages));
  }
  // From here on the shape is known, and every offset lies inside the bytes.
  if (bytes.size() != region_bytes(num_pages, region_max_pages)) {
    throw_format("a region row of " + std::to_string(num_pages) + " pages has " +
                 std::to_string(bytes.size()) + " bytes");
  }
  const RegionShape shape(num_pages, region_max_pages);
  std::vector<uint32_t> tree_offset(shape.max_order + 1u);
  uint32_t offset = shape.trees_offset();
  for (uint8_t order = 0; order <= shape.max_order; ++order) {
    tree_offset[order] = offset;
    offset += tree_bytes(shape.len(order), shape.height(order));
  }

  Words free;  // blocks of the order above that are free throughout
  for (uint8_t order = shape.max_order + 1u; order-- > 0;) {
    Words here =
        read_leaf(bytes.data() + tree_offset[order], shape.len(order), shape.height(order));
    for (size_t w = 0; w < here.size(); ++w) here[w] |= halves(free, w);
    free = std::move(here);
  }
  FreeMap map = FreeMap::from_words(num_pages, free);

  std::vector<std::byte> canonical = encode_region(map, region_max_pages);
  std::copy_n(bytes.begin() + 1, 3, canonical.begin() + 1);  // reserved, ignored
  const size_t difference = first_difference(bytes, canonical);
  if (difference != bytes.size()) {
    throw_format("a region row contradicts itself at byte " + std::to_string(difference));
  }
  return map;
}

uint64_t tracker_bytes(uint32_t region_count) {
  const uint32_t len = std::max(region_count, kTrackerMinRegions);
  return kTrackerTreesOffset + uint64_t{kTrackerOrders} * tree_bytes(len, kTrackerHeight);
}

std::vector<std::byte> encode_tracker(std::span<const std::optional<uint8_t>> highest_free_orders) {
  assert(highest_free_orders.size() <= kTrackerMaxRegions);
  const uint32_t regions = static_cast<uint32_t>(highest_free_orders.size());
  const uint32_t len = std::max(regions, kTrackerMinRegions);
  std::vector<Words> free(kTrackerOrders, Words(words_for(len), 0));
  for (uint32_t r = 0; r < regions; ++r) {
    if (!highest_free_orders[r]) continue;
    for (uint32_t order = 0; order <= *highest_free_orders[r]; ++order) {
      free[order][r / 64] |= uint64_t{1} << (r % 64);
    }
  }
  return encode_tracker_bits(len, free);
}

uint32_t check_tracker(Bytes bytes) {
  if (bytes.size() < kTrackerTreesOffset || load_le32(bytes.data()) != kTrackerOrders) {
    throw_format("the region tracker has no table of 21 orders");
  }
  // All trees have the same shape, so the length of the row alone gives the size of one.
  const size_t one_tree = (bytes.size() - kTrackerTreesOffset) / kTrackerOrders;
  const size_t root_levels = 4 + 4 * kTrackerHeight + 4 * kTrackerHeight;  // with every level empty
  if (one_tree < root_levels || one_tree > tree_bytes(kTrackerMaxRegions, kTrackerHeight)) {
    throw_format("the region tracker has an impossible length");
  }
  // The leaf level begins where the level above it ends.
  const std::byte* first_tree = bytes.data() + kTrackerTreesOffset;
  const uint32_t leaf = load_le32(first_tree + 4 + 4 * (kTrackerHeight - 2));
  if (leaf > one_tree - 4) throw_format("the region tracker's first level offsets are impossible");
  const uint32_t len = load_le32(first_tree + leaf);
  if (len > kTrackerMaxRegions || tree_bytes(len, kTrackerHeight) != one_tree ||
      bytes.size() != kTrackerTreesOffset + kTrackerOrders * one_tree) {
    throw_format("the region tracker's length and number of regions do not fit together");
  }

  std::vector<Words> free;
  for (uint32_t order = 0; order < kTrackerOrders; ++order) {
    free.push_back(read_leaf(first_tree + order * one_tree, len, kTrackerHeight));
  }
  const size_t difference = first_difference(bytes, encode_tracker_bits(len, free));
  if (difference != bytes.size()) {
    throw_format("the region tracker contradicts itself at byte " + std::to_string(difference));
  }
  return len;
}

bool tracker_offers(Bytes bytes, uint32_t region, uint8_t order) {
  const size_t one_tree = (bytes.size() - kTrackerTreesOffset) / kTrackerOrders;
  const std::byte* tree = bytes.data() + kTrackerTreesOffset + order * one_tree;
  const uint32_t leaf = load_le32(tree + 4 + 4 * (kTrackerHeight - 2));
  const uint32_t len = load_le32(tree + leaf);
  return region < len &&
         (read_leaf(tree, len, kTrackerHeight)[region / 64] >> (region % 64) & 1) != 0;
}

}  // namespace rdb::page
