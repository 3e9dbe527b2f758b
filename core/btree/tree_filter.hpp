// tree_filter.hpp: takes many entries out of a tree in one pass, by position.
//
// The tree is walked from left to right. What is left of it goes into new leaves, filled to the
// last entry that fits, and new branches above them; pages that lose nothing become part of the new
// tree as they are, whole subtrees unread. So a pass over a whole table costs one copy of what
// stays, and taking out a few entries costs their leaves and the branches above.
//
//   pending   leaf entries, and for each height the children of the branch being filled
//   keep      a subtree can stand beside what is pending when each pending page below its height
//   may
//             be closed, that is has an entry or two children; else it is opened, and its children
//             join what is pending
//   separator of a kept page: the one on its left in the old tree, which bounds all that stays to
//             its left; between new leaves: as TreeBuilder makes it
//
// Invariants: those of mutator.hpp, U2 and U4 above all. And
//   F1  Until commit() the old tree is whole and nothing of it was freed; abandon() gives back the
//   new
//       pages, and all is as it was.
//   F2  No page is freed twice, and none that was visited and kept: a page met on two ways is
//       corrupted.
//
// Key order need not be known. One thread at a time; every call requires an Operation, except run()
// and remove_all(), which ask for one step by step, so that dirty pages can be written out in
// between.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "btree/entry_set.hpp"
#include "btree/page_set.hpp"
#include "btree/tree.hpp"
#include "format/branch_builder.hpp"
#include "format/leaf_builder.hpp"
#include "page/page_writer.hpp"

namespace rdb::btree {

// Which entries go. Paths are child indexes from the root down: the beginning of a
// TreeCursor::position.
class Removal {
 public:
  enum class Fate : uint8_t { keep, drop, mixed };
  virtual ~Removal() = default;
  // Of all entries below a page. Asked in key order, parents first, children only of mixed ones.
  virtual Fate fate(std::span<const uint32_t> path) = 0;
  // Of each entry of a mixed leaf: dropped is of its entries, and empty.
  virtual void mark(std::span<const uint32_t> path, EntrySet& dropped) = 0;
};

class TreeFilter {
 public:
  // Runs work inside an Operation, after making room in memory.
  using Step = std::function<void(const std::function<void()>& work)>;

  // Borrows all; root is the tree as it is.
  TreeFilter(page::PageWriter& writer, const TreeRoot& root, const TreeShape& shape, Step step);
  TreeFilter(const TreeFilter&) = delete;
  TreeFilter& operator=(const TreeFilter&) = delete;

  // Builds the tree without the entries that go. Once.
  void run(Removal& removal);
  // The same for all entries, without reading leaves.
  void remove_all();
  // Instead of run(), for an empty tree: entries in key order, then the end. Bytes are copied.
  void append(Bytes key, Bytes value);
  void end_append();

  uint64_t removed() const noexcept { return removed_; }
  const TreeRoot& result() const noexcept { return result_; }

  // Frees the pages that are not part of result(), once that has taken the old root's place. A
  // failure may lose pages: the transaction can only be aborted.
  void commit();
  // After a failure: gives back every new page. False: some may be lost.
  bool abandon() noexcept;

 private:
  struct Page {
    format::BranchChild ref;
    std::vector<std::byte> separator;  // on its left; empty and unused for the leftmost page
  };
  // Children of one branch, which is being filled or was read.
  struct Children {
    std::vector<Page> pages;
    uint64_t separator_bytes = 0;  // of all but the first
    bool owned = false;            // the branch that was read belongs to the transaction

    void add(Page page);
    void clear() noexcept;
  };

  uint32_t height_of(const std::vector<uint32_t>& path) const {
    return depth_ - static_cast<uint32_t>(path.size());
  }
  void allow_reads();
  Bytes read(const Page& page, bool parent_owned);
  Children open(const Page& page, bool parent_owned);
  void visit(const Page& page, std::vector<uint32_t>& path, bool parent_owned, Removal& removal);
  void visit_leaf(const Page& page, std::span<const uint32_t> path, bool parent_owned,
                  Removal& removal);
  void drop(const Page& page, uint32_t height, bool parent_owned);
  void replace(PageNumber page);
  void meet(PageNumber page);

  void keep(const Page& page, uint32_t height);
  bool closable(uint32_t height) const;
  bool absorb(const Page& page, uint32_t height);
  void close(uint32_t height);
  void add_entry(Bytes key, Bytes value, const Page& from);
  void add_entries(const LeafView& leaf, const EntrySet* dropped, const Page& from);
  void begin_leaf(Bytes key, const Page& from);
  void flush_leaf();
  void push(uint32_t height, Page page);
  void flush_branch(uint32_t height);
  Page place_branch(std::span<Page> pages);
  uint64_t branch_bytes(const Children& children) const;
  void borrow(uint32_t height);
  void finish();
  Children& pending(uint32_t height);
  page::NewPage allocate(uint64_t bytes, page::PageUse use);

  page::PageWriter& writer_;
  const TreeRoot& root_;
  const TreeShape& shape_;
  Step step_;
  uint32_t depth_ = 0;  // of the leaves; 0: the root is one
  uint64_t pages_left_ = 0;

  format::LeafDraft leaf_;  // being filled; the pages its entries come from are not held
  std::vector<std::byte> leaf_separator_;  // on its left
  std::vector<std::byte> last_key_;        // of the leaf placed last
  PageNumber last_source_;                 // the old leaf that entries of it came from
  bool has_last_ = false;
  EntrySet dropped_;  // of the leaf being visited

  std::vector<Children> levels_;  // [height - 1]: children of the branch of that height
  std::vector<format::BranchChild> branch_children_;
  std::vector<Bytes> branch_keys_;

  uint64_t removed_ = 0;
  uint64_t appended_ = 0;
  TreeRoot result_;
  std::vector<PageNumber> allocated_;
  std::vector<PageNumber> replaced_;
  PageSet met_;  // pages that are replaced, and those that were visited and stay
};

}  // namespace rdb::btree
