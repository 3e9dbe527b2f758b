// The levels above the leaf: what a change of one page means for its ancestors.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "btree/mutator.hpp"
#include "format/branch_editor.hpp"

namespace rdb::btree {
namespace {

using base::kDeferredChecksum;
using format::BranchChild;
using format::BranchEditor;
using format::kPageBytes;

// A branch with fewer separators is never split: each half must keep one, and one moves up.
constexpr size_t kMinSplitKeys = 3;

uint64_t branch_slot_bytes(const Widths& widths) { return 24 + (widths.key ? 0 : 4); }

}  // namespace

// A change, without refs yet, that concerns exactly the page at level.
Mutator::Change Mutator::whole_page_change(uint32_t level) const {
  Change change;
  if (level > 0) change.first = change.last = path_[level - 1].index;
  return change;
}

// Carries a change of the page at the end of the path upward until a page can take it in place.
void Mutator::propagate(Change change) {
  for (size_t level = root_ ? path_.size() : 0; level-- > 0;) {
    if (apply(static_cast<uint32_t>(level), change)) return finish();
  }
  edit_ = {};
  edit_.kind = Edit::Kind::root;
  if (change.ref_count > 1) {
    // Every leaf sinks by one level.
    if (path_.size() == format::kMaxTreeDepth) throw_too_deep(root_->page);
    const BranchChild top = place_branch(std::span(change.refs).first(change.ref_count),
                                         std::span(change.separators).first(change.ref_count - 1));
    change.ref_count = 0;
    change.add(top);
  }
  if (change.ref_count == 1) {
    edit_.root = format::RootRecord{change.refs[0].page, change.refs[0].checksum, length_};
  }
  finish();
}

// Carries change, which is about children of the branch at level, into that branch. True: it ends
// here (edit_ says how). False: change is now about the branch itself.
bool Mutator::apply(uint32_t level, Change& change) {
  const Step& step = path_[level];
  in_hand_ = step.page;
  const BranchView branch = BranchView::parse(step.bytes, shape_.widths);
  const uint32_t m = branch.key_count();
  const uint64_t used = branch.used_bytes();
  const uint64_t slot_bytes = branch_slot_bytes(shape_.widths);
  const bool one_child = change.first == change.last;

  const auto end_here = [&](Edit::Kind kind) {
    edit_ = {};
    edit_.kind = kind;
    edit_.level = level;
    edit_.change = change;
    return true;
  };
  const auto moved_to = [&](PageNumber fresh) {
    change = whole_page_change(level);
    change.add({fresh, kDeferredChecksum});
    return false;
  };

  // A. A child got another page, or was built anew under its number.
  if (one_child && change.ref_count == 1) {
    const BranchChild& ref = change.refs[0];
    if (step.owned) {
      if (ref.page != branch.child(change.first)) return end_here(Edit::Kind::child);
      end_here(Edit::Kind::none);
      edit_.level = level + 1;
      return true;
    }
    branch.verify_offsets();
    const page::NewPage copy = copy_of(step, used, used);
    BranchEditor(copy.bytes, shape_.widths).set_child(change.first, ref.page, ref.checksum);
    return moved_to(copy.number);
  }

  // B. A child was split in two.
  if (one_child && change.ref_count == 2) {
    const uint64_t grown = used + slot_bytes + change.separators[0].size();
    const bool may_grow = grown <= kPageBytes || m + 1 < kMinSplitKeys;
    if (may_grow && step.owned && grown <= step.bytes.size()) {
      branch.verify_offsets();
      return end_here(Edit::Kind::insert);
    }
    if (may_grow && !step.owned && grown <= ~uint32_t{0}) {
      branch.verify_offsets();
      const page::NewPage copy = copy_of(step, used, grown);
      BranchEditor editor(copy.bytes, shape_.widths);
      editor.set_child(change.first, change.refs[0].page, change.refs[0].checksum);
      editor.insert(change.first, change.separators[0], change.refs[1].page,
                    change.refs[1].checksum);
      return moved_to(copy.number);
    }
  }

  // C. A child vanished, or two became one.
  const bool removal = change.ref_count == 0 || (!one_child && change.ref_count == 1);
  if (removal && m > 1) {
    const uint32_t removed_child = change.ref_count == 0 ? change.first : change.last;
    const uint32_t removed_key =
        change.ref_count == 0 ? std::min(change.first, m - 1) : change.first;
    const uint64_t new_used = used - slot_bytes - branch.key(removed_key).size();
    if (level > 0 && new_used < kMergeBelow && merge_branch(level, branch, change, false)) {
      return false;
    }
    branch.verify_offsets();
    if (step.owned) {
      end_here(Edit::Kind::remove);
      edit_.removed_key = removed_key;
      edit_.removed_child = removed_child;
      return true;
    }
    const page::NewPage copy = copy_of(step, used, used);
    BranchEditor editor(copy.bytes, shape_.widths);
    if (change.ref_count == 1) {
      editor.set_child(change.first, change.refs[0].page, change.refs[0].checksum);
    }
    editor.remove(removed_key, removed_child);
    return moved_to(copy.number);
  }

  // D. One child is left: the branch dissolves.
  if (removal) {
    if (level > 0) {
      merge_branch(level, branch, change, true);
      return false;
    }
    const uint32_t survivor = 1 - std::min(change.first, 1u);
    const BranchChild child = change.ref_count == 1 ? change.refs[0]
                                                    : BranchChild{branch.child(survivor),
                                                                  branch.child_checksum(survivor)};
    replaced_.push_back(step.page);
    change = whole_page_change(level);
    change.add(child);
    return false;
  }

  rebuild_branch(level, branch, change);
  return false;
}

// children_ and keys_ become the content of branch with change made.
void Mutator::load_branch(const BranchView& branch, const Change& change) {
  const uint32_t m = branch.key_count();
  children_.clear();
  keys_.clear();
  const auto child = [&](uint32_t i) {
    children_.push_back({branch.child(i), branch.child_checksum(i)});
  };
  for (uint32_t i = 0; i < change.first; ++i) child(i);
  for (uint32_t i = 0; i < change.ref_count; ++i) children_.push_back(change.refs[i]);
  for (uint32_t i = change.last + 1; i <= m; ++i) child(i);
  if (change.ref_count == 0) {
    const uint32_t removed_key = std::min(change.first, m - 1);
    for (uint32_t j = 0; j < m; ++j) {
      if (j != removed_key) keys_.push_back(branch.key(j));
    }
    return;
  }
  for (uint32_t j = 0; j < change.first; ++j) keys_.push_back(branch.key(j));
  for (uint32_t i = 0; i + 1 < change.ref_count; ++i) keys_.push_back(change.separators[i]);
  for (uint32_t j = change.last; j < m; ++j) keys_.push_back(branch.key(j));
}

void Mutator::rebuild_branch(uint32_t level, const BranchView& branch, Change& change) {
  const bool at_right_edge = at_right_edge_ && change.last == branch.key_count();
  load_branch(branch, change);
  offer(path_[level]);
  change = whole_page_change(level);
  if (keys_.size() < kMinSplitKeys ||
      format::branch_required_bytes(keys_, shape_.widths) <= kPageBytes) {
    change.add(place_branch(children_, keys_));
  } else {
    split_branch(change, at_right_edge);
  }
  replace_offered();
}

// Joins the branch at level, with change made, with a neighbour. False: that would not fit a base
// page and need not be. What must be joined and does not fit is shared out evenly.
bool Mutator::merge_branch(uint32_t level, const BranchView& branch, Change& change, bool must) {
  load_branch(branch, change);
  const std::optional<Step> other = neighbour(level, must);
  const Step& parent = path_[level - 1];
  in_hand_ = other ? parent.page : path_[level].page;
  if (!other) return false;
  const bool on_left = other->index < parent.index;
  const uint32_t first = std::min(other->index, parent.index);
  const Bytes separator = BranchView::parse(parent.bytes, shape_.widths).key(first);
  in_hand_ = other->page;
  const BranchView other_branch = BranchView::parse(other->bytes, shape_.widths);

  std::vector<BranchChild> other_children;
  std::vector<Bytes> other_keys;
  for (uint32_t i = 0; i < other_branch.child_count(); ++i) {
    other_children.push_back({other_branch.child(i), other_branch.child_checksum(i)});
  }
  for (uint32_t j = 0; j < other_branch.key_count(); ++j) other_keys.push_back(other_branch.key(j));
  children_.insert(on_left ? children_.begin() : children_.end(), other_children.begin(),
                   other_children.end());
  if (on_left) {
    other_keys.push_back(separator);
    keys_.insert(keys_.begin(), other_keys.begin(), other_keys.end());
  } else {
    keys_.push_back(separator);
    keys_.insert(keys_.end(), other_keys.begin(), other_keys.end());
  }

  const bool one_page = keys_.size() < kMinSplitKeys ||
                        format::branch_required_bytes(keys_, shape_.widths) <= kPageBytes;
  if (!must && !one_page) return false;
  offer(path_[level]);
  offer(*other);
  change = {};
  change.first = first;
  change.last = first + 1;
  if (one_page) {
    change.add(place_branch(children_, keys_));
  } else {
    split_branch(change, false);
  }
  replace_offered();
  return true;
}

// Places children_ and keys_ in two branches and the separator between them in change.
void Mutator::split_branch(Change& change, bool at_right_edge) {
  const auto n = static_cast<uint32_t>(keys_.size());
  assert(n >= kMinSplitKeys);
  uint32_t middle = n - 2;  // the key that moves up; ascending inserts leave full pages behind
  if (!at_right_edge) {
    const auto cost = [&](uint32_t j) {
      return keys_[j].size() + branch_slot_bytes(shape_.widths);
    };
    uint64_t total = 0;
    for (uint32_t j = 0; j < n; ++j) total += cost(j);
    uint64_t left = cost(0);
    middle = 1;
    while (middle < n - 2 && left + cost(middle) / 2 < total / 2) left += cost(middle++);
  }
  const std::span<const BranchChild> children(children_);
  const std::span<const Bytes> keys(keys_);
  change.add(place_branch(children.first(middle + 1), keys.first(middle)));
  change.add(keys[middle], place_branch(children.subspan(middle + 1), keys.subspan(middle + 1)));
}

}  // namespace rdb::btree
