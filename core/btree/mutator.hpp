// mutator.hpp: copy-on-write changes to one B-tree (spec 02 section 5).
//
// A change walks from the leaf to the root. Each level either is edited in place, which ends the
// walk, or is replaced by new pages, which the level above must then point at:
//
//   1. descend, remembering the path                        nothing changed so far
//   2. build replacements, bottom up, in new pages or in memory; old pages stay as they are
//   3. edit the one page that ends the walk (or the root record), copy the built images over owned
//      pages that keep their number, free what was replaced
//
// Invariants:
//   U1  Steps 1 and 2 may fail (out of space, a damaged page, no memory): the new pages are freed
//   and
//       the tree is as it was. Step 3 has nothing left that can fail but the page writer's free();
//       should that throw, the tree is whole but pages may be lost, and broken() says so.
//   U2  Only owned pages are edited. The parent of an owned page is owned, and records the deferred
//       checksum for it.
//   U3  A page from the file is edited only after verify_offsets(), so no stored offset steers a
//   write
//       out of its page.
//   U4  Every leaf keeps 1..kMaxLeafEntries entries, every branch at least one separator, and all
//       leaves the same depth.
//
// Policy, none of it format: byte-balanced splits; a leaf that grows at either end of the tree is
// left full and a new one begun; an entry too large for a base page gets a leaf of its own; pages
// used below a third are merged with a neighbour when the result fits one base page.
//
// One thread at a time. Each call requires an Operation held by the caller. Key and value arguments
// may lie inside pages of the tree.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "btree/tree.hpp"
#include "format/branch_builder.hpp"
#include "format/leaf_builder.hpp"
#include "page/page_writer.hpp"

namespace rdb::btree {

enum class InsertMode : uint8_t { upsert, insert_only, update_only };
enum class InsertResult : uint8_t { inserted, replaced, refused };  // refused: nothing was touched

// What becomes of one value, for Mutator::update().
class ValueUpdate {
 public:
  virtual ~ValueUpdate() = default;
  // The new value; old is absent when the key is. Called inside the Operation and perhaps twice for
  // one key. The result must live until the next call, and may lie inside old.
  virtual Bytes fresh(std::optional<Bytes> old) = 0;
};

class Mutator {
 public:
  // Borrows all three. Keep one per open tree: it reuses its buffers.
  Mutator(page::PageWriter& writer, TreeRoot& root, const TreeShape& shape)
      : writer_(writer), pool_(writer.pool()), root_(root), shape_(shape) {}
  Mutator(const Mutator&) = delete;
  Mutator& operator=(const Mutator&) = delete;

  // Throws too_large or invalid_argument for sizes the format or the widths forbid,
  // unknown_key_type. An overwrite keeps the stored key bytes. old_value, when given, receives the
  // value replaced.
  InsertResult insert(Bytes key, Bytes value, InsertMode mode = InsertMode::upsert,
                      std::vector<std::byte>* old_value = nullptr);

  // Stores what update makes of the value of key. False: the very bytes that are stored, and
  // nothing was touched. Throws as insert(), and what update throws.
  bool update(Bytes key, ValueUpdate& update) {
    leaf_kept_ = false;
    return update_next(key, update);
  }
  // The same behind another update, in the same Operation and with nothing in between: tries the
  // leaf of that one first, because keys in order share most descents.
  bool update_next(Bytes key, ValueUpdate& update);

  // Throws as insert() does for sizes.
  void check_sizes(uint64_t key_bytes, uint64_t value_bytes) const;

  // False: no such key, nothing was touched.
  bool erase(Bytes key, std::vector<std::byte>* old_value = nullptr);

  // The smallest or largest entry by position; the order need not be known. False: the tree is
  // empty.
  bool erase_first(std::vector<std::byte>* key = nullptr, std::vector<std::byte>* value = nullptr);
  bool erase_last(std::vector<std::byte>* key = nullptr, std::vector<std::byte>* value = nullptr);

  // A change in two halves, for callers that look at the entry in between: locate() descends to
  // key, put_located() and erase_located() change the entry there, or insert it. Nothing else may
  // happen to this tree in between, both belong into one Operation, and what locate() returns is
  // valid until the second half. Throw as insert() and erase() do.
  struct Located {
    bool found = false;
    bool owned = false;  // the entry's leaf: replacing the value by one of its size cannot fail
    PageNumber leaf;
    Bytes value;
  };
  Located locate(Bytes key);
  void put_located(Bytes key, Bytes value);
  void erase_located();  // requires found

  // By position, as TreeCursor::position gives it; invalid_argument when there is no such entry.
  // The order need not be known. erase_at() never merges leaves: while the leaf keeps an entry, the
  // same position is that of the entry that followed (or one past the end of the leaf).
  void erase_at(std::span<const uint32_t> position);
  void replace_at(std::span<const uint32_t> position, Bytes value);

  // Pages may have been lost: the transaction can only be aborted (U1).
  bool broken() const noexcept { return broken_; }

 private:
  struct Step {
    PageNumber page;
    Checksum checksum;  // as the parent records it
    Bytes bytes;
    uint32_t index = 0;  // branches: of the child descended into
    bool owned = false;
  };

  // What became of children first..last of a branch: refs stand in their place, with separators
  // between them; no refs means that the one child vanished. Above the top level: of the root page.
  static constexpr uint32_t kMaxRefs = 3;
  // Below this many used bytes a page looks for a neighbour to merge with.
  static constexpr uint64_t kMergeBelow = format::kPageBytes / 3;
  struct Change {
    uint32_t first = 0;
    uint32_t last = 0;
    uint32_t ref_count = 0;
    std::array<format::BranchChild, kMaxRefs> refs;
    std::array<Bytes, kMaxRefs - 1> separators;

    void add(const format::BranchChild& ref) { refs[ref_count++] = ref; }
    void add(Bytes separator, const format::BranchChild& ref) {
      separators[ref_count - 1] = separator;
      refs[ref_count++] = ref;
    }
  };

  // The in-place edit that ends the walk (step 3).
  struct Edit {
    enum class Kind : uint8_t {
      none,    // the page was built anew under its old number: nothing above changes
      root,    // the root record becomes root
      child,   // child change.first is replaced
      insert,  // and a separator with a child to its right is added
      remove,  // or one of each is removed
    };
    Kind kind = Kind::none;
    uint32_t level = 0;  // of the page that keeps its number; path_.size() is the leaf
    uint32_t removed_key = 0;
    uint32_t removed_child = 0;
    Change change;
    TreeRoot root;
  };

  // An image built in memory for an owned base page that keeps its number.
  struct Overwrite {
    PageNumber page;
    std::vector<std::byte> image;  // kPageBytes
    uint64_t used = 0;
  };

  // ---- 1. descending ----
  template <typename Choose>
  LeafView descend(Choose&& choose);
  LeafView descend_to(std::span<const uint32_t> position);
  std::optional<Step> neighbour(uint32_t level, bool must);
  void require_usable() const;

  // ---- the leaf ----
  void insert_first(Bytes key, Bytes value);
  void insert_new(const LeafView& leaf, uint32_t i, Bytes key, Bytes value);
  void replace(const LeafView& leaf, uint32_t i, Bytes value);
  void remove(const LeafView& leaf, uint32_t i, bool may_merge);
  bool merge_leaf(const LeafView& leaf, uint32_t removed, uint64_t new_used);
  void rebuild_leaf();

  // ---- 2. building ----
  void load_entries(const LeafView& leaf);
  bool entries_fit(uint32_t begin, uint32_t end) const;
  uint32_t split_point(uint32_t begin, uint32_t end) const;
  format::BranchChild place_leaf(std::span<const format::LeafEntry> entries);
  format::BranchChild place_branch(std::span<const format::BranchChild> children,
                                   std::span<const Bytes> keys);
  page::NewPage allocate(uint64_t bytes, page::PageUse use);
  page::PageUse use_of(const Step& step) const;
  page::NewPage copy_of(const Step& step, uint64_t used, uint64_t bytes);
  std::span<std::byte> image_for(PageNumber page);
  void offer(const Step& step);
  void replace_offered();

  // ---- the levels above ----
  Change whole_page_change(uint32_t level) const;
  void propagate(Change change);
  bool apply(uint32_t level, Change& change);
  void load_branch(const BranchView& branch, const Change& change);
  void rebuild_branch(uint32_t level, const BranchView& branch, Change& change);
  bool merge_branch(uint32_t level, const BranchView& branch, Change& change, bool must);
  void split_branch(Change& change, bool at_right_edge);

  // ---- 3. finishing ----
  void finish();
  void finish_in_leaf();
  void defer_path(uint32_t level);
  void undo() noexcept;
  template <typename Work>
  auto atomically(Work&& work);

  page::PageWriter& writer_;
  page::FramePool& pool_;
  TreeRoot& root_;
  const TreeShape& shape_;
  bool broken_ = false;

  std::vector<Step> path_;  // branches, root first
  Step leaf_;
  KeyOrder::Place located_;    // in leaf_, between the halves of a change
  PageNumber in_hand_;         // the page being read: what fails there is its fault
  bool at_left_edge_ = false;  // the leaf is the leftmost, the rightmost of the tree
  bool at_right_edge_ = false;
  bool leaf_kept_ = false;  // the last change ended inside leaf_, which is as read from the tree
  uint64_t length_ = 0;     // of the tree after the change

  std::vector<PageNumber> allocated_;  // by the running change; freed when it fails
  std::vector<PageNumber> replaced_;   // freed when it succeeds
  std::vector<PageNumber> offered_;    // owned base pages whose numbers the next images may take
  std::vector<Overwrite> overwrites_;  // the first overwrite_count_ are in use
  size_t overwrite_count_ = 0;
  Edit edit_;

  std::vector<format::LeafEntry> entries_;
  std::vector<format::BranchChild> children_;
  std::vector<Bytes> keys_;
};

}  // namespace rdb::btree
