#include "btree/separator.hpp"

#include <algorithm>

namespace rdb::btree {

Bytes separator_between(const TreeShape& shape, Bytes last_of_left, Bytes first_of_right) {
  if (shape.widths.key || shape.order.kind() != KeyOrder::Kind::bytes) return last_of_left;
  const size_t common = std::min(last_of_left.size(), first_of_right.size());
  const auto [left, right] =
      std::mismatch(last_of_left.begin(), last_of_left.begin() + common, first_of_right.begin());
  size_t size = static_cast<size_t>(right - first_of_right.begin()) + 1;
  const auto inside_character = [&](size_t at) {
    return (first_of_right[at] & std::byte{0xC0}) == std::byte{0x80};
  };
  while (size < first_of_right.size() && inside_character(size)) ++size;
  if (size >= first_of_right.size() || size >= last_of_left.size()) return last_of_left;
  return first_of_right.first(size);
}

}  // namespace rdb::btree
