// key_bounds.hpp: the range of keys a cursor is confined to; it owns its keys.
#pragma once

#include <vector>

#include "btree/key_order.hpp"
#include "rdb/table.hpp"

namespace rdb::table {

class KeyBounds {
 public:
  KeyBounds() = default;
  // Bounds demand an order that is known.
  KeyBounds(const KeyRange& range, const btree::KeyOrder& order)
      : lower_(range.lower),
        upper_(range.upper),
        lower_key_(range.lower_key.begin(), range.lower_key.end()),
        upper_key_(range.upper_key.begin(), range.upper_key.end()) {
    if (lower_ == Bound::unbounded || upper_ == Bound::unbounded) return;
    // Decided before any descent: positions in different leaves do not tell (spec 02 section 13.2).
    const int c = order.compare(lower_key_, upper_key_);
    empty_ = c > 0 || (c == 0 && (lower_ == Bound::excluded || upper_ == Bound::excluded));
  }

  bool empty() const noexcept { return empty_; }
  bool has_lower() const noexcept { return lower_ != Bound::unbounded; }
  bool has_upper() const noexcept { return upper_ != Bound::unbounded; }
  Bytes lower_key() const noexcept { return lower_key_; }
  Bytes upper_key() const noexcept { return upper_key_; }

  bool above_lower(const btree::KeyOrder& order, Bytes key) const noexcept {
    if (!has_lower()) return true;
    const int c = order.compare(key, lower_key_);
    return lower_ == Bound::included ? c >= 0 : c > 0;
  }
  bool below_upper(const btree::KeyOrder& order, Bytes key) const noexcept {
    if (!has_upper()) return true;
    const int c = order.compare(key, upper_key_);
    return upper_ == Bound::included ? c <= 0 : c < 0;
  }

 private:
  bool empty_ = false;
  Bound lower_ = Bound::unbounded;
  Bound upper_ = Bound::unbounded;
  std::vector<std::byte> lower_key_;
  std::vector<std::byte> upper_key_;
};

}  // namespace rdb::table
