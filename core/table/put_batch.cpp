// Many records at once: checked first, then written in key order.
//
//   B1  The table holds afterwards what put() of each record in turn would leave, and as many are
//       counted as written: operations on different keys commute, and those on one key keep their
//       order.
#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <numeric>
#include <string>
#include <vector>

#include "base/endian.hpp"
#include "btree/tree_builder.hpp"
#include "rdb/error.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {
namespace {

using Records = std::span<const Table::Record>;

// Fewer gain nothing from being sorted.
constexpr size_t kSortFrom = 64;
// Below, the passes of a radix sort cost more than comparisons.
constexpr size_t kRadixSortFrom = 1024;

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

// Where a key sorts by its first bytes; keys with equal prefixes need a comparison.
uint64_t prefix_of(Bytes key) {
  if (key.size() >= 8) return base::load_be64(key.data());
  uint64_t prefix = 0;
  for (size_t i = 0; i < key.size(); ++i) {
    prefix |= std::to_integer<uint64_t>(key[i]) << (56 - 8 * i);
  }
  return prefix;
}

struct Item {
  uint64_t prefix;
  uint32_t number;
};

// By prefix, stable: least significant byte first, passing over bytes that are all the same.
void radix_sort(std::vector<Item>& items) {
  constexpr size_t kDigits = 8;
  constexpr size_t kValues = 256;
  std::vector<std::array<uint32_t, kValues>> counts(kDigits);
  for (const Item& item : items) {
    for (size_t d = 0; d < kDigits; ++d) ++counts[d][item.prefix >> (8 * d) & 0xff];
  }
  std::vector<Item> sorted(items.size());
  for (size_t d = 0; d < kDigits; ++d) {
    std::array<uint32_t, kValues>& starts = counts[d];
    if (starts[items.front().prefix >> (8 * d) & 0xff] == items.size()) continue;
    std::exclusive_scan(starts.begin(), starts.end(), starts.begin(), 0u);
    for (const Item& item : items) sorted[starts[item.prefix >> (8 * d) & 0xff]++] = item;
    items.swap(sorted);
  }
}

// The numbers of the records by key; those of equal keys stay in their order.
std::vector<uint32_t> order_of(Records records, const btree::KeyOrder& order) {
  std::vector<uint32_t> numbers(records.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  const auto less = [&](uint32_t a, uint32_t b) {
    const int result = order.compare(records[a].key, records[b].key);
    return result != 0 ? result < 0 : a < b;
  };
  if (records.size() < kSortFrom || std::is_sorted(numbers.begin(), numbers.end(), less)) {
    return numbers;
  }
  if (order.kind() != btree::KeyOrder::Kind::bytes || records.size() < kRadixSortFrom) {
    std::sort(numbers.begin(), numbers.end(), less);
    return numbers;
  }
  std::vector<Item> items(records.size());
  for (uint32_t i = 0; i < items.size(); ++i) items[i] = {prefix_of(records[i].key), i};
  radix_sort(items);
  for (size_t i = 0; i < items.size(); ++i) numbers[i] = items[i].number;
  for (size_t begin = 0, end; begin < items.size(); begin = end) {
    end = begin + 1;
    while (end < items.size() && items[end].prefix == items[begin].prefix) ++end;
    const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(begin);
    if (end - begin > 1) std::sort(first, first + static_cast<std::ptrdiff_t>(end - begin), less);
  }
  return numbers;
}

}  // namespace

uint64_t TableImpl::put_batch(Records records, Table::PutMode mode) {
  const std::lock_guard guard(require_writer().mutex());
  write_->require_active();
  require_order();

  if (records.size() > UINT32_MAX) {
    throw Error(ErrorCode::too_large, "a batch has more than 2^32 - 1 records");
  }
  std::exception_ptr broken_rule;
  for (size_t i = 0; i < records.size() && !broken_rule; ++i) {
    try {
      check_record(records[i].key, records[i].value);
      staged_->mutator->check_sizes(records[i].key, records[i].value);
    } catch (const Error& error) {
      broken_rule = std::make_exception_ptr(Error(error.code(), error.what(), i));
      records = records.first(i);
    }
  }
  const std::vector<uint32_t> order = order_of(records, shape_.order);
  const bool fresh = !staged_->root && records.size() >= kSortFrom;
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
        return mutator.insert(records[number].key, stored_form(records[number].value),
                              static_cast<btree::InsertMode>(mode)) != btree::InsertResult::refused;
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
    if (!sealer_) return value;
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
