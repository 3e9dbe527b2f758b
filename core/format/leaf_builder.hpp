// leaf_builder.hpp: writes a fresh leaf page. Layout: leaf_view.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct LeafEntry {
  Bytes key;
  Bytes value;
};

// Bytes a leaf with these entries needs.
uint64_t leaf_required_bytes(std::span<const LeafEntry> entries, const Widths& widths) noexcept;

// Writes the leaf to the front of page and returns the bytes used. Bytes behind them stay as they
// are; no checksum covers them.
//
// Requires 1..kMaxLeafEntries entries in key order whose lengths obey widths and whose bytes do not
// lie inside page, and page.size() >= leaf_required_bytes(). End offsets must fit 32 bits.
uint64_t build_leaf(std::span<std::byte> page, std::span<const LeafEntry> entries,
                    const Widths& widths) noexcept;

}  // namespace rdb::format
