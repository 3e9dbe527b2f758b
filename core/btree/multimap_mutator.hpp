// multimap_mutator.hpp: copy-on-write changes to a multimap: an outer tree whose values are
// collections, and the subtrees of those that are not inline (collection.hpp).
//
// Invariants, beside those of mutator.hpp:
//   M1  A change that fails leaves both trees as they were. Where two must change, the one that may
//       fail changes last, or the outer leaf is owned by then, so that exchanging one root record
//       in it for another cannot fail.
//   M2  The outer leaf that names an owned subtree root is owned, and records the deferred checksum
//       for it.
//   M3  pairs is the number of values over all keys.
//
// Policy, none of it format: a collection whose leaf image would reach kInlineBytesLimit moves to a
// subtree; a subtree of one leaf that shrinks below it moves back. One that loses its last branch
// by a removal stays a subtree until the next.
//
// One thread at a time. Each call requires an Operation held by the caller. Arguments may lie
// inside pages of the trees.
#pragma once

#include <span>
#include <vector>

#include "btree/collection.hpp"
#include "btree/mutator.hpp"
#include "format/value_envelope.hpp"

namespace rdb::btree {

class MultimapMutator {
 public:
  // Borrows all but sealer; keep one per open table. values: shape of the subtrees. sealer: in a
  // compressed file, for the collections.
  MultimapMutator(page::PageWriter& writer, TreeRoot& root, uint64_t& pairs, const TreeShape& keys,
                  const TreeShape& values, std::optional<format::ValueSealer> sealer = {})
      : writer_(writer),
        root_(root),
        pairs_(pairs),
        values_(values),
        outer_(writer, root, keys),
        subtree_(writer, subtree_root_, values),
        sealer_(std::move(sealer)) {}

  // False: the pair is there, and nothing was touched. Throws as Mutator::insert() does.
  bool insert(Bytes key, Bytes value);
  // values ascend; returns how many of them were new.
  uint64_t insert_sorted(Bytes key, std::span<const Bytes> values);

  // Throws as Mutator does for sizes that no pair can have.
  void check_sizes(Bytes key, Bytes value) const;

  // False: no such pair, and nothing was touched.
  bool erase(Bytes key, Bytes value);

  // Removes the key with all its values, and returns how many those were. subtree_pages: what
  // walk_pages() finds below the collection's subtree, listed by the caller since the last change.
  uint64_t erase_key(Bytes key, std::span<const PageNumber> subtree_pages);

  // Removes everything. pages: every page of the table, listed since the last change.
  void clear(std::span<const PageNumber> pages);

  // Pages may have been lost, or the trees be at odds: the transaction can only be aborted.
  bool broken() const noexcept { return broken_ || outer_.broken() || subtree_.broken(); }

 private:
  void require_usable() const;
  CollectionForm form() const { return {values_.widths.key, sealer_.has_value()}; }
  std::optional<Collection> locate(Bytes key);
  LeafView subtree_leaf(const Collection& collection, Bytes page) const;
  void own_outer_leaf(Bytes key);
  bool subtree_contains(Bytes value);
  void exchange_root(Bytes key);
  void put_image(Bytes key);
  uint64_t put_entries(Bytes key, uint64_t added);
  void free_pages(std::span<const PageNumber> pages);
  void add_pairs(uint64_t count);
  void require_pairs(uint64_t count) const;

  page::PageWriter& writer_;
  TreeRoot& root_;
  uint64_t& pairs_;
  const TreeShape& values_;
  Mutator outer_;
  TreeRoot subtree_root_;  // of the collection in hand
  Mutator subtree_;
  Mutator::Located place_;  // of the key in hand
  std::optional<format::ValueSealer> sealer_;
  bool broken_ = false;

  std::vector<std::byte> image_;  // an inline collection being made
  std::vector<format::LeafEntry> entries_;
};

}  // namespace rdb::btree
