// Many records at once: checked first, then written in key order.
//
//   B1  The table holds afterwards what put() of each record in turn would leave, and as many are
//       counted as written: operations on different keys commute, and those on one key keep their
//       order.
#include <algorithm>
#include <deque>
#include <exception>
#include <vector>

#include "btree/tree_builder.hpp"
#include "rdb/error.hpp"
#include "table/record_order.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {
namespace {

using Records = std::span<const Table::Record>;

// Records between two looks at the memory budget.
constexpr size_t kStep = 1024;

// In key order the bytes of the records lie anywhere: they are asked for this many records ahead.
constexpr size_t kAhead = 8;
constexpr size_t kCacheLineBytes = 64;
constexpr size_t kPrefetchBytes = 512;

void prefetch(const Table::Record& record) {
  for (const Bytes bytes : {record.key, record.value}) {
    for (size_t at = 0; at < std::min(bytes.size(), kPrefetchBytes); at += kCacheLineBytes) {
      __builtin_prefetch(bytes.data() + at);
    }
  }
}

}  // namespace

uint64_t TableImpl::put_batch(Records records, Table::PutMode mode) {
  const std::lock_guard guard(require_writer().mutex());
  require_active();
  require_order();

  if (records.size() > UINT32_MAX) {
    throw Error(ErrorCode::too_large, "a batch has more than 2^32 - 1 records");
  }
  const size_t stamp_bytes = expiring_ ? format::kExpiryBytes : 0;
  std::exception_ptr broken_rule;
  for (size_t i = 0; i < records.size() && !broken_rule; ++i) {
    try {
      check_record(records[i].key, records[i].value);
      staged_->mutator->check_sizes(records[i].key.size(), records[i].value.size() + stamp_bytes);
    } catch (const Error& error) {
      broken_rule = std::make_exception_ptr(Error(error.code(), error.what(), i));
      records = records.first(i);
    }
  }
  const std::vector<uint32_t> order = order_of(records, shape_.order);
  // Of values that expire at once every one replaces the one before, also where keys must be new.
  const bool lasting = !expiring_ || expiring_->default_ttl() > 0;
  const bool fresh = !staged_->root && records.size() >= kSortFrom && lasting;
  const uint64_t written = fresh && mode != Table::PutMode::update_only
                               ? build(records, order, mode)
                               : put_in_order(records, order, mode);
  if (broken_rule) std::rethrow_exception(broken_rule);
  return written;
}

uint64_t TableImpl::put_in_order(Records records, std::span<const uint32_t> order,
                                 Table::PutMode mode) {
  uint64_t written = 0;
  for (const uint32_t number : order) {
    try {
      const bool done = write_->change(*staged_, [&](btree::Mutator& mutator) {
        return insert(mutator, records[number].key, records[number].value, mode);
      });
      written += done ? 1 : 0;
    } catch (const Error& error) {
      throw Error(error.code(), error.what(), number, error.os_errno());
    }
  }
  return written;
}

// Records of one key are one group: it has the key of the first, as an overwrite keeps the stored
// key, and the value that lasts.
uint64_t TableImpl::build(Records records, std::span<const uint32_t> order, Table::PutMode mode) {
  const bool last_wins = mode == Table::PutMode::upsert;
  btree::TreeBuilder builder(write_->user_pages(), staged_->shape);
  uint64_t groups = 0;
  std::deque<std::vector<std::byte>> sealed;  // the builder borrows what it is given
  const auto kept_form = [&](Bytes value) -> Bytes {
    if (!sealer_ && !expiring_) return value;
    const Bytes form = stored_form(value);
    return sealed.emplace_back(form.begin(), form.end());
  };
  const auto group_end = [&](size_t begin) {
    size_t end = begin + 1;
    while (end < order.size() &&
           shape_.order.compare(records[order[begin]].key, records[order[end]].key) == 0) {
      ++end;
    }
    return end;
  };
  try {
    for (size_t begin = 0; begin < order.size();) {
      write_->change(*staged_, [&](btree::Mutator&) {
        for (const size_t stop = begin + kStep; begin < std::min(stop, order.size()); ++groups) {
          const size_t end = group_end(begin);
          if (begin + kAhead < order.size()) prefetch(records[order[begin + kAhead]]);
          builder.add(records[order[begin]].key,
                      kept_form(records[order[last_wins ? end - 1 : begin]].value));
          begin = end;
        }
        return false;
      });
    }
    write_->change(*staged_, [&](btree::Mutator&) {
      staged_->root = builder.finish();
      return true;
    });
  } catch (const std::exception& error) {
    if (!builder.abandon()) write_->poison(error.what());
    throw;
  }
  return last_wins ? order.size() : groups;
}

}  // namespace rdb::table
