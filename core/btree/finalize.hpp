// finalize.hpp: fills in the checksums that a write transaction has deferred (spec 02 section 6).
#pragma once

#include "btree/node.hpp"
#include "page/page_writer.hpp"

namespace rdb::btree {

// Gives every owned page of the tree its checksum, children first, and tells writer how much of
// each page of order > 0 is worth writing. A committed page that carries the deferred marker (spec
// 02, D1) stays as it is.
//
// Opens its own Operations, one per page, so pages may be spilled and loaded again meanwhile; the
// caller must hold none. After a failure the tree is whole and may be finalized again.
void finalize(page::PageWriter& writer, TreeRoot& root, const Widths& widths);

}  // namespace rdb::btree
