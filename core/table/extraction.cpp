#include "table/extraction.hpp"

#include <algorithm>
#include <array>

#include "rdb/error.hpp"

namespace rdb::table {

// ---- what was taken
// ------------------------------------------------------------------------------

void TakenEntries::expect_return() {
  if (returns_) return;
  numbers_.reserve(leaves_.size());
  for (size_t i = 0; i < leaves_.size(); ++i) {
    numbers_.emplace(leaves_[i].page.bits(), static_cast<uint32_t>(i));
  }
  returns_ = true;
}

void TakenEntries::look_up(PageNumber leaf) const {
  const auto number = numbers_.find(leaf.bits());
  found_ = number == numbers_.end() ? std::nullopt : std::optional(number->second);
  found_page_ = leaf.bits();
}

std::span<uint64_t> TakenEntries::entries(const btree::TreeCursor& at) {
  if (const Leaf* leaf = find(at.leaf_page())) return words(*leaf);
  at.position(position_);
  depth_ = position_.size() - 1;
  const Leaf fresh{at.leaf_page(), paths_.size(), words_.size(), at.leaf().size()};
  paths_.insert(paths_.end(), position_.begin(), position_.end() - 1);
  words_.resize(words_.size() + btree::EntrySet::words_for(fresh.entries));
  const auto number = static_cast<uint32_t>(leaves_.size());
  leaves_.push_back(fresh);
  if (returns_) {
    try {
      numbers_.emplace(at.leaf_page().bits(), number);
    } catch (...) {
      leaves_.pop_back();
      throw;
    }
  }
  found_ = number;
  return words(fresh);
}

void TakenEntries::sort() {
  numbers_.clear();
  found_page_ = kNoPage;
  const auto before = [&](const Leaf& a, const Leaf& b) {
    return std::ranges::lexicographical_compare(path(a), path(b));
  };
  // A walk that never turned back left them in order.
  if (!std::is_sorted(leaves_.begin(), leaves_.end(), before)) {
    std::sort(leaves_.begin(), leaves_.end(), before);
  }
}

btree::Removal::Fate TakenEntries::fate(std::span<const uint32_t> to) {
  if (next_ == leaves_.size()) return Fate::keep;
  const bool below =
      to.size() <= depth_ && std::equal(to.begin(), to.end(), path(leaves_[next_]).begin());
  return below ? Fate::mixed : Fate::keep;
}

void TakenEntries::mark(std::span<const uint32_t>, btree::EntrySet& dropped) {
  dropped.assign(words(leaves_[next_++]));
}

// ---- the walk
// ------------------------------------------------------------------------------------

ExtractionImpl::ExtractionImpl(std::shared_ptr<TableImpl> table, const KeyRange& range)
    : table_(std::move(table)) {
  {
    const auto lock = table_->lock_writer();
    table_->require_active();
    cursor_.emplace(table_, CursorImpl::Access::lender);
    table_->lend(this);
  }
  try {
    cursor_->set_range(range);
  } catch (...) {
    give_up();
    throw;
  }
}

ExtractionImpl::~ExtractionImpl() {
  try {
    if (cursor_) finish();
  } catch (const std::exception&) {
  }
}

void ExtractionImpl::give_up() noexcept {
  const auto lock = table_->lock();
  cursor_.reset();
  table_->lend(nullptr);
}

void ExtractionImpl::throw_over() const {
  throw Error(ErrorCode::closed,
              "the extraction from table \"" + table_->info().name + "\" is over");
}

bool ExtractionImpl::taken_here() const { return taken_.noted(cursor_->tree()); }

// The walk meets leaves again when it turns, and when it has lost its place.
void ExtractionImpl::go(Way way) {
  if (way_ != Way::none && (way_ != way || !cursor_->valid())) taken_.expect_return();
  way_ = way;
}

bool ExtractionImpl::next() {
  CursorImpl& cursor = walking();
  go(Way::forward);
  while (cursor.next_lent()) {
    // A walk that goes one way has taken nothing of what is ahead.
    if (!taken_.expects_return() || !taken_here()) return true;
  }
  return false;
}

bool ExtractionImpl::prev() {
  CursorImpl& cursor = walking();
  go(Way::back);
  while (cursor.prev()) {
    if (!taken_here()) return true;
  }
  return false;
}

bool ExtractionImpl::valid() const { return walking().valid() && !taken_here(); }
Bytes ExtractionImpl::key() const { return walking().key(); }
Bytes ExtractionImpl::value() const { return walking().value(); }

bool ExtractionImpl::take() {
  CursorImpl& cursor = walking();
  if (!cursor.valid()) return false;
  return taken_.note(cursor.tree());
}

uint64_t ExtractionImpl::finish() {
  walking();
  const auto lock = table_->lock();
  cursor_.reset();  // its pin must not keep pages that go
  table_->lend(nullptr);
  table_->require_transaction();
  if (taken_.empty()) return 0;
  taken_.sort();
  return table_->remove(&taken_);
}

uint64_t ExtractionImpl::retain(RecordFilter& filter) {
  constexpr size_t kBatch = 256;
  std::array<Bytes, kBatch> keys;
  std::array<Bytes, kBatch> values;
  std::array<uint32_t, kBatch> indexes;
  {
    const auto lock = table_->lock();
    table_->lend_to_callback();
  }
  try {
    bool stopped = false;
    while (!stopped) {
      const size_t count = cursor_->next_slices(keys, values, indexes.data());
      if (count == 0) break;
      std::span<uint64_t> taken;  // of the leaf, once something is
      for (size_t i = 0; i < count && !stopped; ++i) {
        const RecordFilter::Verdict verdict = filter.judge(keys[i], values[i]);
        stopped = verdict == RecordFilter::Verdict::stop;
        if (verdict != RecordFilter::Verdict::remove) continue;
        if (taken.empty()) taken = taken_.entries(cursor_->tree());
        btree::EntrySet::insert(taken, indexes[i]);
      }
    }
  } catch (...) {
    give_up();
    throw;
  }
  return finish();
}

}  // namespace rdb::table
