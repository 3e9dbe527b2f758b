// leaf_builder.hpp: writes a fresh leaf page. Layout: leaf_view.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/page_number.hpp"
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

// A leaf of at most a base page in the making, whose entries come one by one and are copied at
// once: keys and values as the leaf will have them, so that it is written by the piece. Its first
// entry may have any size.
class LeafDraft {
 public:
  explicit LeafDraft(const Widths& widths) noexcept;

  bool empty() const noexcept { return entries_ == 0; }
  uint64_t required_bytes() const noexcept { return required_bytes_; }
  // Whether a page of 4096 bytes holds one more entry.
  bool fits(size_t key_bytes, size_t value_bytes) const noexcept {
    return required_bytes_ + ends_bytes_ + key_bytes + value_bytes <= kPageBytes &&
           entries_ < kMaxLeafEntries;
  }
  Bytes last_key() const;  // valid until the draft changes

  void add(Bytes key, Bytes value) { append({&key, 1}, {&value, 1}); }
  // As many of the entries as fit, from the first on; of those that find the draft empty, at least
  // one. Returns their number.
  size_t add(std::span<const Bytes> keys, std::span<const Bytes> values);
  void clear() noexcept;
  // As build_leaf(), with the same requirements.
  uint64_t build(std::span<std::byte> page) const noexcept;

 private:
  // The keys or the values, at the front of arrays that only grow. A value beyond 4 GiB overflows
  // the ends, and the page.
  struct Part {
    std::vector<std::byte> bytes;
    std::vector<uint32_t> ends;  // of each, counted from the first
    size_t used_bytes = 0;

    void append(size_t entries, std::span<const Bytes> more);
    Bytes used() const noexcept { return Bytes(bytes).first(used_bytes); }
  };

  size_t fitting(std::span<const Bytes> keys, std::span<const Bytes> values) const noexcept;
  void append(std::span<const Bytes> keys, std::span<const Bytes> values);

  const Widths widths_;
  const uint64_t ends_bytes_;  // of an entry
  uint64_t required_bytes_;
  size_t entries_ = 0;
  Part keys_;
  Part values_;
};

}  // namespace rdb::format
