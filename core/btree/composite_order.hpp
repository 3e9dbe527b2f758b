// composite_order.hpp: the order of tuples, options and arrays (spec 02 section 10.2).
//
// Both sides are cut into members by the lenient rules of section 9: a length or an offset that
// runs past the data is clamped, a missing one is 0. So each byte string stands for one list of
// members, and comparing those lists is a total order, whatever the bytes are. Members a list of
// elements has past the end of both sides are empty on both, hence equal, and are not visited: the
// work is bounded by the data, not by the counts in a type name.
#pragma once

#include "format/type_shape.hpp"
#include "rdb/types.hpp"

namespace rdb::btree {

// Requires an order at the root of shape. Recursion is bounded by format::kMaxTypeNesting.
int compare_composite(const format::TypeShape& shape, Bytes a, Bytes b) noexcept;

}  // namespace rdb::btree
