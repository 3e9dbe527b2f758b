// Many entries out of a table at once, or into an empty one.
#include <algorithm>
#include <array>
#include <exception>

#include "rdb/cancel.hpp"
#include "rdb/error.hpp"
#include "table/cursor_impl.hpp"
#include "table/lent.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {
namespace {

// The entries between two positions, both included.
class PositionRange final : public btree::Removal {
 public:
  PositionRange(std::vector<uint32_t> first, std::vector<uint32_t> last)
      : first_(std::move(first)), last_(std::move(last)) {}

  Fate fate(std::span<const uint32_t> path) override {
    const int to_first = compare(path, first_);
    const int to_last = compare(path, last_);
    if (to_first < 0 || to_last > 0) return Fate::keep;
    return to_first == 0 || to_last == 0 ? Fate::mixed : Fate::drop;
  }

  void mark(std::span<const uint32_t> path, btree::EntrySet& dropped) override {
    const size_t begin = compare(path, first_) == 0 ? first_.back() : 0;
    const size_t end = compare(path, last_) == 0 ? size_t{last_.back()} + 1 : dropped.entries();
    dropped.insert(begin, std::min(end, dropped.entries()));
  }

 private:
  // Below, on the way to, or above a position.
  static int compare(std::span<const uint32_t> path, const std::vector<uint32_t>& position) {
    for (size_t i = 0; i < path.size() && i < position.size(); ++i) {
      if (path[i] != position[i]) return path[i] < position[i] ? -1 : 1;
    }
    return 0;
  }

  const std::vector<uint32_t> first_;
  const std::vector<uint32_t> last_;
};

}  // namespace

std::unique_lock<std::mutex> TableImpl::lock_writer() const {
  return std::unique_lock(require_writer().mutex());
}

void TableImpl::lend(txn::Lender* lender) {
  staged_->lender = lender;
  staged_->lent = lender != nullptr;
}

void TableImpl::lend_to_callback() {
  staged_->lender = nullptr;
  staged_->lent = true;
}

uint64_t TableImpl::drain(const std::shared_ptr<TableImpl>& self, const KeyRange& range) {
  if (range.lower == Bound::unbounded && range.upper == Bound::unbounded) {
    const auto lock = lock_writer();
    require_active();
    return staged_->root ? remove(nullptr) : 0;
  }
  require_writer();
  std::vector<uint32_t> first;
  std::vector<uint32_t> last;
  uint64_t seen = 0;
  {
    CursorImpl cursor(self, CursorImpl::Access::stored);
    cursor.set_range(range);
    if (!cursor.first()) return 0;
    cursor.tree().position(first);
    cursor.last();
    cursor.tree().position(last);
    seen = version();
  }
  const auto lock = lock_writer();
  require_active();
  if (version() != seen) {
    throw Error(ErrorCode::misuse, "table \"" + info_.name + "\" was changed by two calls at once");
  }
  PositionRange removal(std::move(first), std::move(last));
  return remove(&removal);
}

uint64_t TableImpl::remove(btree::Removal* removal) {
  btree::TreeFilter filter(write_->user_pages(), staged_->root, shape_, [&](const auto& work) {
    write_->change(*staged_, [&](btree::Mutator&) {
      work();
      return false;
    });
  });
  const auto abandon = [&](const char* why) {
    if (!filter.abandon()) write_->poison(why);
  };
  try {
    removal == nullptr ? filter.remove_all() : filter.run(*removal);
    if (filter.removed() > 0) {
      write_->change(*staged_, [&](btree::Mutator&) {
        staged_->root = filter.result();
        return true;
      });
    }
  } catch (const std::exception& error) {
    abandon(error.what());
    throw;
  }
  if (filter.removed() == 0) {
    abandon("pages of a tree that was not needed are lost");
    return 0;
  }
  commit(filter);
  return filter.removed();
}

void TableImpl::commit(btree::TreeFilter& filter) {
  try {
    filter.commit();
  } catch (const std::exception& error) {
    write_->poison(error.what());
    throw;
  }
}

uint64_t TableImpl::copy_rows(const std::shared_ptr<TableImpl>& source, const CancelToken* cancel) {
  CursorImpl cursor(source, CursorImpl::Access::stored);
  const auto next = [&](std::span<Bytes> keys, std::span<Bytes> values) {
    CancelToken::check(cancel);
    return cursor.next_slices(keys, values);
  };
  if (len() == 0) return append_all(next);
  constexpr size_t kBatch = 256;
  std::array<Bytes, kBatch> keys;
  std::array<Bytes, kBatch> values;
  std::vector<Table::Record> records;
  uint64_t count = 0;
  while (const size_t filled = next(keys, values)) {
    records.clear();
    for (size_t i = 0; i < filled; ++i) records.push_back({keys[i], values[i]});
    count += put_batch(records, Table::PutMode::upsert);
  }
  return count;
}

uint64_t TableImpl::append_all(
    const std::function<size_t(std::span<Bytes>, std::span<Bytes>)>& next) {
  constexpr size_t kBatch = 256;
  std::array<Bytes, kBatch> keys;
  std::array<Bytes, kBatch> values;
  uint64_t count = 0;
  std::unique_lock lock = lock_writer();
  require_active();
  btree::TreeFilter builder(write_->user_pages(), staged_->root, shape_, {});
  try {
    for (;;) {
      size_t filled = 0;
      {
        // The source may belong to the same transaction, whose lock it takes. No commit may come in
        // between: no table has the new pages yet.
        const Lent lent(*staged_, lock);
        filled = next(keys, values);
      }
      if (filled == 0) break;
      write_->change(*staged_, [&](btree::Mutator& mutator) {
        for (size_t i = 0; i < filled; ++i) {
          const Bytes value = stored_form(values[i]);
          mutator.check_sizes(keys[i].size(), value.size());
          builder.append(keys[i], value);
        }
        return false;
      });
      count += filled;
    }
    write_->change(*staged_, [&](btree::Mutator&) {
      builder.end_append();
      staged_->root = builder.result();
      return true;
    });
  } catch (const std::exception& error) {
    // An abort while the table was lent has given the new pages back: the next transaction may have
    // taken them.
    if (write_->active() && !builder.abandon()) write_->poison(error.what());
    throw;
  }
  commit(builder);
  return count;
}

}  // namespace rdb::table
