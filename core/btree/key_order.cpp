#include "btree/key_order.hpp"

#include <algorithm>
#include <string>
#include <type_traits>

#include "btree/composite_order.hpp"
#include "btree/key_codecs.hpp"
#include "rdb/error.hpp"

namespace rdb::btree {
namespace {

using format::BranchView;
using format::LeafView;
using format::Widths;

// Smallest i in [0, count] with !less(i), for a less that is true on a prefix.
template <typename Less>
uint32_t partition_point(uint32_t count, Less&& less) {
  uint32_t begin = 0;
  while (count > 0) {
    const uint32_t half = count / 2;
    if (less(begin + half)) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return begin;
}

// The same over keys of exactly Codec::kWidth bytes that lie one behind the other, without branches
// that depend on the keys.
template <typename Codec>
uint32_t partition_point_packed(Codec, const std::byte* keys, uint32_t count,
                                const typename Codec::Decoded& wanted) noexcept {
  uint32_t begin = 0;
  while (count > 1) {
    const uint32_t half = count / 2;
    const std::byte* probe = keys + size_t{begin + half - 1} * Codec::kWidth;
    begin += Codec::decode_exact(probe) < wanted ? half : 0;
    count -= half;
  }
  if (count == 1) begin += Codec::decode_exact(keys + size_t{begin} * Codec::kWidth) < wanted;
  return begin;
}

// First key of view that is not below key. Works on leaves and branches alike.
template <typename View>
uint32_t search(const View& view, uint32_t count, const Widths& widths, KeyOrderKind kind,
                Bytes key, const KeyOrder& order) {
  return with_codec(
      kind,
      [&](auto codec) -> uint32_t {
        using Codec = decltype(codec);
        const auto wanted = Codec::decode(key);
        if (widths.key == Codec::kWidth) {  // parse() proved that these keys lie inside the page
          return partition_point_packed(codec, view.page().data() + view.keys_begin(), count,
                                        wanted);
        }
        return partition_point(count,
                               [&](uint32_t i) { return Codec::decode(view.key(i)) < wanted; });
      },
      [&](KeyOrderKind other) -> uint32_t {
        if (other == KeyOrderKind::bytes) {
          if constexpr (std::is_same_v<View, BranchView>) {
            // Separators are cut short (docs/design/0002-short-separators.md): most have less than
            // eight bytes, and compare_bytes() would call memcmp for them.
            const uint64_t wanted = prefix_of(key);
            return partition_point(count, [&](uint32_t i) {
              const Bytes separator = view.key(i);
              const uint64_t prefix = prefix_of(separator);
              return prefix != wanted ? prefix < wanted : compare_bytes(separator, key) < 0;
            });
          }
          return partition_point(count,
                                 [&](uint32_t i) { return compare_bytes(view.key(i), key) < 0; });
        }
        if (other != KeyOrderKind::unit) {
          return partition_point(count,
                                 [&](uint32_t i) { return order.compare(view.key(i), key) < 0; });
        }
        return 0;  // unit: no key is below another
      });
}

}  // namespace

KeyOrder::KeyOrder(const format::TypeInfo& type) noexcept : kind_(type.order) {
  if (kind_ == Kind::composite) shape_ = type.shape;
  if (kind_ == Kind::custom) custom_ = type.custom;
  if (kind_ != Kind::array) return;
  element_kind_ = type.element_order;
  element_width_ = type.element_width;
  if (element_kind_ == Kind::unknown || element_kind_ == Kind::array || !type.width) {
    kind_ = Kind::unknown;
    return;
  }
  element_count_ = element_width_ == 0 ? 0 : *type.width / element_width_;
}

int KeyOrder::compare_decoded(Bytes a, Bytes b) const noexcept {
  if (kind_ == Kind::composite) return compare_composite(*shape_, a, b);
  if (kind_ == Kind::custom) return custom_->compare(a, b);
  if (kind_ != Kind::array) return compare_simple(kind_, a, b);
  const auto element = [&](Bytes key, size_t i) {
    const size_t begin = std::min(key.size(), i * element_width_);
    return key.subspan(begin, std::min<size_t>(key.size() - begin, element_width_));
  };
  for (uint32_t i = 0; i < element_count_; ++i) {
    const int order = compare_simple(element_kind_, element(a, i), element(b, i));
    if (order != 0) return order;
  }
  return 0;
}

KeyOrder::Place KeyOrder::lower_bound(const LeafView& leaf, Bytes key) const {
  Place place;
  place.index = search(leaf, leaf.size(), leaf.widths(), kind_, key, *this);
  place.equal = place.index < leaf.size() && compare(leaf.key(place.index), key) == 0;
  return place;
}

uint32_t KeyOrder::child_index(const BranchView& branch, const Widths& widths, Bytes key) const {
  return search(branch, branch.key_count(), widths, kind_, key, *this);
}

void KeyOrder::throw_unknown(const char* action) {
  throw Error(ErrorCode::unknown_key_type,
              std::string(action) + ": the order of the table's key type is not known");
}

}  // namespace rdb::btree
