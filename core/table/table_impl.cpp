#include "table/table_impl.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "btree/mutator.hpp"
#include "format/type_info.hpp"
#include "rdb/cancel.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/table_pages.hpp"

namespace rdb::table {

namespace {

// Lookups that descend side by side; more do not overlap better (performance.md section 2.2).
constexpr size_t kBatchGroup = 32;

[[noreturn]] void throw_rule(const TableInfo& info, const char* what,
                             const format::EncodingProblem& problem) {
  throw Error(ErrorCode::invalid_argument, std::string("a ") + what + " of table \"" + info.name +
                                               "\" is not a value of its type: " +
                                               (problem.depth == 0 ? "it " : "") + problem.text());
}

void check_width(const TableInfo& info, const char* what, Bytes bytes,
                 const std::optional<uint32_t>& width) {
  if (width && bytes.size() != *width) [[unlikely]] {
    throw Error(ErrorCode::invalid_argument, std::string("a ") + what + " of table \"" + info.name +
                                                 "\" has " + std::to_string(bytes.size()) +
                                                 " bytes, its type has " + std::to_string(*width));
  }
}

void check_rule(const TableInfo& info, const char* what, Bytes bytes,
                const format::EncodingRule& rule) {
  if (!rule.accepts(bytes)) [[unlikely]]
    throw_rule(info, what, rule.find_problem(bytes));
}

}  // namespace

TableImpl::TableImpl(std::shared_ptr<txn::ReadTxnImpl> txn, std::string_view name,
                     const format::TableRecord& record, Values values)
    : read_(std::move(txn)),
      root_(record.root),
      info_(txn::table_info(name, record)),
      shape_(txn::tree_shape(record)),
      key_rule_(format::describe_type(record.key_type).shape),
      value_rule_(format::describe_type(record.value_type).shape),
      compressed_(record.compressed),
      value_width_(info_.value_width) {
  init_expiring(values, record.value_type);
}

TableImpl::TableImpl(std::shared_ptr<txn::WriteTxnImpl> txn,
                     std::shared_ptr<txn::StagedTable> staged, Values values)
    : write_(std::move(txn)),
      staged_(std::move(staged)),
      info_(txn::table_info(staged_->name, staged_->record)),
      shape_(staged_->shape),
      key_rule_(format::describe_type(staged_->record.key_type).shape),
      value_rule_(format::describe_type(staged_->record.value_type).shape),
      compressed_(staged_->record.compressed),
      value_width_(info_.value_width) {
  try {
    if (compressed_) sealer_ = write_->store().make_sealer();
    init_expiring(values, staged_->record.value_type);
  } catch (...) {  // no destructor comes
    close();
    throw;
  }
}

TableImpl::~TableImpl() { close(); }

void TableImpl::close() noexcept {
  if (write_ != nullptr && !std::exchange(closed_, true)) write_->close_table(*staged_);
}

const std::shared_ptr<page::FramePool>& TableImpl::shared_pool() const {
  return write_ != nullptr ? write_->store().shared_pool() : read_->store().shared_pool();
}

void TableImpl::require_transaction() const {
  if (write_ != nullptr) {
    write_->require_active();
  } else {
    read_->require_active();
  }
}

void TableImpl::require_active() const {
  require_transaction();
  if (write_ != nullptr) txn::WriteTxnImpl::require_not_lent(*staged_);
}

std::unique_lock<std::mutex> TableImpl::lock() const {
  if (write_ == nullptr) return {};
  return std::unique_lock(write_->mutex());
}

template <typename Fn>
auto TableImpl::read(Fn&& fn) const {
  if (write_ == nullptr) {
    read_->require_active();
    const page::Operation operation(read_->store().pool());
    return fn(root_);
  }
  const std::lock_guard guard(write_->mutex());
  require_active();
  const page::Operation operation(write_->store().pool());
  return fn(staged_->root);
}

template <typename Fn>
bool TableImpl::change(Fn&& fn) {
  const std::lock_guard guard(require_writer().mutex());
  return write_->change(*staged_, fn);
}

txn::WriteTxnImpl& TableImpl::require_writer() const {
  if (write_ != nullptr) return *write_;
  throw Error(ErrorCode::read_only, "table \"" + info_.name + "\" belongs to a read transaction");
}

void TableImpl::require_order() const {
  if (shape_.order.known()) [[likely]]
    return;
  throw Error(ErrorCode::unknown_key_type,
              "table \"" + info_.name + "\" can only be read in stored order: how keys of type \"" +
                  info_.key_type.name + "\" compare is not known");
}

void TableImpl::check_key(Bytes key) const {
  check_width(info_, "key", key, shape_.widths.key);
  require_order();
}

void TableImpl::check_range(const KeyRange& range) const {
  if (range.lower == Bound::unbounded && range.upper == Bound::unbounded) return;
  require_order();
  if (range.lower != Bound::unbounded) check_key(range.lower_key);
  if (range.upper != Bound::unbounded) check_key(range.upper_key);
}

void TableImpl::check_value(Bytes value) const {
  check_width(info_, "value", value, value_width_);
  check_rule(info_, "value", value, value_rule_);
}

void TableImpl::check_new_key(Bytes key) const {
  check_key(key);
  check_rule(info_, "key", key, key_rule_);
}

void TableImpl::check_record(Bytes key, Bytes value) const {
  check_new_key(key);
  check_value(value);
}

uint64_t TableImpl::len() const {
  const auto guard = lock();
  require_active();
  const TreeRoot tree = root();
  return tree ? tree->length : 0;
}

Bytes TableImpl::open_envelope(Bytes stored, std::vector<std::byte>& scratch) const {
  try {
    const Bytes value = format::open_value(stored, scratch);
    if (!info_.value_width || value.size() == *info_.value_width) return value;
  } catch (const Error& error) {
    throw Error(error.code(), "table \"" + info_.name + "\": " + error.what());
  }
  throw Error(ErrorCode::corrupted, "table \"" + info_.name +
                                        "\": a compressed value opens to another width than its "
                                        "type has");
}

TableStats TableImpl::stats(const CancelToken* cancel) const {
  const auto guard = lock();
  require_active();
  btree::PoolReader pages(pool());
  txn::CancellableReader reader(pages, cancel);
  return btree::tree_stats(reader, root(), shape_.widths, pool().layout().total_pages());
}

bool TableImpl::contains(Bytes key) const {
  check_key(key);
  return read([&](const TreeRoot& root) {
    const auto found = btree::find(pool(), root, shape_, key);
    if (!found || !expiring_) return found.has_value();
    std::vector<std::byte> opened;
    base::Moment now = moment();
    return shown(found->value, opened, now).has_value();
  });
}

// A page the running transaction owns may change under the reader's eyes.
bool TableImpl::copy_needed(PageNumber leaf) const {
  return write_ != nullptr && pool().owned(leaf);
}

std::optional<Value> TableImpl::get(Bytes key) const {
  check_key(key);
  return read([&](const TreeRoot& root) -> std::optional<Value> {
    const auto found = btree::find(pool(), root, shape_, key);
    if (!found) return std::nullopt;
    std::vector<std::byte> opened;
    base::Moment now = moment();
    const auto value = shown(found->value, opened, now);
    if (!value) return std::nullopt;
    if (opened.size() == value->size() && !opened.empty()) return Value(std::move(opened));
    if (!opened.empty() || copy_needed(found->leaf)) {
      return Value(std::vector<std::byte>(value->begin(), value->end()));
    }
    return Value(std::make_shared<page::FramePin>(shared_pool(), found->leaf), *value);
  });
}

std::optional<bool> TableImpl::get_into(Bytes key, std::span<std::byte> out,
                                        size_t& value_size) const {
  check_key(key);
  return read([&](const TreeRoot& root) -> std::optional<bool> {
    const auto found = btree::find(pool(), root, shape_, key);
    if (!found) return std::nullopt;
    std::vector<std::byte> opened;
    base::Moment now = moment();
    const auto value = shown(found->value, opened, now);
    if (!value) return std::nullopt;
    value_size = value->size();
    if (value_size > out.size()) return false;
    if (value_size > 0) std::memcpy(out.data(), value->data(), value_size);
    return true;
  });
}

void TableImpl::get_batch(std::span<const Bytes> keys, BatchResult& out) const {
  out.items_.clear();
  out.arena_.clear();
  require_order();
  out.items_.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (shape_.widths.key && keys[i].size() != *shape_.widths.key) {
      throw Error(ErrorCode::invalid_argument,
                  "key " + std::to_string(i) + " of the batch for table \"" + info_.name +
                      "\" has " + std::to_string(keys[i].size()) + " bytes, its type has " +
                      std::to_string(*shape_.widths.key),
                  i);
    }
  }
  std::array<std::optional<btree::Found>, kBatchGroup> found;
  std::vector<std::byte> opened;
  base::Moment now = moment();
  for (size_t begin = 0; begin < keys.size(); begin += kBatchGroup) {
    const std::span<const Bytes> group =
        keys.subspan(begin, std::min(kBatchGroup, keys.size() - begin));
    read([&](const TreeRoot& root) {
      btree::find_batch(pool(), root, shape_, group, {found.data(), group.size()});
      for (size_t i = 0; i < group.size(); ++i) {
        BatchResult::Item item;
        const auto value = found[i] ? shown(found[i]->value, opened, now) : std::optional<Bytes>();
        if (value) {
          item = {true, out.arena_.size(), value->size()};
          out.arena_.insert(out.arena_.end(), value->begin(), value->end());
        }
        out.items_.push_back(item);
      }
    });
  }
}

bool TableImpl::put(Bytes key, Bytes value, Table::PutMode mode) {
  check_record(key, value);
  static_assert(static_cast<int>(btree::InsertMode::upsert) == 0 &&
                static_cast<int>(btree::InsertMode::insert_only) == 1 &&
                static_cast<int>(btree::InsertMode::update_only) == 2);
  return change([&](btree::Mutator& mutator) { return insert(mutator, key, value, mode); });
}

bool TableImpl::erase(Bytes key) {
  check_key(key);
  bool live = true;
  const bool erased = change([&](btree::Mutator& mutator) {
    if (expiring_) live = has_live(key);
    return mutator.erase(key);
  });
  return erased && live;
}

bool TableImpl::pop(End end, std::vector<std::byte>& key, std::vector<std::byte>& value) {
  if (expiring_) return pop_live(end, key, value);
  return change([&](btree::Mutator& mutator) {
    std::vector<std::byte>* stored = &value;
    if (compressed_) {  // opened before anything changes: it may be damaged
      const auto found = end == End::first ? btree::first_pair(pool(), staged_->root, shape_.widths)
                                           : btree::last_pair(pool(), staged_->root, shape_.widths);
      if (!found) return false;
      std::vector<std::byte> opened;
      const Bytes bytes = value_of(found->value, opened);
      value.assign(bytes.begin(), bytes.end());
      stored = nullptr;
    }
    return end == End::first ? mutator.erase_first(&key, stored) : mutator.erase_last(&key, stored);
  });
}

void TableImpl::erase_at(std::span<const uint32_t> position) {
  write_->change(*staged_, [&](btree::Mutator& mutator) {
    mutator.erase_at(position);
    return true;
  });
}

void TableImpl::check_replacement(Bytes key, Bytes value) const {
  check_value(value);
  staged_->mutator->check_sizes(key.size(), value.size() + (expiring_ ? format::kExpiryBytes : 0));
}

void TableImpl::replace_at(std::span<const uint32_t> position, Bytes value, uint64_t expiry_ms) {
  write_->change(*staged_, [&](btree::Mutator& mutator) {
    mutator.replace_at(position, stored_form(value, expiry_ms));
    return true;
  });
}

bool TableImpl::exchange(Bytes key, Bytes value, Table::PutMode mode,
                         std::optional<std::vector<std::byte>>& old) {
  check_record(key, value);
  old.reset();
  return change([&](btree::Mutator& mutator) {
    // Opened before anything changes: it may be damaged.
    std::optional<std::vector<std::byte>> before = value_before(key);
    const bool stored = insert(mutator, key, value, mode);
    if (stored) old = std::move(before);
    return stored;
  });
}

bool TableImpl::take(Bytes key, std::vector<std::byte>& old) {
  check_key(key);
  std::optional<std::vector<std::byte>> before;
  change([&](btree::Mutator& mutator) {
    before = value_before(key);
    return (before || expiring_) && mutator.erase(key);
  });
  if (!before) return false;
  old = *std::move(before);
  return true;
}

std::optional<std::vector<std::byte>> TableImpl::value_before(Bytes key) const {
  const auto found = btree::find(pool(), staged_->root, shape_, key);
  if (!found) return std::nullopt;
  std::vector<std::byte> opened;
  base::Moment now = moment();
  const auto value = shown(found->value, opened, now);
  if (!value) return std::nullopt;
  return std::vector<std::byte>(value->begin(), value->end());
}

Table::Compared TableImpl::compare_and_put(Bytes key, std::optional<Bytes> expected,
                                           std::optional<Bytes> value) {
  check_new_key(key);
  if (value) check_value(*value);
  Table::Compared outcome = Table::Compared::stored;
  change([&](btree::Mutator& mutator) {
    const auto found = btree::find(pool(), staged_->root, shape_, key);
    std::vector<std::byte> opened;
    base::Moment now = moment();
    const auto there = found ? shown(found->value, opened, now) : std::optional<Bytes>();
    if (there.has_value() != expected.has_value()) {
      outcome = there ? Table::Compared::present : Table::Compared::absent;
      return false;
    }
    if (there && !std::ranges::equal(*there, *expected)) {
      outcome = Table::Compared::different;
      return false;
    }
    if (!value) return mutator.erase(key);
    mutator.insert(key, stored_form(*value));
    return true;
  });
  return outcome;
}

}  // namespace rdb::table
