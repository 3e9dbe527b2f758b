// tree_builder.hpp: a new tree from records that come in key order (bottom-up bulk loading).
//
// Leaves are filled to the last record that fits, and placed as they fill; branches are placed by
// finish(). Nothing is searched and nothing moves, so a record costs about one copy of its bytes,
// and the tree has a third fewer pages than random insertion leaves.
//
// Invariants: those of mutator.hpp, U4 above all: every branch has two children or more. A page
// grows beyond a base page where it must: a record too large for one has a leaf of its own.
//
// One thread at a time. Each call requires an Operation held by the caller; it need not be the same
// one, so that dirty pages can be written out in between.
#pragma once

#include <cstdint>
#include <vector>

#include "btree/tree.hpp"
#include "format/branch_builder.hpp"
#include "format/leaf_builder.hpp"
#include "page/page_writer.hpp"

namespace rdb::btree {

class TreeBuilder {
 public:
  TreeBuilder(page::PageWriter& writer, const TreeShape& shape) : writer_(writer), shape_(shape) {}
  TreeBuilder(const TreeBuilder&) = delete;
  TreeBuilder& operator=(const TreeBuilder&) = delete;

  // Requires a key above all before, and sizes that Mutator::check_sizes() lets pass. The bytes are
  // borrowed until finish() returns.
  void add(Bytes key, Bytes value);

  // The tree, its checksums still to be computed by finalize(); nothing when add() was never
  // called. No call but abandon() follows.
  TreeRoot finish();

  // After a failure, also of what followed finish(): gives back every page. False: some may be
  // lost, the transaction can only be aborted.
  bool abandon() noexcept;

 private:
  void place_leaf();
  // Replaces children_ and separators_ by the level above them.
  void place_branches();
  void place_branch(size_t begin, size_t end);
  page::NewPage allocate(uint64_t bytes, page::PageUse use);

  page::PageWriter& writer_;
  const TreeShape& shape_;
  uint64_t length_ = 0;

  std::vector<format::LeafEntry> entries_;  // of the leaf being filled
  uint64_t entry_bytes_ = 0;                // keys and values in it
  Bytes last_key_;                          // of the leaf before

  // One level of the tree: separators_[i] stands between children_[i] and children_[i + 1].
  std::vector<format::BranchChild> children_;
  std::vector<Bytes> separators_;
  std::vector<format::BranchChild> upper_children_;
  std::vector<Bytes> upper_separators_;
  std::vector<PageNumber> allocated_;
};

}  // namespace rdb::btree
