// finalize.hpp: fills in the checksums that a write transaction has deferred (spec 02 section 6).
#pragma once

#include <functional>
#include <optional>

#include "btree/collection.hpp"
#include "btree/node.hpp"
#include "page/page_writer.hpp"

namespace rdb::btree {

// Gives every owned page of the tree its checksum, children first, and tells writer how much of
// each page of order > 0 is worth writing. A committed page that carries the deferred marker (spec
// 02, D1) stays as it is.
//
// Opens its own Operations, one per page, so pages may be spilled and loaded again meanwhile; the
// caller must hold none. After a failure the tree is whole and may be finalized again.
//
// before_leaf, when given, is called for each owned leaf before its checksum is computed, outside
// any Operation; it may still edit the leaf without changing its size.
void finalize(page::PageWriter& writer, TreeRoot& root, const Widths& widths,
              const std::function<void(PageNumber)>& before_leaf = {});

// The same for a multimap, subtrees first. make_room is called now and then, outside any Operation,
// and may write out dirty pages.
void finalize_multimap(page::PageWriter& writer, TreeRoot& root,
                       const std::optional<uint32_t>& key_width, const CollectionForm& form,
                       const std::function<void()>& make_room);

}  // namespace rdb::btree
