// cursor.hpp: a position in one B-tree that moves.
//
// The cursor pins its leaf and remembers, for each ancestor, page, checksum and child index. A move
// inside the leaf touches nothing shared; a move that leaves it opens its own Operation, so no
// Operation may be running on the calling thread then.
//
// Moves by position (first, last, next, prev) need no key order.
//
// The tree must not change under the cursor: in a write transaction the owner calls reset() after
// each change, before any other call. key() and value() are valid until the next call that moves or
// resets.
//
// A branch of a damaged file may be reached on many ways, so that a walk over the tree would hardly
// ever end. A walk that has left more leaves behind than the file has room for is therefore
// corrupted.
//
// One thread at a time. Borrows the pool, which must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "btree/tree.hpp"

namespace rdb::btree {

class TreeCursor {
 public:
  // Stands nowhere yet: next() goes to the first entry, prev() to the last.
  TreeCursor(page::FramePool& pool, const TreeRoot& root, const TreeShape& shape)
      : pool_(pool), root_(root), shape_(shape) {}
  ~TreeCursor() { release(); }
  TreeCursor(const TreeCursor&) = delete;
  TreeCursor& operator=(const TreeCursor&) = delete;

  // As newly made, over another state of the tree.
  void reset(const TreeRoot& root) noexcept {
    release();
    root_ = root;
    place_ = Place::nowhere;
  }

  bool valid() const noexcept { return place_ == Place::on; }
  // As newly made, or after a move that failed.
  bool nowhere() const noexcept { return place_ == Place::nowhere; }
  Bytes key() const { return key_at(index_); }  // requires valid()
  Bytes value() const {                         // requires valid()
    try {
      return leaf_->value(index_);
    } catch (const Error& error) {
      rethrow_naming(error, leaf_page_);
    }
  }
  // Of entry i of the same leaf; requires valid() and i < leaf().size().
  Bytes key_at(uint32_t i) const {
    try {
      return leaf_->key(i);
    } catch (const Error& error) {
      rethrow_naming(error, leaf_page_);
    }
  }
  // Of entries i and following of the same leaf, as many as both spans have; likewise.
  void read_leaf(uint32_t i, std::span<Bytes> keys, std::span<Bytes> values) const {
    try {
      leaf_->read(i, keys, values);
    } catch (const Error& error) {
      rethrow_naming(error, leaf_page_);
    }
  }
  PageNumber leaf_page() const noexcept {
    return leaf_page_;
  }  // requires valid(); pinned by the cursor
  // The entries of the cursor's leaf and which one it stands on; requires valid().
  const LeafView& leaf() const noexcept { return *leaf_; }
  uint32_t index() const noexcept { return index_; }

  bool first();
  bool last();
  // False: past the end; the next prev() goes to the last entry. prev() likewise.
  bool next() {
    if (place_ == Place::on && index_ + 1 < leaf_size_) [[likely]] {
      ++index_;
      return true;
    }
    return next_slow();
  }
  bool prev() {
    if (place_ == Place::on && index_ > 0) [[likely]] {
      --index_;
      return true;
    }
    return prev_slow();
  }
  // First entry with a key not below key; false: none, and the cursor stands past the end.
  bool seek(Bytes key);
  // The entry with this key; false: the cursor stands where seek() would put it.
  bool seek_exact(Bytes key);
  // Last entry with a key not above key; false: none, and the cursor stands before the first.
  bool seek_le(Bytes key);
  // Moves to entry i of the same leaf; requires valid() and i < leaf().size().
  void move_in_leaf(uint32_t i) noexcept { index_ = i; }
  // Steps off the entry to just before it: next() then goes to this entry, prev() to the one
  // before. Requires valid().
  void step_before() noexcept { place_ = Place::before_entry; }

  // Where the cursor stands, as child indexes from the root down, then the index in the leaf: what
  // Mutator::erase_at takes. Requires valid().
  void position(std::vector<uint32_t>& path) const;
  // Goes to a position; false when the tree has no such entry (the cursor stands nowhere then). An
  // index one past the end of its leaf means the entry behind, if any.
  bool seek_position(std::span<const uint32_t> path);
  // Goes to the first entry of the leaf that is this page, by walking the branches: slow, but needs
  // no key order. False: no such leaf.
  bool seek_leaf(PageNumber leaf);

 private:
  enum class Place : uint8_t { nowhere, before_first, before_entry, on, past_end };
  struct Level {
    PageNumber page;
    Checksum checksum;
    uint32_t index = 0;
    uint32_t child_count = 0;
  };
  enum class Edge : bool { left, right };

  bool next_slow();
  bool prev_slow();
  bool go_to_edge(Edge edge);
  // The rest require an Operation.
  template <typename Choose>
  void descend(PageNumber page, Checksum checksum, Choose&& choose);
  void descend_edge(PageNumber page, const Checksum& checksum, Edge edge);
  void search(Bytes key);
  bool enter_next_leaf();
  bool enter_previous_leaf();
  void require_room(int64_t pages) const;
  void adopt(PageNumber page, Bytes bytes);
  void prefetch_sibling(int direction) const;

  template <typename Move>
  bool guarded(Move&& move);
  bool stand(bool found, Place otherwise) noexcept;
  void release() noexcept;

  page::FramePool& pool_;
  TreeRoot root_;
  TreeShape shape_;

  Place place_ = Place::nowhere;
  uint32_t index_ = 0;            // in the leaf
  uint32_t leaf_size_ = 0;        // leaf_->size()
  std::optional<LeafView> leaf_;  // present while leaf_page_ is pinned
  PageNumber leaf_page_;
  std::vector<Level> path_;  // root first; empty when the root is the leaf
  // Base pages of the leaves between here and where the walk began; negative to its left.
  int64_t walked_pages_ = 0;
  // The file has at most so many, or as many as when it was last asked: short walks never ask.
  mutable int64_t file_pages_ = 1024;
};

}  // namespace rdb::btree
