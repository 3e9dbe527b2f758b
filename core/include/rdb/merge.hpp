// merge.hpp: how Table::merge makes a new value of the stored one and an operand.
#pragma once

#include <cstdint>
#include <optional>

#include "rdb/types.hpp"

namespace rdb {

// The operators that come with the library (spec 05 section 5). Where the key is absent the operand
// is stored as it is. Numbers are little-endian.
enum class MergeKind : uint32_t {
  numeric_add = 0,     // 1, 2, 4 or 8 bytes: sum modulo 2^bits, signed and unsigned alike
  saturating_add = 1,  // the same sizes: unsigned sum, at most the largest number
  float_add = 2,       // 4 or 8 bytes: IEEE 754 sum
  numeric_max = 3,     // 1, 2, 4 or 8 bytes: the larger unsigned number
  numeric_min = 4,     // the same sizes: the smaller one
  bitwise_or = 5,      // any size
  bytes_append = 6,    // any size: the stored bytes, then the operand
};

// An operator of the caller's. It is called while the table is locked against everything else: a
// call on it, from in here or from another thread, throws misuse. Other tables of the transaction
// may be read.
class MergeFunction {
 public:
  virtual ~MergeFunction() = default;
  // The new value; nothing: the key is deleted, or stays absent. existing is absent when the key
  // is. What is returned must live until the next call or the end of the merge, and may lie inside
  // existing or operand. What it throws leaves the table as it was and is what merge() throws.
  virtual std::optional<Bytes> merge(Bytes key, std::optional<Bytes> existing, Bytes operand) = 0;
};

}  // namespace rdb
