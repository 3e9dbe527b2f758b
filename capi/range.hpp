// range.hpp: rdb_range as the core's.
#pragma once

#include "args.hpp"
#include "rdb/table.hpp"

namespace rdb::capi {

static_assert(RDB_BOUND_NONE == static_cast<uint32_t>(Bound::unbounded));
static_assert(RDB_BOUND_INCLUDED == static_cast<uint32_t>(Bound::included));
static_assert(RDB_BOUND_EXCLUDED == static_cast<uint32_t>(Bound::excluded));

inline Bound to_bound(uint32_t bound) {
  return to_enum(bound, Bound::excluded, "a bound of the range is none of RDB_BOUND_...");
}

// Borrows the keys of range; NULL is everything.
inline KeyRange to_range(const rdb_range* range) {
  KeyRange keys;
  if (range == nullptr) return keys;
  keys.lower = to_bound(range->lower_bound);
  keys.upper = to_bound(range->upper_bound);
  if (keys.lower != Bound::unbounded) keys.lower_key = to_bytes(range->lower);
  if (keys.upper != Bound::unbounded) keys.upper_key = to_bytes(range->upper);
  return keys;
}

}  // namespace rdb::capi
