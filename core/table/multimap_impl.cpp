#include "table/multimap_impl.hpp"

#include <algorithm>
#include <exception>
#include <unordered_set>

#include "btree/cursor.hpp"
#include "btree/walk.hpp"
#include "rdb/cancel.hpp"
#include "table/key_bounds.hpp"
#include "table/record_order.hpp"
#include "txn/catalog.hpp"
#include "txn/table_pages.hpp"

namespace rdb::table {
namespace {

// Values of one key that one step of a batch inserts, and their bytes: between two steps dirty
// pages can be written out.
constexpr size_t kStepValues = 1024;
constexpr size_t kStepBytes = size_t{1} << 20;

void append(BatchResult& out, Bytes value) {
  out.items_.push_back({true, out.arena_.size(), value.size()});
  out.arena_.insert(out.arena_.end(), value.begin(), value.end());
}

}  // namespace

MultimapImpl::MultimapImpl(std::shared_ptr<txn::ReadTxnImpl> txn, std::string_view name,
                           const format::TableRecord& record)
    : outer_(std::move(txn), name, record),
      values_(txn::collection_shape(record)),
      pairs_(record.length) {}

MultimapImpl::MultimapImpl(std::shared_ptr<txn::WriteTxnImpl> txn,
                           std::shared_ptr<txn::StagedTable> staged)
    : outer_(txn, staged),
      write_(std::move(txn)),
      staged_(std::move(staged)),
      values_(staged_->values) {}

// ---- reading
// ------------------------------------------------------------------------------------

uint64_t MultimapImpl::len() const {
  const auto guard = outer_.lock();
  outer_.require_active();
  return staged_ != nullptr ? staged_->pairs : pairs_;
}

TableStats MultimapImpl::stats(const CancelToken* cancel) const {
  const auto guard = outer_.lock();
  outer_.require_active();
  btree::PoolReader pages(outer_.pool());
  txn::CancellableReader reader(pages, cancel);
  return naming_table([&] {
    return btree::multimap_stats(reader, outer_.root(), outer_.shape().widths.key, form(),
                                 staged_ != nullptr ? staged_->pairs : pairs_,
                                 outer_.pool().layout().total_pages());
  });
}

void MultimapImpl::check_value(Bytes value) const {
  if (values_.widths.key && value.size() != *values_.widths.key) {
    throw Error(ErrorCode::invalid_argument,
                "a value of table \"" + info().name + "\" has " + std::to_string(value.size()) +
                    " bytes, its type has " + std::to_string(*values_.widths.key));
  }
  if (values_.order.known()) return;
  throw Error(ErrorCode::unknown_key_type, "the values of table \"" + info().name +
                                               "\" can only be read in stored order: how \"" +
                                               info().value_type.name + "\" compares is not known");
}

// Requires an Operation; what it returns is valid as long.
std::optional<btree::Collection> MultimapImpl::find(const TreeRoot& root, Bytes key) const {
  const auto found = btree::find(outer_.pool(), root, outer_.shape(), key);
  if (!found) return std::nullopt;
  return btree::Collection::parse(found->value, form());
}

bool MultimapImpl::contains(Bytes key, Bytes value) const {
  outer_.check_key(key);
  check_value(value);
  const auto guard = outer_.lock();
  outer_.require_active();
  return naming_table([&] {
    const page::Operation operation(outer_.pool());
    const auto collection = find(outer_.root(), key);
    if (!collection) return false;
    if (collection->values) return values_.order.lower_bound(*collection->values, value).equal;
    return btree::find(outer_.pool(), collection->subtree, values_, value).has_value();
  });
}

uint64_t MultimapImpl::value_count(Bytes key) const {
  outer_.check_key(key);
  const auto guard = outer_.lock();
  outer_.require_active();
  return naming_table([&]() -> uint64_t {
    const page::Operation operation(outer_.pool());
    const auto collection = find(outer_.root(), key);
    return collection ? collection->size() : 0;
  });
}

bool MultimapImpl::get(Bytes key, BatchResult& out) const {
  out.items_.clear();
  out.arena_.clear();
  outer_.check_key(key);
  const auto guard = outer_.lock();
  outer_.require_active();
  return naming_table([&] {
    TreeRoot subtree;
    {
      const page::Operation operation(outer_.pool());
      const auto collection = find(outer_.root(), key);
      if (!collection) return false;
      if (collection->values) {
        const btree::LeafView& values = *collection->values;
        out.items_.reserve(values.size());
        out.arena_.reserve(values.page().size());
        for (uint32_t i = 0; i < values.size(); ++i) append(out, values.key(i));
        return true;
      }
      subtree = collection->subtree;
    }
    btree::TreeCursor cursor(outer_.pool(), subtree, values_);
    for (bool more = cursor.first(); more; more = cursor.next()) append(out, cursor.key());
    return true;
  });
}

// ---- changing
// -----------------------------------------------------------------------------------

bool MultimapImpl::put(Bytes key, Bytes value) {
  const std::lock_guard guard(outer_.require_writer().mutex());
  outer_.check_record(key, value);
  check_value(value);
  return naming_table([&] {
    return write_->change_multimap(*staged_, [&](btree::MultimapMutator& mutator) {
      mutator.check_sizes(key, value);
      return mutator.insert(key, value);
    });
  });
}

// values ascend. A step at a time: what is inserted stays when a later one fails.
uint64_t MultimapImpl::put_values(Bytes key, std::span<const Bytes> values) {
  uint64_t added = 0;
  while (!values.empty()) {
    size_t count = 0;
    for (size_t bytes = 0; count < std::min(values.size(), kStepValues) && bytes < kStepBytes;) {
      bytes += values[count++].size();
    }
    write_->change_multimap(*staged_, [&](btree::MultimapMutator& mutator) {
      const uint64_t fresh = mutator.insert_sorted(key, values.first(count));
      added += fresh;
      return fresh > 0;
    });
    values = values.subspan(count);
  }
  return added;
}

uint64_t MultimapImpl::put_batch(std::span<const Table::Record> records) {
  const std::lock_guard guard(outer_.require_writer().mutex());
  write_->require_active();
  outer_.require_order();
  if (records.size() > UINT32_MAX) {
    throw Error(ErrorCode::too_large, "a batch has more than 2^32 - 1 records");
  }
  std::exception_ptr broken_rule;
  for (size_t i = 0; i < records.size() && !broken_rule; ++i) {
    try {
      outer_.check_record(records[i].key, records[i].value);
      check_value(records[i].value);
      staged_->multimap->check_sizes(records[i].key, records[i].value);
    } catch (const Error& error) {
      broken_rule = std::make_exception_ptr(Error(error.code(), error.what(), i));
      records = records.first(i);
    }
  }

  const btree::KeyOrder& keys = outer_.shape().order;
  const std::vector<uint32_t> order = order_of(records, keys);
  uint64_t added = 0;
  std::vector<uint32_t> group;
  std::vector<Bytes> values;
  for (size_t begin = 0, end; begin < order.size(); begin = end) {
    const Bytes key = records[order[begin]].key;
    for (end = begin + 1; end < order.size(); ++end) {
      if (keys.compare(key, records[order[end]].key) != 0) break;
    }
    group.assign(order.begin() + static_cast<std::ptrdiff_t>(begin),
                 order.begin() + static_cast<std::ptrdiff_t>(end));
    // Of values that compare equal the first one given is kept, as put() would.
    std::stable_sort(group.begin(), group.end(), [&](uint32_t a, uint32_t b) {
      return values_.order.compare(records[a].value, records[b].value) < 0;
    });
    values.clear();
    for (const uint32_t number : group) {
      const Bytes value = records[number].value;
      if (values.empty() || values_.order.compare(values.back(), value) != 0) {
        values.push_back(value);
      }
    }
    try {
      added += naming_table([&] { return put_values(key, values); });
    } catch (const Error& error) {
      throw Error(error.code(), error.what(), order[begin], error.os_errno());
    }
  }
  if (broken_rule) std::rethrow_exception(broken_rule);
  return added;
}

bool MultimapImpl::erase(Bytes key, Bytes value) {
  const std::lock_guard guard(outer_.require_writer().mutex());
  outer_.check_key(key);
  check_value(value);
  return erase_held(key, value);
}

bool MultimapImpl::erase_held(Bytes key, Bytes value) {
  return naming_table([&] {
    return write_->change_multimap(
        *staged_, [&](btree::MultimapMutator& mutator) { return mutator.erase(key, value); });
  });
}

uint64_t MultimapImpl::erase_key(Bytes key) {
  const std::lock_guard guard(outer_.require_writer().mutex());
  outer_.check_key(key);
  return erase_key_held(key);
}

uint64_t MultimapImpl::erase_key_held(Bytes key) {
  write_->require_active();
  return naming_table([&]() -> uint64_t {
    page::FramePool& pool = outer_.pool();
    TreeRoot subtree;
    {
      const page::Operation operation(pool);
      const auto collection = find(staged_->root, key);
      if (!collection) return 0;
      if (!collection->values) subtree = collection->subtree;
    }
    // All are found before the first is given up, so damage leaves no half deletion.
    std::vector<PageNumber> pages;
    {
      std::unordered_set<uint64_t> seen;
      btree::PoolReader reader(pool);
      btree::WalkOptions options;
      options.skip_leaves = true;
      btree::walk_pages(
          reader, subtree, values_.widths, [](const btree::PageVisit&) {},
          [&](PageNumber page) {
            if (!seen.insert(page.bits()).second) return false;
            pages.push_back(page);
            return true;
          },
          options);
    }
    uint64_t count = 0;
    write_->change_multimap(*staged_, [&](btree::MultimapMutator& mutator) {
      count = mutator.erase_key(key, pages);
      return count > 0;
    });
    return count;
  });
}

uint64_t MultimapImpl::drain(const KeyRange& range) {
  const std::lock_guard guard(outer_.require_writer().mutex());
  write_->require_active();
  outer_.check_range(range);
  const btree::KeyOrder& order = outer_.shape().order;
  const KeyBounds bounds(range, order);
  return naming_table([&] {
    uint64_t keys = 0;
    if (!bounds.has_lower() && !bounds.has_upper()) {  // needs no order
      if (!staged_->root) return keys;
      keys = staged_->root->length;
      format::TableRecord record = staged_->record;
      record.root = staged_->root;
      const std::vector<PageNumber> pages = txn::list_table_pages(outer_.pool(), record);
      write_->change_multimap(*staged_, [&](btree::MultimapMutator& mutator) {
        mutator.clear(pages);
        return true;
      });
      return keys;
    }
    std::vector<std::byte> key;
    while (!bounds.empty()) {
      {
        btree::TreeCursor cursor(outer_.pool(), staged_->root, outer_.shape());
        bool found = bounds.has_lower() ? cursor.seek(bounds.lower_key()) : cursor.first();
        if (found && !bounds.above_lower(order, cursor.key())) found = cursor.next();
        if (!found || !bounds.below_upper(order, cursor.key())) break;
        key.assign(cursor.key().begin(), cursor.key().end());
      }
      if (erase_key_held(key) == 0) {
        throw Error(ErrorCode::corrupted, "a key is not where its order says");
      }
      ++keys;
    }
    return keys;
  });
}

}  // namespace rdb::table
