// extraction.hpp: a walk over a table that takes entries out of it.
//
// The tree stays as it is while the walk goes on; what is taken is noted by leaf and number, and
// comes out in one pass at the end (btree/tree_filter.hpp). So the walk cannot meet its own
// deletions, a walk that is given up costs nothing, and a bit for each entry of the leaves
// concerned is all that is kept.
#pragma once

#include <unordered_map>
#include <vector>

#include "btree/tree_filter.hpp"
#include "table/cursor_impl.hpp"

namespace rdb::table {

// Entries of a tree that does not change meanwhile.
class TakenEntries final : public btree::Removal {
 public:
  // A leaf and where it hangs.
  struct Where {
    PageNumber leaf;
    std::vector<uint32_t> path;  // of the leaf
    uint32_t entries = 0;
  };
  static Where where(const btree::TreeCursor& at);
  // False: that entry was noted before.
  bool note(const Where& where, uint32_t index);
  bool noted(PageNumber leaf, uint32_t index) const;
  bool empty() const noexcept { return leaves_.empty(); }
  void sort();  // before it is asked as a Removal

  Fate fate(std::span<const uint32_t> path) override;
  void mark(std::span<const uint32_t> path, std::vector<bool>& dropped) override;

 private:
  struct Leaf {
    std::vector<uint32_t> path;  // of the leaf
    std::vector<bool> entries;
  };
  std::vector<Leaf> leaves_;
  std::unordered_map<uint64_t, uint32_t> numbers_;  // page -> its place in leaves_
  size_t next_ = 0;                                 // first leaf not marked yet
};

class ExtractionImpl final : public txn::Lender {
 public:
  ExtractionImpl(std::shared_ptr<TableImpl> table, const KeyRange& range);
  ~ExtractionImpl() override;
  ExtractionImpl(const ExtractionImpl&) = delete;
  ExtractionImpl& operator=(const ExtractionImpl&) = delete;

  bool next();
  bool prev();
  bool valid() const;
  Bytes key() const;
  Bytes value() const;
  bool take();
  uint64_t finish();
  bool over() const noexcept { return !cursor_; }
  void settle() override { finish(); }

  // Takes what filter wants removed, and finishes. A failure gives the table back unchanged.
  uint64_t retain(RecordFilter& filter);

 private:
  CursorImpl& walking() const;
  bool taken_here() const;
  void give_up() noexcept;

  std::shared_ptr<TableImpl> table_;
  mutable std::optional<CursorImpl> cursor_;  // while it goes on
  TakenEntries taken_;
};

}  // namespace rdb::table
