// held_pages.hpp: pages that savepoints and history snapshots stored in the file need, and the page
// lists the file keeps for them (spec 01 sections 4.3 to 4.6, 8).
//
//   data_pages_unreachable    pages of the user tree freed by commit T
//   system_pages_unreachable  pages of the system tree freed by commit T
//   data_pages_allocated      pages of the user tree allocated by commit T; for restoring
//   savepoints
//
// Rows are read by structure, never by key: both byte orders of their keys may stand in one table.
// The first durable commit of a session rewrites the three tables in the file's one order (its
// profile) and drops the rows nobody needs. While holds exist each durable commit adds its own
// rows; without holds nothing is ever added, because freed pages are then known in memory
// (pending_pages.hpp) and a crash makes them unreachable, hence free.
//
// A malformed row stays in the file while holds exist: the entries that fit keep their pages. It
// goes when a full repair has walked every old tree and listed anew what these need.
//
// Invariants:
//   H1  No page is freed on the strength of a malformed row or entry (4.3).
//   H2  A row leaves the file in the commit after which its pages may be reused, not later.
//
// Threads: the holder of the writer lock.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "format/layout.hpp"
#include "page/frame_pool.hpp"
#include "rdb/options.hpp"
#include "txn/snapshot_registry.hpp"

namespace rdb::txn {

using format::PageNumber;

class TxnPages;

struct PageListRow {
  uint64_t txn_id = 0;
  std::vector<PageNumber> pages;
  bool trusted = true;                  // false: keeps its pages allocated, frees none (H1)
  std::vector<std::byte> stored_value;  // of a row that is not trusted, as it stands in the file
  std::vector<std::byte> stored_key;    // the same, when txn_id cannot be read from it
};

// The tree of user tables as an earlier commit left it, kept for a savepoint or for history.
struct OldTree {
  std::string object;
  uint64_t txn_id = 0;
  format::TreeRoot root;
};

class HeldPages {
 public:
  // Reads holds and lists of a snapshot. Damaged rows are described in notes, not thrown.
  static HeldPages load(page::FramePool& pool, const Snapshot& snapshot,
                        const format::Layout& layout, bool shodh_file, KeyProfile fallback,
                        std::vector<std::string>& notes);

  // Transaction ids that savepoints and history snapshots hold.
  const std::vector<uint64_t>& holds() const noexcept { return holds_; }
  bool active() const noexcept { return !holds_.empty(); }
  KeyProfile profile() const noexcept { return profile_; }

  // For a full repair. Newest first.
  const std::vector<OldTree>& old_trees() const noexcept { return old_trees_; }
  // False: records that cannot be read may need pages that nobody can name.
  bool old_trees_known() const noexcept { return old_trees_known_; }
  bool lists_trusted() const noexcept;
  // Asks for each page listed as freed (used though unreachable) whether it stays listed. user: in
  // the list of the user tree.
  void keep_if(const std::function<bool(const PageListRow&, bool user, PageNumber)>& keep);
  // Lists pages of the user tree as freed by that commit.
  void list_freed(uint64_t txn_id, std::vector<PageNumber> pages);
  // Everything the old trees need is listed in rows that can be trusted. Returns whether there were
  // others.
  bool forget_untrusted_rows();
  // Forgets pages listed as allocated that are not used any more: restoring a savepoint would free
  // them twice. Returns whether there were any.
  bool keep_allocated_if(const std::function<bool(PageNumber)>& used);

  // Part of a durable commit: brings the tables up to date. While holds exist the pages the user
  // tree freed are recorded there; otherwise returns false and they are the caller's to keep. Pages
  // of rows that are no longer needed are appended to released.
  bool fold(TxnPages& pages, format::TreeRoot& system_catalog, uint64_t txn_id,
            std::vector<PageNumber>& released);
  // The commit is durable: what fold() did is now the state of the file.
  void committed();

 private:
  struct Lists {
    std::vector<PageListRow> data_freed;
    std::vector<PageListRow> system_freed;
    std::vector<PageListRow> data_allocated;
  };
  uint64_t oldest_hold() const noexcept { return holds_.front(); }

  std::vector<uint64_t> holds_;  // ascending
  std::vector<OldTree> old_trees_;
  bool old_trees_known_ = true;
  uint64_t oldest_savepoint_ = ~uint64_t{0};
  KeyProfile profile_ = KeyProfile::shodh;
  Lists lists_;
  bool settled_ = false;  // the tables on disk hold lists_ in order profile_
  bool folded_ = false;
};

}  // namespace rdb::txn
