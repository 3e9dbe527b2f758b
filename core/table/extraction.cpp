#include "table/extraction.hpp"

#include <algorithm>
#include <array>

#include "rdb/error.hpp"

namespace rdb::table {

// ---- what was taken
// ------------------------------------------------------------------------------

TakenEntries::Where TakenEntries::where(const btree::TreeCursor& at) {
  Where where{at.leaf_page(), {}, at.leaf().size()};
  at.position(where.path);
  where.path.pop_back();
  return where;
}

bool TakenEntries::note(const Where& where, uint32_t index) {
  const auto [number, fresh] =
      numbers_.try_emplace(where.leaf.bits(), static_cast<uint32_t>(leaves_.size()));
  if (fresh) leaves_.push_back({where.path, std::vector<bool>(where.entries)});
  std::vector<bool>& entries = leaves_[number->second].entries;
  if (entries[index]) return false;
  entries[index] = true;
  return true;
}

bool TakenEntries::noted(PageNumber leaf, uint32_t index) const {
  const auto number = numbers_.find(leaf.bits());
  return number != numbers_.end() && leaves_[number->second].entries[index];
}

void TakenEntries::sort() {
  numbers_.clear();
  std::sort(leaves_.begin(), leaves_.end(),
            [](const Leaf& a, const Leaf& b) { return a.path < b.path; });
}

btree::Removal::Fate TakenEntries::fate(std::span<const uint32_t> path) {
  if (next_ == leaves_.size()) return Fate::keep;
  const std::vector<uint32_t>& leaf = leaves_[next_].path;
  const bool below =
      path.size() <= leaf.size() && std::equal(path.begin(), path.end(), leaf.begin());
  return below ? Fate::mixed : Fate::keep;
}

void TakenEntries::mark(std::span<const uint32_t>, std::vector<bool>& dropped) {
  dropped = leaves_[next_++].entries;
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

CursorImpl& ExtractionImpl::walking() const {
  if (cursor_) return *cursor_;
  throw Error(ErrorCode::closed,
              "the extraction from table \"" + table_->info().name + "\" is over");
}

bool ExtractionImpl::taken_here() const {
  return taken_.noted(cursor_->tree().leaf_page(), cursor_->tree().index());
}

bool ExtractionImpl::next() {
  CursorImpl& cursor = walking();
  while (cursor.next()) {
    if (!taken_here()) return true;
  }
  return false;
}

bool ExtractionImpl::prev() {
  CursorImpl& cursor = walking();
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
  return taken_.note(TakenEntries::where(cursor.tree()), cursor.tree().index());
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
      std::optional<TakenEntries::Where> where;
      for (size_t i = 0; i < count && !stopped; ++i) {
        const RecordFilter::Verdict verdict = filter.judge(keys[i], values[i]);
        stopped = verdict == RecordFilter::Verdict::stop;
        if (verdict != RecordFilter::Verdict::remove) continue;
        if (!where) where = TakenEntries::where(cursor_->tree());
        taken_.note(*where, indexes[i]);
      }
    }
  } catch (...) {
    give_up();
    throw;
  }
  return finish();
}

}  // namespace rdb::table
