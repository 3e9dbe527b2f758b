// extraction.hpp: a walk over a table that takes entries out of it.
//
// The tree stays as it is while the walk goes on; what is taken is noted by leaf and number, and
// comes out in one pass at the end (btree/tree_filter.hpp). So the walk cannot meet its own
// deletions, a walk that is given up costs nothing, and a bit for each entry of the leaves
// concerned is all that is kept.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "btree/tree_filter.hpp"
#include "table/cursor_impl.hpp"

namespace rdb::table {

// Entries of a tree that does not change meanwhile.
class TakenEntries final : public btree::Removal {
 public:
  // Notes the entry that the cursor stands on. False: it was noted before.
  bool note(const btree::TreeCursor& at) {
    return btree::EntrySet::insert(entries(at), at.index());
  }
  // Those of the cursor's leaf that are noted, for more of them; valid until the next call.
  std::span<uint64_t> entries(const btree::TreeCursor& at);
  bool noted(const btree::TreeCursor& at) const {  // the entry that the cursor stands on
    const Leaf* leaf = find(at.leaf_page());
    return leaf != nullptr && btree::EntrySet::contains(words(*leaf), at.index());
  }
  // The walk goes back over leaves it has left: from now on those are found by their pages, which
  // a walk that goes one way does without.
  void expect_return();
  bool expects_return() const noexcept { return returns_; }
  bool empty() const noexcept { return leaves_.empty(); }
  void sort();  // before it is asked as a Removal

  Fate fate(std::span<const uint32_t> path) override;
  void mark(std::span<const uint32_t> path, btree::EntrySet& dropped) override;

 private:
  static constexpr uint64_t kNoPage = ~uint64_t{0};
  // Where its path and its words begin in paths_ and words_.
  struct Leaf {
    PageNumber page;
    size_t path;
    size_t words;
    uint32_t entries;
  };
  const Leaf* find(PageNumber leaf) const {
    if (found_page_ != leaf.bits()) [[unlikely]]
      look_up(leaf);
    return found_ ? &leaves_[*found_] : nullptr;
  }
  void look_up(PageNumber leaf) const;
  std::span<const uint32_t> path(const Leaf& leaf) const {
    return std::span(paths_).subspan(leaf.path, depth_);
  }
  std::span<const uint64_t> words(const Leaf& leaf) const {
    return std::span(words_).subspan(leaf.words, btree::EntrySet::words_for(leaf.entries));
  }
  std::span<uint64_t> words(const Leaf& leaf) {
    return std::span(words_).subspan(leaf.words, btree::EntrySet::words_for(leaf.entries));
  }

  std::vector<Leaf> leaves_;
  std::vector<uint32_t> paths_;
  size_t depth_ = 0;  // the length of each path
  std::vector<uint64_t> words_;
  bool returns_ = false;
  std::unordered_map<uint64_t, uint32_t> numbers_;  // page -> its place in leaves_; if it returns
  // What find() answered last: a walk asks for each entry of a leaf in turn.
  mutable uint64_t found_page_ = kNoPage;
  mutable std::optional<uint32_t> found_;
  std::vector<uint32_t> position_;
  size_t next_ = 0;  // first leaf not marked yet
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
  enum class Way : uint8_t { none, forward, back };

  CursorImpl& walking() const {
    if (!cursor_) [[unlikely]]
      throw_over();
    return *cursor_;
  }
  [[noreturn]] void throw_over() const;
  bool taken_here() const;
  void go(Way way);
  void give_up() noexcept;

  std::shared_ptr<TableImpl> table_;
  mutable std::optional<CursorImpl> cursor_;  // while it goes on
  TakenEntries taken_;
  Way way_ = Way::none;  // of the last step
};

}  // namespace rdb::table
