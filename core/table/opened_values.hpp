// opened_values.hpp: the values that a cursor passes, out of their envelopes.
//
// A value that is asked for alone is opened alone. From the second one of a leaf on, or where it
// has no other, the whole leaf is opened, when the memory budget has room for it
// (page/opened_leaves.hpp), and serves every cursor that comes there later.
//
// One thread at a time.
#pragma once

#include <optional>
#include <vector>

#include "btree/cursor.hpp"
#include "format/opened_leaf.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {

class OpenedValues {
 public:
  explicit OpenedValues(const TableImpl& table) noexcept : table_(table) {}

  // TableImpl::value_of() the entry under tree; lies in its page, in scratch, or here until an
  // entry of another leaf is asked for.
  Bytes value(const btree::TreeCursor& tree, std::vector<std::byte>& scratch) {
    return table_.compressed() ? open(tree, scratch) : tree.value();
  }
  // All values of tree's leaf, or NULL where they are not to be had at once. Lives as above.
  // Requires a compressed table.
  const format::OpenedLeaf* whole_leaf(const btree::TreeCursor& tree);

 private:
  Bytes open(const btree::TreeCursor& tree, std::vector<std::byte>& scratch);
  void follow(const btree::TreeCursor& tree);
  void try_whole(const btree::TreeCursor& tree);

  const TableImpl& table_;
  std::optional<format::PageNumber> page_;  // of the leaf asked for last
  format::OpenedLeaf leaf_;                 // holds nothing where the leaf is not opened
  bool opened_one_ = false;                 // of its values, alone
  bool tried_ = false;                      // to open all of it
};

}  // namespace rdb::table
