// page_checksum.hpp: whether a page is the one its parent records.
#pragma once

#include "base/checksum.hpp"
#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

// Of the used part of the page (spec 02 section 6). In compressed files shodh-redb computes the
// checksum of a leaf with values of fixed width over another part of it (spec 02, D2), which is
// accepted as well: no change of a page whose checksum is right can make it look like that. Throws
// page_corrupted when the used part cannot be told.
bool checksum_matches(Bytes page, const Widths& widths, const base::Checksum& expected);

}  // namespace rdb::format
