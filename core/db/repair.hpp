// repair.hpp: which pages a commit uses, found by walking and verifying all of its trees.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "format/header.hpp"
#include "page/frame_pool.hpp"
#include "page/page_allocator.hpp"
#include "rdb/options.hpp"
#include "txn/held_pages.hpp"

namespace rdb::db {

struct RepairOptions {
  bool compressed = false;  // the values of user tables are
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

// An allocator in which exactly the pages reachable from the commit, the pages its lists hold back,
// and the pages under a blob region are used. Every checksum is verified on the way (by pool, which
// must do so). Pages that are listed as freed and reachable are forgotten by held. Throws corrupted
// or page_corrupted when the commit's trees are not whole.
page::PageAllocator rebuild_allocator(page::FramePool& pool, const format::Layout& layout,
                                      const format::CommitSlot& commit, txn::HeldPages& held,
                                      const RepairOptions& options,
                                      std::vector<std::string>& notes);

// Marks the base pages that a blob region of an older release lies on, which are never handed out
// (spec 01 section 7.6).
void hold_blob_region(page::PageAllocator& allocator, const format::Layout& layout,
                      const format::BlobRegion& blobs);

// Verifies every tree of the commit without an allocator; throws as above.
void verify_trees(page::FramePool& pool, const format::Layout& layout,
                  const format::CommitSlot& commit, const RepairOptions& options);

}  // namespace rdb::db
