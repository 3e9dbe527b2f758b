#include "btree/tree_filter.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "btree/separator.hpp"
#include "btree/walk.hpp"
#include "rdb/error.hpp"

namespace rdb::btree {

using base::kDeferredChecksum;
using format::BranchChild;
using format::kPageBytes;

namespace {

// Below this many used bytes a page joins the next one when one base page holds both.
constexpr uint64_t kJoinBelow = kPageBytes / 3;
constexpr size_t kMinChildren = 2;

std::vector<std::byte> copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

void require_fits(const char* page, uint64_t bytes) {
  if (bytes <= ~uint32_t{0}) return;
  throw Error(
      ErrorCode::too_large,
      std::string(page) + " of " + std::to_string(bytes) + " bytes exceeds the format's limit",
      bytes);
}

}  // namespace

void TreeFilter::Children::add(Page page) {
  if (!pages.empty()) separator_bytes += page.separator.size();
  pages.push_back(std::move(page));
}

void TreeFilter::Children::clear() noexcept {
  pages.clear();
  separator_bytes = 0;
}

TreeFilter::TreeFilter(page::PageWriter& writer, const TreeRoot& root, const TreeShape& shape,
                       Step step)
    : writer_(writer), root_(root), shape_(shape), step_(std::move(step)), leaf_(shape.widths) {}

// ---- the old tree
// --------------------------------------------------------------------------------

Bytes TreeFilter::read(const Page& page, bool parent_owned) {
  const PageNumber number = page.ref.page;
  if (pages_left_-- == 0) {
    throw_tree_corrupted(number, "the tree has more pages than the file");
  }
  const Bytes bytes = writer_.pool().read(number, page.ref.checksum, shape_.widths);
  if (writer_.owned(number) && !parent_owned) {
    throw_tree_corrupted(number, "a committed page refers to it, but it was free (U2)");
  }
  return bytes;
}

// The children of a branch, which is replaced.
TreeFilter::Children TreeFilter::open(const Page& page, bool parent_owned) {
  const Bytes bytes = read(page, parent_owned);
  if (is_leaf(bytes)) throw_tree_corrupted(page.ref.page, "a leaf where a branch should be");
  Children children;
  try {
    const BranchView branch = BranchView::parse(bytes, shape_.widths);
    children.owned = writer_.owned(page.ref.page);
    children.pages.reserve(branch.child_count());
    for (uint32_t i = 0; i < branch.child_count(); ++i) {
      children.add({{branch.child(i), branch.child_checksum(i)},
                    i == 0 ? page.separator : copy_of(branch.key(i - 1))});
    }
  } catch (const Error& error) {
    rethrow_naming(error, page.ref.page);
  }
  replace(page.ref.page);
  return children;
}

// F2. What is new and replaced again was never part of the old tree.
void TreeFilter::replace(PageNumber page) {
  meet(page);
  replaced_.push_back(page);
}

void TreeFilter::meet(PageNumber page) {
  if (!met_.insert(page)) throw_tree_corrupted(page, "it is referenced twice");
}

// As many pages as a sound tree can ask for.
void TreeFilter::allow_reads() { pages_left_ = 2 * writer_.pool().layout().total_pages() + 2; }

void TreeFilter::run(Removal& removal) {
  if (!root_) return;
  allow_reads();
  const Page top{{root_->page, root_->checksum}, {}};
  step_([&] {  // all leaves are as deep as the leftmost
    Page page = top;
    for (;; ++depth_) {
      const Bytes bytes = writer_.pool().read(page.ref.page, page.ref.checksum, shape_.widths);
      if (is_leaf(bytes)) return;
      if (depth_ == format::kMaxTreeDepth) throw_too_deep(page.ref.page);
      const BranchView branch = BranchView::parse(bytes, shape_.widths);
      page.ref = {branch.child(0), branch.child_checksum(0)};
    }
  });
  levels_.resize(depth_ + 1);
  std::vector<uint32_t> path;
  visit(top, path, true, removal);
  step_([&] { finish(); });
}

void TreeFilter::append(Bytes key, Bytes value) {
  if (levels_.empty()) levels_.resize(1);
  ++appended_;
  add_entry(key, value, {});
}

void TreeFilter::end_append() {
  allow_reads();  // of branches that the last pages borrow from
  finish();
}

void TreeFilter::remove_all() {
  if (!root_) return;
  removed_ = root_->length;
  PoolReader reader(writer_.pool());
  WalkOptions options;
  options.skip_leaves = true;
  walk_pages(
      reader, root_, shape_.widths,
      [&](const PageVisit& visited) { replaced_.push_back(visited.page); },
      [&](PageNumber page) { return met_.insert(page); }, options);
}

void TreeFilter::visit(const Page& page, std::vector<uint32_t>& path, bool parent_owned,
                       Removal& removal) {
  const uint32_t height = height_of(path);
  switch (removal.fate(path)) {
    case Removal::Fate::keep:
      return step_([&] { keep(page, height); });
    case Removal::Fate::drop:
      return drop(page, height, parent_owned);
    case Removal::Fate::mixed:
      break;
  }
  if (height == 0) return step_([&] { visit_leaf(page, path, parent_owned, removal); });
  Children children;
  step_([&] { children = open(page, parent_owned); });
  path.push_back(0);
  for (size_t i = 0; i < children.pages.size(); ++i) {
    if (i + 1 < children.pages.size()) writer_.pool().prefetch(children.pages[i + 1].ref.page);
    path.back() = static_cast<uint32_t>(i);
    visit(children.pages[i], path, children.owned, removal);
  }
  path.pop_back();
}

void TreeFilter::visit_leaf(const Page& page, std::span<const uint32_t> path, bool parent_owned,
                            Removal& removal) {
  const Bytes bytes = read(page, parent_owned);
  if (!is_leaf(bytes)) throw_tree_corrupted(page.ref.page, "a branch where a leaf should be");
  try {
    const LeafView leaf = LeafView::parse(bytes, shape_.widths);
    dropped_.reset(leaf.size());
    removal.mark(path, dropped_);
    const size_t gone = dropped_.count();
    if (gone == 0) return keep(page, 0);
    removed_ += gone;
    replace(page.ref.page);
    if (gone < leaf.size()) add_entries(leaf, &dropped_, page);
  } catch (const Error& error) {
    rethrow_naming(error, page.ref.page);
  }
}

void TreeFilter::drop(const Page& page, uint32_t height, bool parent_owned) {
  if (height == 0) {
    return step_([&] {
      const Bytes bytes = read(page, parent_owned);
      if (!is_leaf(bytes)) throw_tree_corrupted(page.ref.page, "a branch where a leaf should be");
      removed_ += LeafView::parse(bytes, shape_.widths).size();
      replace(page.ref.page);
    });
  }
  Children children;
  step_([&] { children = open(page, parent_owned); });
  for (const Page& child : children.pages) drop(child, height - 1, children.owned);
}

// ---- the new tree
// --------------------------------------------------------------------------------

TreeFilter::Children& TreeFilter::pending(uint32_t height) {
  if (levels_.size() < height) levels_.resize(height);
  return levels_[height - 1];
}

uint64_t TreeFilter::branch_bytes(const Children& children) const {
  return BranchView::required_bytes(children.pages.size() - 1, children.separator_bytes,
                                    shape_.widths);
}

// Puts a page of the old tree behind what is pending.
void TreeFilter::keep(const Page& page, uint32_t height) {
  if (absorb(page, height)) return;
  if (!closable(height)) {
    // Only branches: a leaf can always be closed.
    for (const Page& child : open(page, true).pages) keep(child, height - 1);
    return;
  }
  close(height);
  meet(page.ref.page);
  push(height + 1, page);
}

// Whether every pending page up to height has what a page needs.
bool TreeFilter::closable(uint32_t height) const {
  size_t carried = leaf_.empty() ? 0 : 1;
  for (uint32_t h = 1; h <= height && h <= levels_.size(); ++h) {
    const size_t children = levels_[h - 1].pages.size() + carried;
    if (children == 1) return false;
    carried = children == 0 ? 0 : 1;
  }
  return true;
}

// Joins the page with the one that is pending at its height, when that has little in it and both
// fit one base page.
bool TreeFilter::absorb(const Page& page, uint32_t height) {
  if (page.ref.page.order > 0) return false;
  if (height == 0) {
    const uint64_t used = leaf_.required_bytes();
    if (leaf_.empty() || used >= kJoinBelow) return false;
    const Bytes bytes = read(page, true);
    if (!is_leaf(bytes)) throw_tree_corrupted(page.ref.page, "a branch where a leaf should be");
    const LeafView leaf = LeafView::parse(bytes, shape_.widths);
    if (used + leaf.used_bytes() > kPageBytes) return false;
    replace(page.ref.page);
    add_entries(leaf, nullptr, page);
    return true;
  }
  if (height > levels_.size() || levels_[height - 1].pages.empty() || !closable(height - 1)) {
    return false;
  }
  const uint64_t used = branch_bytes(levels_[height - 1]);
  if (used >= kJoinBelow) return false;
  const Bytes bytes = read(page, true);
  if (is_leaf(bytes)) throw_tree_corrupted(page.ref.page, "a leaf where a branch should be");
  if (used + BranchView::parse(bytes, shape_.widths).used_bytes() > kPageBytes) return false;
  for (const Page& child : open(page, true).pages) keep(child, height - 1);
  return true;
}

// Places every pending page up to height. Requires closable(height).
void TreeFilter::close(uint32_t height) {
  if (!leaf_.empty()) flush_leaf();
  for (uint32_t h = 1; h <= height && h <= levels_.size(); ++h) {
    if (!levels_[h - 1].pages.empty()) flush_branch(h);
  }
}

void TreeFilter::add_entries(const LeafView& leaf, const EntrySet* dropped, const Page& from) {
  constexpr uint32_t kAtOnce = 64;
  std::array<Bytes, kAtOnce> keys;
  std::array<Bytes, kAtOnce> values;
  for (uint32_t first = 0; first < leaf.size(); first += kAtOnce) {
    uint32_t count = std::min(kAtOnce, leaf.size() - first);
    leaf.read(first, std::span(keys).first(count), std::span(values).first(count));
    if (dropped != nullptr) {  // without a branch that nobody can foretell
      uint32_t kept = 0;
      for (uint32_t i = 0; i < count; ++i) {
        keys[kept] = keys[i];
        values[kept] = values[i];
        kept += dropped->contains(first + i) ? 0 : 1;
      }
      count = kept;
    }
    for (uint32_t at = 0; at < count;) {
      if (leaf_.empty()) begin_leaf(keys[at], from);
      const size_t added = leaf_.add(std::span(keys).subspan(at, count - at),
                                     std::span(values).subspan(at, count - at));
      if (added > 0) last_source_ = from.ref.page;
      at += static_cast<uint32_t>(added);
      if (at < count) flush_leaf();
    }
  }
}

void TreeFilter::add_entry(Bytes key, Bytes value, const Page& from) {
  if (!leaf_.empty() && !leaf_.fits(key.size(), value.size())) flush_leaf();
  if (leaf_.empty()) begin_leaf(key, from);
  leaf_.add(key, value);
  last_source_ = from.ref.page;
}

// The old separator bounds the leaf whole; a part of it needs its own.
void TreeFilter::begin_leaf(Bytes key, const Page& from) {
  leaf_separator_ = has_last_ && last_source_ == from.ref.page
                        ? copy_of(separator_between(shape_, last_key_, key))
                        : from.separator;
}

void TreeFilter::flush_leaf() {
  require_fits("a leaf", leaf_.required_bytes());
  const page::NewPage page = allocate(leaf_.required_bytes(), shape_.leaf_use);
  leaf_.build(page.bytes);
  writer_.finished(page.number);
  const Bytes last = leaf_.last_key();
  last_key_.assign(last.begin(), last.end());
  has_last_ = true;
  leaf_.clear();
  push(1, {{page.number, kDeferredChecksum}, std::move(leaf_separator_)});
  leaf_separator_.clear();
}

void TreeFilter::push(uint32_t height, Page page) {
  Children& level = pending(height);
  const uint64_t grown = BranchView::required_bytes(
      level.pages.size(), level.separator_bytes + page.separator.size(), shape_.widths);
  const bool full = grown > kPageBytes || level.pages.size() > format::kMaxBranchKeys;
  if (level.pages.size() >= kMinChildren && full) flush_branch(height);
  pending(height).add(std::move(page));
}

void TreeFilter::flush_branch(uint32_t height) {
  Children full = std::move(pending(height));
  pending(height).clear();
  push(height + 1, place_branch(full.pages));
}

TreeFilter::Page TreeFilter::place_branch(std::span<Page> pages) {
  branch_children_.clear();
  branch_keys_.clear();
  for (size_t i = 0; i < pages.size(); ++i) {
    branch_children_.push_back(pages[i].ref);
    if (i > 0) branch_keys_.push_back(pages[i].separator);
  }
  const uint64_t size = format::branch_required_bytes(branch_keys_, shape_.widths);
  require_fits("a branch", size);
  const page::NewPage branch = allocate(size, page::PageUse::branch);
  format::build_branch(branch.bytes, branch_children_, branch_keys_, shape_.widths);
  return {{branch.number, kDeferredChecksum}, std::move(pages.front().separator)};
}

// Gives the one pending child of a height its neighbours on the left, out of the branch placed
// last.
void TreeFilter::borrow(uint32_t height) {
  if (pending(height + 1).pages.empty()) borrow(height + 1);
  Children& above = pending(height + 1);
  const Page left = std::move(above.pages.back());
  above.pages.pop_back();
  if (!above.pages.empty()) above.separator_bytes -= left.separator.size();
  met_.erase(left.ref.page);
  Children joined = open(left, true);
  for (Page& page : pending(height).pages) joined.add(std::move(page));
  pending(height) = std::move(joined);
}

// Closes what is pending, from the leaf up: what ends alone is the root.
void TreeFilter::finish() {
  if (!leaf_.empty()) flush_leaf();
  const auto any_above = [&](uint32_t height) {
    return std::any_of(levels_.begin() + height, levels_.end(),
                       [](const Children& level) { return !level.pages.empty(); });
  };
  for (uint32_t height = 1; height <= levels_.size(); ++height) {
    if (pending(height).pages.empty()) continue;
    if (pending(height).pages.size() == 1) {
      if (!any_above(height)) {
        const BranchChild& top = pending(height).pages.front().ref;
        const uint64_t before = root_ ? root_->length : 0;
        if (removed_ >= before + appended_) {
          throw_tree_corrupted(top.page, "the tree counts too few entries");
        }
        result_ = format::RootRecord{top.page, top.checksum, before + appended_ - removed_};
        return;
      }
      borrow(height);
    }
    // Borrowing may have made two branches' worth.
    Children& level = pending(height);
    if (branch_bytes(level) > kPageBytes && level.pages.size() >= 2 * kMinChildren) {
      Children all = std::move(level);
      pending(height).clear();
      const size_t half = all.pages.size() / 2;
      push(height + 1, place_branch(std::span(all.pages).first(half)));
      push(height + 1, place_branch(std::span(all.pages).subspan(half)));
    } else {
      flush_branch(height);
    }
  }
  if (root_ && removed_ != root_->length) {
    throw_tree_corrupted(root_->page, "the tree counts more entries than it has");
  }
}

page::NewPage TreeFilter::allocate(uint64_t bytes, page::PageUse use) {
  allocated_.emplace_back();  // first, so that a page is never lost for want of memory
  try {
    const page::NewPage fresh = writer_.allocate(bytes, use);
    allocated_.back() = fresh.number;
    return fresh;
  } catch (...) {
    allocated_.pop_back();
    throw;
  }
}

void TreeFilter::commit() {
  for (const PageNumber page : replaced_) writer_.free(page);
  replaced_.clear();
}

bool TreeFilter::abandon() noexcept {
  try {
    for (const PageNumber page : allocated_) writer_.free(page);
    allocated_.clear();
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace rdb::btree
