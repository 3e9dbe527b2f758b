#include "btree/mutator.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>

#include "btree/separator.hpp"
#include "format/branch_editor.hpp"
#include "format/leaf_editor.hpp"

namespace rdb::btree {
namespace {

using base::kDeferredChecksum;
using format::BranchChild;
using format::BranchEditor;
using format::kMaxLeafEntries;
using format::kPageBytes;
using format::LeafEditor;
using format::LeafEntry;

uint64_t leaf_slot_bytes(const Widths& widths) {
  return (widths.key ? 0u : 4u) + (widths.value ? 0u : 4u);
}

[[noreturn]] void throw_too_large(const char* what, uint64_t bytes) {
  throw Error(
      ErrorCode::too_large,
      std::string(what) + " of " + std::to_string(bytes) + " bytes exceeds the format's limit",
      bytes);
}

void check_width(const char* what, std::optional<uint32_t> width, size_t size) {
  if (!width || *width == size) [[likely]]
    return;
  throw Error(ErrorCode::invalid_argument, std::string(what) + " of " + std::to_string(size) +
                                               " bytes where the table's type has " +
                                               std::to_string(*width));
}

void copy_out(std::vector<std::byte>* out, Bytes bytes) {
  if (out != nullptr) out->assign(bytes.begin(), bytes.end());
}

}  // namespace

// ---- public calls
// --------------------------------------------------------------------------------

template <typename Work>
auto Mutator::atomically(Work&& work) {
  leaf_kept_ = false;
  try {
    return work();
  } catch (const Error& error) {
    undo();
    rethrow_naming(error, in_hand_);
  } catch (...) {
    undo();
    throw;
  }
}

InsertResult Mutator::insert(Bytes key, Bytes value, InsertMode mode,
                             std::vector<std::byte>* old_value) {
  require_usable();
  shape_.order.require_known("insert");
  check_sizes(key.size(), value.size());
  return atomically([&] {
    if (!root_) {
      if (mode == InsertMode::update_only) return InsertResult::refused;
      insert_first(key, value);
      return InsertResult::inserted;
    }
    const LeafView leaf = descend([&](const BranchView& branch) {
      return shape_.order.child_index(branch, shape_.widths, key);
    });
    const KeyOrder::Place place = shape_.order.lower_bound(leaf, key);
    if (mode == (place.equal ? InsertMode::insert_only : InsertMode::update_only)) {
      return InsertResult::refused;
    }
    if (place.equal) {
      copy_out(old_value, leaf.value(place.index));
      replace(leaf, place.index, value);
      return InsertResult::replaced;
    }
    insert_new(leaf, place.index, key, value);
    return InsertResult::inserted;
  });
}

bool Mutator::update_next(Bytes key, ValueUpdate& update) {
  require_usable();
  shape_.order.require_known("merge");
  const auto untouched = [](Bytes fresh, Bytes old) {
    return fresh.data() == old.data() && fresh.size() == old.size();
  };
  if (leaf_kept_) {
    const LeafView leaf = LeafView::parse(leaf_.bytes, shape_.widths);
    const KeyOrder::Place place = shape_.order.lower_bound(leaf, key);
    if (place.equal) {
      const Bytes old = leaf.value(place.index);
      const Bytes fresh = update.fresh(old);
      if (untouched(fresh, old)) return false;
      if (fresh.size() == old.size()) {  // the path is deferred and the counts stay
        LeafEditor(writer_.edit(leaf_.page), shape_.widths).replace_value(place.index, fresh);
        return true;
      }
    }
  }
  return atomically([&] {
    if (!root_) {
      const Bytes fresh = update.fresh(std::nullopt);
      check_sizes(key.size(), fresh.size());
      length_ = 1;
      const LeafEntry entry{key, fresh};
      Change change;
      change.add(place_leaf({&entry, 1}));
      propagate(change);
      return true;
    }
    const LeafView leaf = descend([&](const BranchView& branch) {
      return shape_.order.child_index(branch, shape_.widths, key);
    });
    const KeyOrder::Place place = shape_.order.lower_bound(leaf, key);
    if (!place.equal) {
      const Bytes fresh = update.fresh(std::nullopt);
      check_sizes(key.size(), fresh.size());
      insert_new(leaf, place.index, key, fresh);
      return true;
    }
    const Bytes old = leaf.value(place.index);
    const Bytes fresh = update.fresh(old);
    if (untouched(fresh, old)) return false;
    check_sizes(key.size(), fresh.size());
    replace(leaf, place.index, fresh);
    return true;
  });
}

bool Mutator::erase(Bytes key, std::vector<std::byte>* old_value) {
  require_usable();
  shape_.order.require_known("erase");
  if (!root_) return false;
  return atomically([&] {
    const LeafView leaf = descend([&](const BranchView& branch) {
      return shape_.order.child_index(branch, shape_.widths, key);
    });
    const KeyOrder::Place place = shape_.order.lower_bound(leaf, key);
    if (!place.equal) return false;
    copy_out(old_value, leaf.value(place.index));
    remove(leaf, place.index, true);
    return true;
  });
}

Mutator::Located Mutator::locate(Bytes key) {
  require_usable();
  shape_.order.require_known("lookup");
  if (!root_) return {};
  return atomically([&]() -> Located {
    const LeafView leaf = descend([&](const BranchView& branch) {
      return shape_.order.child_index(branch, shape_.widths, key);
    });
    located_ = shape_.order.lower_bound(leaf, key);
    if (!located_.equal) return {false, leaf_.owned, leaf_.page, {}};
    return {true, leaf_.owned, leaf_.page, leaf.value(located_.index)};
  });
}

void Mutator::put_located(Bytes key, Bytes value) {
  check_sizes(key.size(), value.size());
  atomically([&] {
    if (!root_) return insert_first(key, value);
    const LeafView leaf = LeafView::parse(leaf_.bytes, shape_.widths);
    if (located_.equal) {
      replace(leaf, located_.index, value);
    } else {
      insert_new(leaf, located_.index, key, value);
    }
  });
}

void Mutator::erase_located() {
  atomically([&] { remove(LeafView::parse(leaf_.bytes, shape_.widths), located_.index, true); });
}

bool Mutator::erase_first(std::vector<std::byte>* key, std::vector<std::byte>* value) {
  require_usable();
  if (!root_) return false;
  return atomically([&] {
    const LeafView leaf = descend([](const BranchView&) { return 0u; });
    copy_out(key, leaf.key(0));
    copy_out(value, leaf.value(0));
    remove(leaf, 0, true);
    return true;
  });
}

bool Mutator::erase_last(std::vector<std::byte>* key, std::vector<std::byte>* value) {
  require_usable();
  if (!root_) return false;
  return atomically([&] {
    const LeafView leaf = descend([](const BranchView& branch) { return branch.key_count(); });
    const uint32_t i = leaf.size() - 1;
    copy_out(key, leaf.key(i));
    copy_out(value, leaf.value(i));
    remove(leaf, i, true);
    return true;
  });
}

void Mutator::erase_at(std::span<const uint32_t> position) {
  require_usable();
  atomically([&] { remove(descend_to(position), position.back(), false); });
}

void Mutator::replace_at(std::span<const uint32_t> position, Bytes value) {
  require_usable();
  atomically([&] {
    const LeafView leaf = descend_to(position);
    check_sizes(leaf.key(position.back()).size(), value.size());
    replace(leaf, position.back(), value);
  });
}

void Mutator::require_usable() const {
  if (broken_) {
    throw Error(ErrorCode::misuse,
                "an earlier failure left this table in doubt; the transaction can only be aborted");
  }
}

void Mutator::check_sizes(uint64_t key_bytes, uint64_t value_bytes) const {
  check_width("a key", shape_.widths.key, key_bytes);
  check_width("a value", shape_.widths.value, value_bytes);
  if (key_bytes > format::kMaxKeyBytes) throw_too_large("a key", key_bytes);
  if (value_bytes > format::kMaxValueBytes) throw_too_large("a value", value_bytes);
  if (key_bytes + value_bytes > format::kMaxPairBytes) {
    throw_too_large("a pair", key_bytes + value_bytes);
  }
}

// ---- 1. descending
// -------------------------------------------------------------------------------

template <typename Choose>
LeafView Mutator::descend(Choose&& choose) {
  path_.clear();
  at_left_edge_ = at_right_edge_ = true;
  Step step{root_->page, root_->checksum, {}, 0, false};
  bool parent_owned = true;
  for (;;) {
    in_hand_ = step.page;
    step.bytes = pool_.read(step.page, step.checksum, shape_.widths);
    step.owned = pool_.owned(step.page);
    if (step.owned && !parent_owned) [[unlikely]] {
      throw_tree_corrupted(step.page, "a committed page refers to it, but it was free (U2)");
    }
    if (is_leaf(step.bytes)) break;
    const BranchView branch = BranchView::parse(step.bytes, shape_.widths);
    if (path_.size() == format::kMaxTreeDepth) throw_too_deep(step.page);
    step.index = choose(branch);
    at_left_edge_ &= step.index == 0;
    at_right_edge_ &= step.index == branch.key_count();
    path_.push_back(step);
    parent_owned = step.owned;
    step.page = branch.child(step.index);
    pool_.prefetch(step.page);
    step.checksum = branch.child_checksum(step.index);
    step.index = 0;
  }
  leaf_ = step;
  const LeafView leaf = LeafView::parse(leaf_.bytes, shape_.widths);
  const uint64_t length = root_->length;
  if (path_.empty() ? length != leaf.size() : length < leaf.size()) [[unlikely]] {
    throw_tree_corrupted(leaf_.page, "it contradicts the entry count of its tree");
  }
  length_ = length;
  return leaf;
}

LeafView Mutator::descend_to(std::span<const uint32_t> position) {
  bool exists = root_.has_value() && !position.empty();
  if (exists) {
    const LeafView leaf = descend([&](const BranchView& branch) -> uint32_t {
      const size_t depth = path_.size();
      exists = exists && depth + 1 < position.size() && position[depth] <= branch.key_count();
      return exists ? position[depth] : 0;
    });
    if (exists && path_.size() + 1 == position.size() && position.back() < leaf.size()) return leaf;
  }
  throw Error(ErrorCode::invalid_argument, "the tree has no entry at this position");
}

// The page beside the one at level (path_.size() is the leaf): to the left, or the right of child
// 0. Unless it must, it is not read when it is so large that merging would not shrink the tree.
std::optional<Mutator::Step> Mutator::neighbour(uint32_t level, bool must) {
  const bool leaves = level == path_.size();
  const Step& parent = path_[level - 1];
  in_hand_ = parent.page;
  const BranchView branch = BranchView::parse(parent.bytes, shape_.widths);
  Step step;
  step.index = parent.index > 0 ? parent.index - 1 : 1;
  step.page = branch.child(step.index);
  step.checksum = branch.child_checksum(step.index);
  if (!must && step.page.order > 0) return std::nullopt;
  const auto same_page = [&](const Step& other) { return other.page == step.page; };
  if (same_page(leaf_) || std::any_of(path_.begin(), path_.end(), same_page)) {
    throw_tree_corrupted(step.page, "it is referenced twice");
  }
  in_hand_ = step.page;
  step.bytes = pool_.read(step.page, step.checksum, shape_.widths);
  step.owned = pool_.owned(step.page);
  if (step.owned && !parent.owned) {
    throw_tree_corrupted(step.page, "a committed page refers to it, but it was free (U2)");
  }
  if (is_leaf(step.bytes) != leaves) {
    throw_tree_corrupted(step.page, "it is not as deep in the tree as its neighbour");
  }
  return step;
}

// ---- the leaf
// ------------------------------------------------------------------------------------

void Mutator::insert_first(Bytes key, Bytes value) {
  path_.clear();
  length_ = 1;
  const LeafEntry entry{key, value};
  Change change;
  change.add(place_leaf({&entry, 1}));
  propagate(change);
}

void Mutator::insert_new(const LeafView& leaf, uint32_t i, Bytes key, Bytes value) {
  const uint32_t n = leaf.size();
  const uint64_t used = leaf.used_bytes();
  const uint64_t entry_bytes = key.size() + value.size() + leaf_slot_bytes(shape_.widths);
  const uint64_t grown = used + entry_bytes;
  if (length_ == ~uint64_t{0}) throw_tree_corrupted(leaf_.page, "the entry count is at its end");
  ++length_;

  if (grown <= kPageBytes && n < kMaxLeafEntries && (!leaf_.owned || leaf_.page.order == 0)) {
    leaf.verify_offsets();
    if (leaf_.owned) {
      LeafEditor(writer_.edit(leaf_.page), shape_.widths).insert(i, key, value);
      return finish_in_leaf();
    }
    const page::NewPage copy = copy_of(leaf_, used, grown);
    LeafEditor(copy.bytes, shape_.widths).insert(i, key, value);
    Change change = whole_page_change(static_cast<uint32_t>(path_.size()));
    change.add({copy.number, kDeferredChecksum});
    return propagate(change);
  }

  // A new leaf beside the untouched old one, where that packs well or spares copying large values.
  const bool grows_tree_end = (i == n && at_right_edge_) || (i == 0 && at_left_edge_);
  const bool large = (n == 1 && used >= kPageBytes) || 4 + entry_bytes > kPageBytes;
  if ((i == n || i == 0) && (grows_tree_end || large) && grown > kPageBytes) {
    const LeafEntry entry{key, value};
    const BranchChild fresh = place_leaf({&entry, 1});
    const BranchChild old{leaf_.page, leaf_.checksum};
    Change change = whole_page_change(static_cast<uint32_t>(path_.size()));
    if (i == n) {
      change.add(old);
      change.add(separator_between(shape_, leaf.key(n - 1), key), fresh);
    } else {
      change.add(fresh);
      change.add(separator_between(shape_, key, leaf.key(0)), old);
    }
    return propagate(change);
  }

  load_entries(leaf);
  entries_.insert(entries_.begin() + i, LeafEntry{key, value});
  rebuild_leaf();
}

void Mutator::replace(const LeafView& leaf, uint32_t i, Bytes value) {
  const uint64_t used = leaf.used_bytes();
  const uint64_t old_bytes = leaf.value(i).size();
  const uint64_t changed = used - old_bytes + value.size();
  const bool same_size = value.size() == old_bytes;

  if (leaf_.owned && (same_size || format::order_for_bytes(changed) == leaf_.page.order)) {
    if (!same_size) leaf.verify_offsets();
    LeafEditor(writer_.edit(leaf_.page), shape_.widths).replace_value(i, value);
    return finish_in_leaf();
  }
  if (!leaf_.owned && std::max(used, changed) <= kPageBytes) {
    leaf.verify_offsets();
    const page::NewPage copy = copy_of(leaf_, used, std::max(used, changed));
    LeafEditor(copy.bytes, shape_.widths).replace_value(i, value);
    Change change = whole_page_change(static_cast<uint32_t>(path_.size()));
    change.add({copy.number, kDeferredChecksum});
    return propagate(change);
  }
  load_entries(leaf);
  entries_[i].value = value;
  rebuild_leaf();
}

void Mutator::remove(const LeafView& leaf, uint32_t i, bool may_merge) {
  if (length_ == 0) throw_tree_corrupted(leaf_.page, "the tree counts no entries");
  --length_;
  const auto level = static_cast<uint32_t>(path_.size());
  if (leaf.size() == 1) {
    if (level > 0 && length_ == 0)
      throw_tree_corrupted(leaf_.page, "the tree counts too few entries");
    replaced_.push_back(leaf_.page);
    return propagate(whole_page_change(level));
  }

  const uint64_t used = leaf.used_bytes();
  const uint64_t new_used =
      used - leaf.key(i).size() - leaf.value(i).size() - leaf_slot_bytes(shape_.widths);
  if (may_merge && level > 0 && new_used < kMergeBelow && merge_leaf(leaf, i, new_used)) return;

  if (leaf_.owned && format::order_for_bytes(new_used) == leaf_.page.order) {
    leaf.verify_offsets();
    LeafEditor(writer_.edit(leaf_.page), shape_.widths).remove(i);
    return finish_in_leaf();
  }
  if (!leaf_.owned && used <= kPageBytes) {
    leaf.verify_offsets();
    const page::NewPage copy = copy_of(leaf_, used, used);
    LeafEditor(copy.bytes, shape_.widths).remove(i);
    Change change = whole_page_change(level);
    change.add({copy.number, kDeferredChecksum});
    return propagate(change);
  }
  load_entries(leaf);
  entries_.erase(entries_.begin() + i);
  rebuild_leaf();
}

// Joins the leaf, without entry removed, with a neighbour, when one base page holds both.
bool Mutator::merge_leaf(const LeafView& leaf, uint32_t removed, uint64_t new_used) {
  const auto level = static_cast<uint32_t>(path_.size());
  leaf.verify_offsets();
  const std::optional<Step> other = neighbour(level, false);
  in_hand_ = other ? other->page : leaf_.page;
  if (!other) return false;
  const LeafView other_leaf = LeafView::parse(other->bytes, shape_.widths);
  if (new_used + other_leaf.used_bytes() - 4 > kPageBytes ||  // one header of 4 bytes goes
      leaf.size() - 1 + other_leaf.size() > kMaxLeafEntries) {
    return false;
  }
  const bool on_left = other->index < path_.back().index;
  entries_.clear();
  const auto append = [&](const LeafView& from, uint32_t without) {
    for (uint32_t i = 0; i < from.size(); ++i) {
      if (i != without) entries_.push_back({from.key(i), from.value(i)});
    }
  };
  if (on_left) append(other_leaf, kMaxLeafEntries + 1);
  append(leaf, removed);
  if (!on_left) append(other_leaf, kMaxLeafEntries + 1);

  offer(leaf_);
  offer(*other);
  Change change = whole_page_change(level);
  change.first = std::min(other->index, path_.back().index);
  change.last = change.first + 1;
  change.add(place_leaf(entries_));
  replace_offered();
  propagate(change);
  return true;
}

// Replaces the leaf by as many leaves as entries_ need, at most kMaxRefs: an entry too large for a
// base page gets its own, the rest is cut where the bytes balance.
void Mutator::rebuild_leaf() {
  std::array<uint32_t, kMaxRefs + 1> cuts{0, static_cast<uint32_t>(entries_.size())};
  uint32_t pieces = 1;
  for (uint32_t piece = 0; piece < pieces && pieces < kMaxRefs;) {
    const uint32_t begin = cuts[piece];
    const uint32_t end = cuts[piece + 1];
    if (end - begin == 1 || entries_fit(begin, end)) {
      ++piece;
      continue;
    }
    std::copy_backward(cuts.begin() + piece + 1, cuts.begin() + pieces + 1,
                       cuts.begin() + pieces + 2);
    cuts[piece + 1] = split_point(begin, end);
    ++pieces;
  }

  offer(leaf_);
  Change change = whole_page_change(static_cast<uint32_t>(path_.size()));
  for (uint32_t piece = 0; piece < pieces; ++piece) {
    const uint32_t begin = cuts[piece];
    const BranchChild ref = place_leaf(std::span(entries_).subspan(begin, cuts[piece + 1] - begin));
    if (piece == 0) {
      change.add(ref);
    } else {
      change.add(separator_between(shape_, entries_[begin - 1].key, entries_[begin].key), ref);
    }
  }
  replace_offered();
  propagate(change);
}

// ---- 2. building
// ---------------------------------------------------------------------------------

void Mutator::load_entries(const LeafView& leaf) {
  entries_.clear();
  entries_.reserve(size_t{leaf.size()} + 1);
  for (uint32_t i = 0; i < leaf.size(); ++i) entries_.push_back({leaf.key(i), leaf.value(i)});
}

bool Mutator::entries_fit(uint32_t begin, uint32_t end) const {
  return end - begin <= kMaxLeafEntries &&
         format::leaf_required_bytes(std::span(entries_).subspan(begin, end - begin),
                                     shape_.widths) <= kPageBytes;
}

// Where to cut entries that do not fit: begin < result < end.
uint32_t Mutator::split_point(uint32_t begin, uint32_t end) const {
  const auto data_bytes = [&](uint32_t i) {
    return entries_[i].key.size() + entries_[i].value.size();
  };
  uint64_t total = 0;
  for (uint32_t i = begin; i < end; ++i) {
    if (!entries_fit(i, i + 1)) return i > begin ? i : i + 1;
    total += data_bytes(i);
  }
  uint64_t left = 0;
  uint32_t cut = begin;
  while (cut < end - 1 && (cut == begin || left < total / 2)) left += data_bytes(cut++);
  // One entry less on the left may save a third page.
  if (cut - 1 > begin && !entries_fit(begin, cut) && entries_fit(cut - 1, end)) --cut;
  return cut;
}

page::NewPage Mutator::allocate(uint64_t bytes, page::PageUse use) {
  allocated_.reserve(allocated_.size() + 1);  // so that a page is never lost between two lines
  const page::NewPage fresh = writer_.allocate(bytes, use);
  allocated_.push_back(fresh.number);
  return fresh;
}

page::PageUse Mutator::use_of(const Step& step) const {
  return is_leaf(step.bytes) ? shape_.leaf_use : page::PageUse::branch;
}

// A new page of at least bytes with the used part of a page that it replaces.
page::NewPage Mutator::copy_of(const Step& step, uint64_t used, uint64_t bytes) {
  replaced_.push_back(step.page);
  const page::NewPage fresh = allocate(bytes, use_of(step));
  std::memcpy(fresh.bytes.data(), step.bytes.data(), used);
  return fresh;
}

void Mutator::offer(const Step& step) {
  (step.owned && step.page.order == 0 ? offered_ : replaced_).push_back(step.page);
}

void Mutator::replace_offered() {
  replaced_.insert(replaced_.end(), offered_.begin(), offered_.end());
  offered_.clear();
}

// Memory whose first base page step 3 copies over page.
std::span<std::byte> Mutator::image_for(PageNumber page) {
  if (overwrite_count_ == overwrites_.size()) overwrites_.emplace_back();
  Overwrite& overwrite = overwrites_[overwrite_count_];
  overwrite.image.resize(kPageBytes);
  overwrite.page = page;
  ++overwrite_count_;
  return overwrite.image;
}

BranchChild Mutator::place_leaf(std::span<const LeafEntry> entries) {
  const uint64_t bytes = format::leaf_required_bytes(entries, shape_.widths);
  if (bytes <= kPageBytes && !offered_.empty()) {
    const PageNumber page = offered_.back();
    const uint64_t used = format::build_leaf(image_for(page), entries, shape_.widths);
    overwrites_[overwrite_count_ - 1].used = used;
    offered_.pop_back();
    return {page, kDeferredChecksum};
  }
  if (bytes > ~uint32_t{0}) throw_too_large("a leaf", bytes);
  const page::NewPage fresh = allocate(bytes, shape_.leaf_use);
  format::build_leaf(fresh.bytes, entries, shape_.widths);
  return {fresh.number, kDeferredChecksum};
}

BranchChild Mutator::place_branch(std::span<const BranchChild> children,
                                  std::span<const Bytes> keys) {
  const uint64_t bytes = format::branch_required_bytes(keys, shape_.widths);
  if (bytes <= kPageBytes && !offered_.empty()) {
    const PageNumber page = offered_.back();
    const uint64_t used = format::build_branch(image_for(page), children, keys, shape_.widths);
    overwrites_[overwrite_count_ - 1].used = used;
    offered_.pop_back();
    return {page, kDeferredChecksum};
  }
  if (bytes > ~uint32_t{0}) throw_too_large("a branch", bytes);
  const page::NewPage fresh = allocate(bytes, page::PageUse::branch);
  format::build_branch(fresh.bytes, children, keys, shape_.widths);
  return {fresh.number, kDeferredChecksum};
}

// ---- 3. finishing
// --------------------------------------------------------------------------------

// Makes the change built by step 2 real.
void Mutator::finish() {
  writer_.expect_frees(replaced_.size());
  // The edits below cannot fail: the bytes they go by were checked in step 2. Should they yet, or
  // should free(), the new pages are part of the tree already and must not be undone.
  broken_ = true;
  allocated_.clear();

  // 1. The separators in edit_ borrow from pages that 2. overwrites and 3. frees.
  const Change& change = edit_.change;
  if (edit_.kind == Edit::Kind::root) {
    root_ = edit_.root;
  } else if (edit_.kind != Edit::Kind::none) {
    BranchEditor editor(writer_.edit(path_[edit_.level].page), shape_.widths);
    if (change.ref_count > 0) {
      editor.set_child(change.first, change.refs[0].page, change.refs[0].checksum);
    }
    if (edit_.kind == Edit::Kind::insert) {
      editor.insert(change.first, change.separators[0], change.refs[1].page,
                    change.refs[1].checksum);
    } else if (edit_.kind == Edit::Kind::remove) {
      editor.remove(edit_.removed_key, edit_.removed_child);
    }
  }
  // 2.
  for (size_t i = 0; i < overwrite_count_; ++i) {
    const Overwrite& overwrite = overwrites_[i];
    std::memcpy(writer_.edit(overwrite.page).data(), overwrite.image.data(), overwrite.used);
  }
  overwrite_count_ = 0;
  if (edit_.kind != Edit::Kind::root) defer_path(edit_.level);
  if (root_) root_->length = length_;
  // 3.
  for (const PageNumber page : replaced_) writer_.free(page);
  replaced_.clear();
  broken_ = false;
}

void Mutator::finish_in_leaf() {
  leaf_kept_ = true;
  defer_path(static_cast<uint32_t>(path_.size()));
  root_->length = length_;
}

// The owned page at level has changed and kept its number: its record in each ancestor is deferred
// again, in case an earlier finalize() had filled it in.
void Mutator::defer_path(uint32_t level) {
  for (uint32_t l = level; l > 0; --l) {
    const Step& step = l == path_.size() ? leaf_ : path_[l];
    if (step.checksum == kDeferredChecksum) continue;
    Step& parent = path_[l - 1];
    BranchEditor(writer_.edit(parent.page), shape_.widths)
        .set_child_checksum(parent.index, kDeferredChecksum);
  }
  root_->checksum = kDeferredChecksum;
}

void Mutator::undo() noexcept {
  try {
    for (const PageNumber page : allocated_) writer_.free(page);
  } catch (...) {
    broken_ = true;
  }
  allocated_.clear();
  replaced_.clear();
  offered_.clear();
  overwrite_count_ = 0;
}

}  // namespace rdb::btree
