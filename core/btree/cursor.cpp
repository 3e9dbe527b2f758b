#include "btree/cursor.hpp"

#include <cassert>

namespace rdb::btree {
namespace {

// Entries from the end of a leaf at which a seek fetches the next leaf ahead: short scans mostly
// begin with a seek and read about this many.
constexpr uint32_t kScanAhead = 10;

}  // namespace

// Runs a move inside an Operation of its own. After a failure the cursor stands nowhere.
template <typename Move>
bool TreeCursor::guarded(Move&& move) {
  try {
    const page::Operation operation(pool_);
    return move();
  } catch (...) {
    release();
    place_ = Place::nowhere;
    throw;
  }
}

bool TreeCursor::stand(bool found, Place otherwise) noexcept {
  place_ = found ? Place::on : otherwise;
  if (!found) release();
  return found;
}

void TreeCursor::release() noexcept {
  if (leaf_) pool_.unpin(leaf_page_);
  leaf_.reset();
  leaf_size_ = 0;
  path_.clear();
}

void TreeCursor::adopt(PageNumber page, Bytes bytes) {
  const LeafView leaf = LeafView::parse(bytes, shape_.widths);
  pool_.pin(page);
  if (leaf_) pool_.unpin(leaf_page_);
  leaf_ = leaf;
  leaf_page_ = page;
  leaf_size_ = leaf.size();
}

// Extends path_ from page, which is the child its end points at, down to a leaf.
template <typename Choose>
void TreeCursor::descend(PageNumber page, Checksum checksum, Choose&& choose) {
  try {
    for (;;) {
      const Bytes bytes = pool_.read(page, checksum, shape_.widths);
      if (is_leaf(bytes)) return adopt(page, bytes);
      const BranchView branch = BranchView::parse(bytes, shape_.widths);
      if (path_.size() == format::kMaxTreeDepth) throw_too_deep(page);
      const uint32_t i = choose(branch);
      path_.push_back({page, checksum, i, branch.child_count()});
      page = branch.child(i);
      pool_.prefetch(page);
      checksum = branch.child_checksum(i);
    }
  } catch (const Error& error) {
    rethrow_naming(error, page);
  }
}

void TreeCursor::descend_edge(PageNumber page, const Checksum& checksum, Edge edge) {
  descend(page, checksum, [edge](const BranchView& branch) {
    return edge == Edge::left ? 0u : branch.key_count();
  });
  index_ = edge == Edge::left ? 0 : leaf_size_ - 1;
}

// Fetches the leaf beside the current one, when it has the same parent.
void TreeCursor::prefetch_sibling(int direction) const {
  if (path_.empty()) return;
  const Level& parent = path_.back();
  const uint32_t sibling = parent.index + static_cast<uint32_t>(direction);
  if (sibling >= parent.child_count) return;  // also when it wrapped below 0
  const Bytes bytes = pool_.read(parent.page, parent.checksum, shape_.widths);
  pool_.prefetch(BranchView::parse(bytes, shape_.widths).child(sibling));
}

// pages: base pages of leaves that a walk has left behind, or that it has seen.
void TreeCursor::require_room(int64_t pages) const {
  if (pages <= file_pages_) [[likely]]
    return;
  file_pages_ = static_cast<int64_t>(pool_.layout().total_pages());
  if (pages > file_pages_) {
    throw_tree_corrupted(root_->page, "the tree below it has more leaves than the file has pages");
  }
}

bool TreeCursor::enter_next_leaf() {
  const int64_t left_behind = leaf_page_.base_pages();
  while (!path_.empty()) {
    Level& level = path_.back();
    if (level.index + 1 >= level.child_count) {
      path_.pop_back();
      continue;
    }
    require_room(walked_pages_ + left_behind);
    const BranchView branch =
        BranchView::parse(pool_.read(level.page, level.checksum, shape_.widths), shape_.widths);
    const uint32_t i = ++level.index;
    if (i + 1 < level.child_count) pool_.prefetch(branch.child(i + 1));
    descend_edge(branch.child(i), branch.child_checksum(i), Edge::left);
    walked_pages_ += left_behind;
    return true;
  }
  return false;
}

bool TreeCursor::enter_previous_leaf() {
  while (!path_.empty()) {
    Level& level = path_.back();
    if (level.index == 0) {
      path_.pop_back();
      continue;
    }
    const BranchView branch =
        BranchView::parse(pool_.read(level.page, level.checksum, shape_.widths), shape_.widths);
    const uint32_t i = --level.index;
    if (i > 0) pool_.prefetch(branch.child(i - 1));
    descend_edge(branch.child(i), branch.child_checksum(i), Edge::right);
    walked_pages_ -= leaf_page_.base_pages();
    require_room(-walked_pages_);
    return true;
  }
  return false;
}

bool TreeCursor::go_to_edge(Edge edge) {
  const Place otherwise = edge == Edge::left ? Place::past_end : Place::before_first;
  if (!root_) return stand(false, otherwise);
  return guarded([&] {
    path_.clear();
    walked_pages_ = 0;
    descend_edge(root_->page, root_->checksum, edge);
    prefetch_sibling(edge == Edge::left ? 1 : -1);
    return stand(true, otherwise);
  });
}

bool TreeCursor::first() { return go_to_edge(Edge::left); }
bool TreeCursor::last() { return go_to_edge(Edge::right); }

bool TreeCursor::next_slow() {
  switch (place_) {
    case Place::nowhere:
    case Place::before_first:
      return first();
    case Place::past_end:
      return false;
    case Place::before_entry:
      return stand(true, Place::past_end);
    case Place::on:
      break;
  }
  return guarded([&] { return stand(enter_next_leaf(), Place::past_end); });
}

bool TreeCursor::prev_slow() {
  switch (place_) {
    case Place::nowhere:
    case Place::past_end:
      return last();
    case Place::before_first:
      return false;
    case Place::before_entry:
      if (index_ > 0) {
        --index_;
        return stand(true, Place::before_first);
      }
      break;
    case Place::on:
      break;
  }
  return guarded([&] { return stand(enter_previous_leaf(), Place::before_first); });
}

// Leaves index_ at the lower bound of key, which may be one past the end of the leaf.
void TreeCursor::search(Bytes key) {
  path_.clear();
  walked_pages_ = 0;
  descend(root_->page, root_->checksum, [&](const BranchView& branch) {
    return shape_.order.child_index(branch, shape_.widths, key);
  });
  try {
    index_ = shape_.order.lower_bound(*leaf_, key).index;
  } catch (const Error& error) {
    rethrow_naming(error, leaf_page_);
  }
}

bool TreeCursor::seek(Bytes key) {
  shape_.order.require_known("seek");
  if (!root_) return stand(false, Place::past_end);
  return guarded([&] {
    search(key);
    if (index_ == leaf_size_) return stand(enter_next_leaf(), Place::past_end);
    if (leaf_size_ - index_ < kScanAhead) prefetch_sibling(1);
    return stand(true, Place::past_end);
  });
}

bool TreeCursor::seek_exact(Bytes key) {
  return seek(key) && shape_.order.compare(this->key(), key) == 0;
}

bool TreeCursor::seek_le(Bytes key) {
  shape_.order.require_known("seek");
  if (!root_) return stand(false, Place::before_first);
  return guarded([&] {
    search(key);
    if (index_ < leaf_size_ && shape_.order.compare(key_at(index_), key) == 0) {
      return stand(true, Place::before_first);
    }
    if (index_ > 0) {
      --index_;
      return stand(true, Place::before_first);
    }
    return stand(enter_previous_leaf(), Place::before_first);
  });
}

void TreeCursor::position(std::vector<uint32_t>& path) const {
  path.clear();
  for (const Level& level : path_) path.push_back(level.index);
  path.push_back(index_);
}

bool TreeCursor::seek_position(std::span<const uint32_t> path) {
  if (!root_ || path.empty()) return stand(false, Place::nowhere);
  return guarded([&] {
    path_.clear();
    walked_pages_ = 0;
    bool exists = true;
    descend(root_->page, root_->checksum, [&](const BranchView& branch) {
      const size_t depth = path_.size();
      if (depth + 1 >= path.size() || path[depth] > branch.key_count()) exists = false;
      return exists ? path[depth] : 0;
    });
    if (!exists || path_.size() + 1 != path.size() || path.back() > leaf_size_) {
      return stand(false, Place::nowhere);
    }
    index_ = path.back();
    return stand(index_ < leaf_size_ || enter_next_leaf(), Place::past_end);
  });
}

bool TreeCursor::seek_leaf(PageNumber leaf) {
  if (!first()) return false;
  if (leaf_page_ == leaf) return true;
  const size_t leaf_depth = path_.size();
  return guarded([&] {
    // path_ leads to a parent of leaves; all leaves are equally deep.
    for (int64_t steps = 1; !path_.empty(); ++steps) {
      require_room(steps / 2);  // each branch is entered and left
      Level& level = path_.back();
      const BranchView branch =
          BranchView::parse(pool_.read(level.page, level.checksum, shape_.widths), shape_.widths);
      if (path_.size() == leaf_depth) {
        for (uint32_t i = 0; i < branch.child_count(); ++i) {
          if (branch.child(i) != leaf) continue;
          level.index = i;
          descend_edge(leaf, branch.child_checksum(i), Edge::left);
          return stand(true, Place::nowhere);
        }
        path_.pop_back();
      } else if (level.index + 1 < level.child_count) {
        const uint32_t i = ++level.index;
        PageNumber page = branch.child(i);
        Checksum checksum = branch.child_checksum(i);
        while (path_.size() < leaf_depth) {
          const BranchView below =
              BranchView::parse(pool_.read(page, checksum, shape_.widths), shape_.widths);
          path_.push_back({page, checksum, 0, below.child_count()});
          page = below.child(0);
          checksum = below.child_checksum(0);
        }
      } else {
        path_.pop_back();
      }
    }
    return stand(false, Place::nowhere);
  });
}

}  // namespace rdb::btree
