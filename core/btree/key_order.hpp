// key_order.hpp: the order in which a table keeps its keys (spec 02 section 10), and search by it.
//
// Two families: bytes compared as they are, and bytes decoded first with the lenient rules of
// section 9, so that every pair of byte strings has an order and no comparison can fail or
// allocate.
//
// The searches look at the kind of order once per page, not once per comparison. They borrow
// nothing and may be used by any number of threads.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/endian.hpp"
#include "format/branch_view.hpp"
#include "format/leaf_view.hpp"
#include "format/type_info.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::btree {

// The first eight bytes as a big-endian number, zeros behind a shorter key: keys with different
// prefixes are in the order of these.
inline uint64_t prefix_of(Bytes key) noexcept {
  const std::byte* const p = key.data();
  const size_t size = key.size();
  if (size >= 8) [[likely]]
    return base::load_be64(p);
  // Two loads, of which the second ends with the key; where they overlap they agree.
  if (size >= 4) {
    return uint64_t{base::load_be32(p)} << 32 | uint64_t{base::load_be32(p + size - 4)}
                                                    << (64 - 8 * size);
  }
  if (size >= 2) {
    return uint64_t{base::load_be16(p)} << 48 | uint64_t{base::load_be16(p + size - 2)}
                                                    << (64 - 8 * size);
  }
  return size == 0 ? 0 : std::to_integer<uint64_t>(*p) << 56;
}

// memcmp over the common part, then the shorter first.
inline int compare_bytes(Bytes a, Bytes b) noexcept {
  const size_t common = a.size() < b.size() ? a.size() : b.size();
  size_t at = 0;
  if (common >= 8) {  // decides most comparisons without a call
    const uint64_t x = base::load_be64(a.data());
    const uint64_t y = base::load_be64(b.data());
    if (x != y) return x < y ? -1 : 1;
    at = 8;
  }
  if (common > at) {
    const int order = std::memcmp(a.data() + at, b.data() + at, common - at);
    if (order != 0) return order;
  }
  return a.size() == b.size() ? 0 : (a.size() < b.size() ? -1 : 1);
}

class KeyOrder {
 public:
  using Kind = format::KeyOrderKind;

  KeyOrder() = default;  // unknown
  explicit KeyOrder(const format::TypeInfo& type) noexcept;

  bool known() const noexcept { return kind_ != Kind::unknown; }
  Kind kind() const noexcept { return kind_; }
  // Throws unknown_key_type naming what was asked for.
  void require_known(const char* action) const {
    if (!known()) [[unlikely]]
      throw_unknown(action);
  }

  // Below, equal to or above zero as a comes before, with or after b. Requires known().
  int compare(Bytes a, Bytes b) const noexcept {
    return kind_ == Kind::bytes ? compare_bytes(a, b) : compare_decoded(a, b);
  }

  struct Place {
    uint32_t index = 0;  // of the first key that is not smaller; size() when all are smaller
    bool equal = false;  // that key equals the one looked for
  };
  // Requires known(). Throws page_corrupted on offsets outside the page.
  Place lower_bound(const format::LeafView& leaf, Bytes key) const;
  // The child to descend into: the number of separators strictly smaller than key, so that a key
  // equal to a separator goes left. widths are those the view was parsed with.
  uint32_t child_index(const format::BranchView& branch, const format::Widths& widths,
                       Bytes key) const;

 private:
  int compare_decoded(Bytes a, Bytes b) const noexcept;
  [[noreturn]] [[gnu::cold]] static void throw_unknown(const char* action);

  Kind kind_ = Kind::unknown;
  Kind element_kind_ = Kind::unknown;
  uint32_t element_width_ = 0;
  uint32_t element_count_ = 0;
  std::shared_ptr<const format::TypeShape> shape_;  // composite
  std::shared_ptr<const KeyCompare> custom_;        // custom
};

}  // namespace rdb::btree
