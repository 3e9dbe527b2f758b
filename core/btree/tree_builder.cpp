#include "btree/tree_builder.hpp"

#include <span>
#include <string>
#include <utility>

#include "btree/separator.hpp"
#include "rdb/error.hpp"

namespace rdb::btree {

using base::kDeferredChecksum;
using format::BranchChild;
using format::kPageBytes;

namespace {

constexpr size_t kMinChildren = 2;

void require_fits(const char* page, uint64_t bytes) {
  if (bytes <= ~uint32_t{0}) return;
  throw Error(
      ErrorCode::too_large,
      std::string(page) + " of " + std::to_string(bytes) + " bytes exceeds the format's limit",
      bytes);
}

}  // namespace

void TreeBuilder::add(Bytes key, Bytes value) {
  const uint64_t grown = entry_bytes_ + key.size() + value.size();
  const bool full =
      LeafView::required_bytes(entries_.size() + 1, grown, shape_.widths) > kPageBytes ||
      entries_.size() == format::kMaxLeafEntries;
  if (!entries_.empty() && full) place_leaf();
  entries_.push_back({key, value});
  entry_bytes_ += key.size() + value.size();
  ++length_;
}

void TreeBuilder::place_leaf() {
  const uint64_t bytes = format::leaf_required_bytes(entries_, shape_.widths);
  require_fits("a leaf", bytes);
  const page::NewPage leaf = allocate(bytes, shape_.leaf_use);
  format::build_leaf(leaf.bytes, entries_, shape_.widths);
  if (!children_.empty()) {
    separators_.push_back(separator_between(shape_, last_key_, entries_.front().key));
  }
  children_.push_back({leaf.number, kDeferredChecksum});
  last_key_ = entries_.back().key;
  entries_.clear();
  entry_bytes_ = 0;
}

TreeRoot TreeBuilder::finish() {
  if (length_ == 0) return {};
  place_leaf();
  while (children_.size() > 1) place_branches();
  return format::RootRecord{children_.front().page, kDeferredChecksum, length_};
}

void TreeBuilder::place_branches() {
  upper_children_.clear();
  upper_separators_.clear();
  const size_t count = children_.size();
  for (size_t begin = 0; begin < count;) {
    size_t end = begin + kMinChildren;
    uint64_t bytes =
        format::branch_required_bytes({&separators_[begin], end - begin - 1}, shape_.widths);
    const uint64_t child_bytes =
        PageNumber::kBytes + base::Checksum::kBytes + (shape_.widths.key ? 0 : 4);
    while (end < count && end - begin <= format::kMaxBranchKeys) {
      bytes += child_bytes + separators_[end - 1].size();
      if (bytes > kPageBytes) break;
      ++end;
    }
    // One child alone makes no branch: it gets a neighbour from here, or joins.
    if (end + 1 == count) end = end - begin > kMinChildren ? end - 1 : count;
    place_branch(begin, end);
    if (end < count) upper_separators_.push_back(separators_[end - 1]);
    begin = end;
  }
  std::swap(children_, upper_children_);
  std::swap(separators_, upper_separators_);
}

void TreeBuilder::place_branch(size_t begin, size_t end) {
  const std::span<const BranchChild> children(&children_[begin], end - begin);
  const std::span<const Bytes> keys(&separators_[begin], end - begin - 1);
  const uint64_t bytes = format::branch_required_bytes(keys, shape_.widths);
  require_fits("a branch", bytes);
  const page::NewPage branch = allocate(bytes, page::PageUse::branch);
  format::build_branch(branch.bytes, children, keys, shape_.widths);
  upper_children_.push_back({branch.number, kDeferredChecksum});
}

page::NewPage TreeBuilder::allocate(uint64_t bytes, page::PageUse use) {
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

bool TreeBuilder::abandon() noexcept {
  try {
    for (const PageNumber page : allocated_) writer_.free(page);
    allocated_.clear();
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace rdb::btree
