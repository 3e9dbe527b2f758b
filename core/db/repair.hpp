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
#include "txn/recount.hpp"

namespace rdb::db {

struct RepairOptions {
  bool compressed = false;  // the values of user tables are
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

// How many tables the catalogs of a commit hold, and the tables whose own records count wrongly.
struct CommitCount {
  uint64_t user_tables = 0;
  uint64_t system_tables = 0;
  std::vector<txn::Recount> wrong;

  // Writes the lengths of the catalogs into the roots of the commit, and into notes what was wrong.
  // Returns whether anything was.
  bool correct(format::CommitSlot& commit, std::vector<std::string>& notes) const;
};

struct Repaired {
  page::PageAllocator allocator;
  CommitCount count;
  bool lists_changed = false;  // held lists other pages than the file does
};

// An allocator in which the pages reachable from the commit, those its savepoints and history
// snapshots need, those its lists hold back, and those under a blob region are used. Every checksum
// of the commit is verified on the way (by pool, which must do so). Afterwards held lists each page
// once that an old tree alone needs, and none that is in use, whatever the lists said; what cannot
// be proved free stays used. Throws corrupted or page_corrupted when the commit's trees are not
// whole.
Repaired rebuild_allocator(page::FramePool& pool, const format::Layout& layout,
                           const format::CommitSlot& commit, txn::HeldPages& held,
                           const RepairOptions& options, std::vector<std::string>& notes);

// Marks the base pages that a blob region of an older release lies on, which are never handed out
// (spec 01 section 7.6).
void hold_blob_region(page::PageAllocator& allocator, const format::Layout& layout,
                      const format::BlobRegion& blobs);

// Verifies every tree of the commit without an allocator; throws as above.
CommitCount verify_trees(page::FramePool& pool, const format::Layout& layout,
                         const format::CommitSlot& commit, const RepairOptions& options);

}  // namespace rdb::db
