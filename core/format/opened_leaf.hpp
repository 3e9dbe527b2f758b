// opened_leaf.hpp: the values of a leaf of a compressed table, out of their envelopes.
//
// Threads: any, with handles of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/endian.hpp"
#include "format/leaf_view.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

// A handle; its copies share what it holds, which goes with the last of them.
class OpenedLeaf {
 public:
  // Holds nothing.
  OpenedLeaf() = default;
  // Copies; the leaf may go. bytes: what bytes_needed() gave for it. Throws what LeafView and
  // ValueEnvelope throw, corrupted for a value that has another width than its type, no_memory or
  // bad_alloc.
  OpenedLeaf(const LeafView& leaf, std::optional<uint32_t> value_width, uint64_t bytes);

  // Bytes of memory that the leaf takes once it is opened; nothing when all its values lie in it as
  // they are. Throws what LeafView and ValueEnvelope::parse() throw.
  static std::optional<uint64_t> bytes_needed(const LeafView& leaf);

  explicit operator bool() const noexcept { return block_ != nullptr; }
  // Of entry i of the leaf; lives as long as what is held.
  Bytes value(uint32_t i) const noexcept {
    const uint64_t begin = i == 0 ? values_begin() : end(i - 1);
    return {block_.get() + begin, end(i) - begin};
  }
  // Of entries first and following, as many as values has.
  void read(uint32_t first, std::span<Bytes> values) const noexcept;

  uint64_t memory_bytes() const noexcept;  // as bytes_needed()

 private:
  uint64_t values_begin() const noexcept { return uint64_t{entries_} * sizeof(uint64_t); }
  uint64_t end(uint32_t i) const noexcept {
    return base::load_le64(block_.get() + uint64_t{i} * sizeof(uint64_t));
  }

  // A u64 for each entry, where its value ends in the block; then the values. One block, so that a
  // scan waits for memory once a leaf.
  std::shared_ptr<const std::byte[]> block_;
  uint32_t entries_ = 0;
};

}  // namespace rdb::format
