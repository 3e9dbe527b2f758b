#include "table/opened_values.hpp"

#include <exception>

namespace rdb::table {

using format::OpenedLeaf;

void OpenedValues::follow(const btree::TreeCursor& tree) {
  if (page_ == tree.leaf_page()) [[likely]]
    return;
  page_ = tree.leaf_page();
  opened_one_ = false;
  // A page that the transaction owns may still change; others keep what they hold until it ends.
  tried_ = table_.writable() && table_.pool().owned(*page_);
  leaf_ = tried_ ? OpenedLeaf() : table_.pool().opened_leaves().find(*page_);
}

void OpenedValues::try_whole(const btree::TreeCursor& tree) {
  tried_ = true;
  page::OpenedLeaves& kept = table_.pool().opened_leaves();
  try {
    const std::optional<uint64_t> bytes = OpenedLeaf::bytes_needed(tree.leaf());
    if (!bytes || !kept.has_room(*bytes)) return;
    leaf_ = OpenedLeaf(tree.leaf(), table_.info().value_width, *bytes);
    kept.insert(*page_, leaf_);
  } catch (const std::exception&) {
    // A damaged value is reported when it is asked for, and the others can be had. Nor does a scan
    // end for want of memory that it can do without.
  }
}

const OpenedLeaf* OpenedValues::whole_leaf(const btree::TreeCursor& tree) {
  follow(tree);
  if (!leaf_ && !tried_) try_whole(tree);
  return leaf_ ? &leaf_ : nullptr;
}

Bytes OpenedValues::open(const btree::TreeCursor& tree, std::vector<std::byte>& scratch) {
  follow(tree);
  if (!leaf_ && !tried_ && (opened_one_ || tree.leaf().size() == 1)) try_whole(tree);
  if (leaf_) return leaf_.value(tree.index());
  const Bytes value = table_.value_of(tree.value(), scratch);
  opened_one_ = opened_one_ || (!scratch.empty() && value.data() == scratch.data());
  return value;
}

}  // namespace rdb::table
