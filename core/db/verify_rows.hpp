// verify_rows.hpp: what the rows of the system tables say that reclamation, savepoints, history and
// quick opening rely on (spec 01 sections 3.5, 4.3 to 4.6).
//
// Rows are handed in as the walk of their table meets them and judged when both trees have been
// walked: page lists are wrong when they name pages in use, savepoints when nothing keeps their
// pages.
//
// Not synchronised.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "btree/key_order.hpp"
#include "db/findings.hpp"
#include "db/page_census.hpp"
#include "format/leaf_view.hpp"
#include "format/system_tables.hpp"
#include "txn/snapshot_registry.hpp"

namespace rdb::db {

// The tree of user tables as it was at an earlier commit, kept for a savepoint or for history.
struct OldTree {
  std::string object;
  format::TreeRoot root;
  const char* meaning;  // of damage to it
};

class SystemRows {
 public:
  SystemRows(const txn::Snapshot& snapshot, PageCensus& census, Findings& findings)
      : snapshot_(snapshot), census_(census), findings_(findings) {}

  // Keeps the rows of a leaf of a system table that is judged here; others are left alone.
  void take(std::string_view table, format::PageNumber page, const format::LeafView& leaf);
  // Some rows of this table could not be read.
  void miss(std::string_view table);
  // How the keys taken for a table are ordered, where the type does not tell: both byte orders
  // occur, and tables that hold both, or rows that compare equal, have none (spec 02 section 15.2).
  btree::KeyOrder order_of(const format::SystemTable& table) const;

  // Judges all rows. Pages listed as freed are held in the census.
  void judge();

  // After judge(): every page list could be believed.
  bool lists_complete() const noexcept { return lists_complete_; }
  const std::vector<OldTree>& old_trees() const noexcept { return old_trees_; }
  // What the commit itself stored; nullopt when it stored none, or none that can be used.
  const std::optional<page::PageAllocator>& stored_allocator() const noexcept { return stored_; }

 private:
  struct Row {
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    format::PageNumber page;  // of the leaf
  };
  const std::vector<Row>& rows_of(const format::SystemTable& table) const;
  std::optional<KeyProfile> profile_of(const format::SystemTable& table) const;

  void judge_savepoints();
  void judge_next_savepoint_id(const std::vector<uint64_t>& ids);
  void judge_history();
  void judge_freed(const format::SystemTable& table);
  void judge_freed_row(const format::SystemTable& table, const Row& row);
  void judge_allocated();
  void judge_allocator_state();
  std::optional<page::PageAllocator> parse_allocator_state();
  bool root_inside(const format::TreeRoot& root) const;

  const txn::Snapshot& snapshot_;
  PageCensus& census_;
  Findings& findings_;
  std::map<std::string, std::vector<Row>, std::less<>> rows_;
  std::vector<OldTree> old_trees_;
  std::optional<page::PageAllocator> stored_;
  uint64_t oldest_savepoint_ = ~uint64_t{0};
  bool lists_complete_ = true;
};

}  // namespace rdb::db
