// allocator_codec.hpp: the bytes of the rows of the table `allocator_state` (spec 01 sections 3.1
// to 3.6).
//
// In all of them bit 1 means "not free here" and bit 0 "free"; numbers are little-endian.
//
// Grouped bitmap of len bits:
//   0  u32     len
//   4  u64[w]  w = ceil(len / 64); bits at and past len are 1
// Summary tree of len bits and a fixed height h:
//   0  u32     h
//   4  u32[h]  end of each level, from the start of this tree, root level first
//   then       the levels as grouped bitmaps, leaf level (len bits) last; a level above
//              another has one bit per word of it, 1 when that word is all ones
// Region (one per region; M = region_max_data_pages, n = pages of this region):
//   0  u8      max_order = min(20, floor(log2 M))
//   1  u8[3]   0
//   4  u32     n
//   8  u32[max_order + 1]  end of each order's tree, from the start of the row, order 0 first
//   then       per order o a summary tree of n >> o bits, high enough for M >> o bits
// Region tracker (one per file):
//   0  u32     21
//   4  u32[21] bytes of each order's tree
//   then       per order a summary tree of height 4, one bit per region: 0 when the region
//              may have a free block of this order or a larger one. At least 1000 bits.
//
// A free block is marked at the highest order that holds it whole and nowhere else, so a map has
// exactly one encoding. Decoding relies on that: bytes are right when, and only when, encoding the
// map they describe gives them back. That one comparison checks offsets, heights, lengths, padding,
// summary bits and blocks marked twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "page/free_map.hpp"
#include "rdb/types.hpp"

namespace rdb::page {

// Largest order of a page in regions of at most region_max_pages (1..2^20) pages.
uint8_t max_order_for(uint32_t region_max_pages) noexcept;

// Bytes of a region row; they depend on the number of pages, not on which are free.
uint64_t region_bytes(uint32_t num_pages, uint32_t region_max_pages);
std::vector<std::byte> encode_region(const FreeMap& map, uint32_t region_max_pages);
// Throws format when the bytes are not what encode_region writes for some map (the reserved
// bytes 1..3 excepted), when they describe more than region_max_pages pages, or not expected_pages.
// The caller then rebuilds the allocators from the trees.
FreeMap decode_region(Bytes bytes, uint32_t region_max_pages,
                      std::optional<uint32_t> expected_pages = std::nullopt);

// Bytes of the tracker row for this many regions.
uint64_t tracker_bytes(uint32_t region_count);
// One element per region: FreeMap::highest_free_order(); nullopt for a full region.
std::vector<std::byte> encode_tracker(std::span<const std::optional<uint8_t>> highest_free_orders);
// Throws format when the bytes are no well-formed tracker. Returns how many regions it has bits
// for. Its content is a hint that the region rows supersede.
uint32_t check_tracker(Bytes bytes);
// Whether it says that a region may have a free block of this order (0..20). Requires bytes that
// check_tracker accepted.
bool tracker_offers(Bytes bytes, uint32_t region, uint8_t order);

}  // namespace rdb::page
