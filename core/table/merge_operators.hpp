// merge_operators.hpp: the merge operators of the library as functions of bytes (spec 05 section
// 5).
#pragma once

#include <vector>

#include "rdb/merge.hpp"

namespace rdb::table {

// What the operator makes of a stored value and an operand. An operator of numbers keeps existing
// when the sizes differ, or are not among those it knows. The result lies in existing, in operand
// or in scratch, and is valid as long as these are.
Bytes merged_value(MergeKind kind, Bytes existing, Bytes operand, std::vector<std::byte>& scratch);

}  // namespace rdb::table
