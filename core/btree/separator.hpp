// separator.hpp: the key that stands between two neighbouring pages in the branch above them.
#pragma once

#include "btree/tree.hpp"
#include "rdb/types.hpp"

namespace rdb::btree {

// Any s with last_of_left <= s < first_of_right would do (spec 02 section 4). For byte strings a
// prefix of first_of_right that just exceeds last_of_left is often much shorter. It ends between
// characters, since readers decode separators of &str tables as text. Borrows from the arguments.
Bytes separator_between(const TreeShape& shape, Bytes last_of_left, Bytes first_of_right);

}  // namespace rdb::btree
