// Merges: values made anew from what is stored and an operand.
//
//   M1  A merge that fails leaves the table as it was. So results are judged before they are
//   stored,
//       by the length and the rule of the value type.
//   M2  The caller's functions run outside the transaction's lock and outside any Operation, on
//       copies. Meanwhile the table is lent: whoever calls it, the function itself above all, gets
//       misuse; nobody waits for anybody.
//   M3  A batch has the effect of its merges in turn. Those of different keys commute, so a batch
//   in
//       which none can fail by its content is worked on in key order.
#include <algorithm>
#include <string>

#include "btree/mutator.hpp"
#include "rdb/error.hpp"
#include "table/lent.hpp"
#include "table/merge_operators.hpp"
#include "table/record_order.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {
namespace {

// Merges between two looks at the memory budget.
constexpr size_t kStep = 1024;

Error at_record(const Error& error, uint64_t number) {
  return Error(error.code(), error.what(), number, error.os_errno());
}

// A built-in operator with one operand.
class BuiltinUpdate final : public btree::ValueUpdate {
 public:
  // open gives the value of stored bytes, as TableImpl::shown; close judges a value and gives the
  // bytes to be stored in place of others, which keep their expiry.
  using Open = std::function<std::optional<Bytes>(Bytes stored, std::vector<std::byte>& scratch)>;
  using Close = std::function<Bytes(Bytes value, std::optional<Bytes> old)>;
  BuiltinUpdate(MergeKind kind, Open open, Close close)
      : kind_(kind), open_(std::move(open)), close_(std::move(close)) {}

  void set_operand(Bytes operand) noexcept { operand_ = operand; }

  Bytes fresh(std::optional<Bytes> old) override {
    const std::optional<Bytes> existing = old && open_ ? open_(*old, opened_) : old;
    if (!existing) return close_(operand_, std::nullopt);
    const Bytes result = merged_value(kind_, *existing, operand_, scratch_);
    if (result.data() == existing->data() && result.size() == existing->size()) return *old;
    return close_(result, old);
  }

 private:
  const MergeKind kind_;
  const Open open_;  // empty: values lie in the pages as they are
  const Close close_;
  Bytes operand_;
  std::vector<std::byte> opened_;
  std::vector<std::byte> scratch_;
};

}  // namespace

void TableImpl::check_merged(Bytes value) const {
  const std::optional<uint32_t>& width = value_width_;
  if (width && value.size() != *width) {
    throw Error(ErrorCode::merge_width, "a merge in table \"" + info_.name + "\" made a value of " +
                                            std::to_string(value.size()) + " bytes, its type has " +
                                            std::to_string(*width));
  }
  check_value(value);
}

Bytes TableImpl::merged_form(Bytes value, std::optional<Bytes> old) {
  check_merged(value);
  if (!expiring_ || !old) return stored_form(value);
  std::vector<std::byte> opened;
  return stored_form(value, format::expiry_of(value_of(*old, opened)));
}

std::function<std::optional<Bytes>(Bytes, std::vector<std::byte>&)> TableImpl::opener() const {
  if (!compressed_ && !expiring_) return {};
  return [this, now = moment()](Bytes stored, std::vector<std::byte>& scratch) mutable {
    return shown(stored, scratch, now);
  };
}

void TableImpl::merge(Bytes key, Bytes operand, MergeKind kind) {
  const std::lock_guard guard(require_writer().mutex());
  require_active();
  check_new_key(key);
  BuiltinUpdate update(kind, opener(), [this](Bytes value, std::optional<Bytes> old) {
    return merged_form(value, old);
  });
  update.set_operand(operand);
  write_->change(*staged_, [&](btree::Mutator& mutator) { return mutator.update(key, update); });
}

void TableImpl::merge(Bytes key, Bytes operand, MergeFunction& function) {
  std::unique_lock lock(require_writer().mutex());
  require_active();
  check_new_key(key);
  std::optional<std::vector<std::byte>> existing;
  uint64_t expires = expiring_ ? expiring_->default_expiry() : format::kNeverExpires;
  {
    const page::Operation operation(pool());
    if (const auto found = btree::find(pool(), staged_->root, shape_, key)) {
      std::vector<std::byte> opened;
      base::Moment now = moment();
      if (const auto value = shown(found->value, opened, now)) {
        existing.emplace(value->begin(), value->end());
        if (expiring_) expires = format::expiry_of(value_of(found->value, opened));
      }
    }
  }
  std::optional<Bytes> result;
  {
    const Lent lent(*staged_, lock);
    result = function.merge(key, existing, operand);
  }
  require_active();
  if (result) check_merged(*result);
  write_->change(*staged_, [&](btree::Mutator& mutator) {
    if (!result) return existing && mutator.erase(key);
    mutator.insert(key, stored_form(*result, expires));
    return true;
  });
}

// The records before the first with a key that no record can have; that one's error, if there is
// one.
std::exception_ptr TableImpl::check_merge_keys(std::span<const Table::Record>& records) const {
  require_order();
  for (size_t i = 0; i < records.size(); ++i) {
    try {
      check_new_key(records[i].key);
      if (records[i].key.size() > format::kMaxKeyBytes) {
        throw Error(ErrorCode::too_large, "a key of " + std::to_string(records[i].key.size()) +
                                              " bytes exceeds the format's limit");
      }
    } catch (const Error& error) {
      records = records.first(i);
      return std::make_exception_ptr(at_record(error, i));
    }
  }
  return nullptr;
}

// M3: whether no merge of the batch can fail by its content, or grow a value without limit.
bool TableImpl::sortable_merges(std::span<const Table::Record> records, MergeKind kind) const {
  if (!value_rule_.accepts_all() || kind == MergeKind::bytes_append) return false;
  return std::all_of(records.begin(), records.end(), [&](const Table::Record& record) {
    const size_t size = record.value.size();
    return value_width_ ? size == *value_width_ : size <= format::kPageBytes;
  });
}

void TableImpl::merge_batch(std::span<const Table::Record> records, MergeKind kind) {
  const std::lock_guard guard(require_writer().mutex());
  require_active();
  if (records.size() > UINT32_MAX) {
    throw Error(ErrorCode::too_large, "a batch has more than 2^32 - 1 records");
  }
  const std::exception_ptr broken_rule = check_merge_keys(records);
  std::vector<uint32_t> order;
  if (sortable_merges(records, kind)) order = order_of(records, shape_.order);

  BuiltinUpdate update(kind, opener(), [this](Bytes value, std::optional<Bytes> old) {
    return merged_form(value, old);
  });
  for (size_t begin = 0; begin < records.size(); begin += kStep) {
    const size_t end = std::min(begin + kStep, records.size());
    std::exception_ptr failure;  // must not hide that merges before it changed the table
    write_->change(*staged_, [&](btree::Mutator& mutator) {
      bool changed = false;
      for (size_t i = begin; i < end; ++i) {
        const size_t number = order.empty() ? i : order[i];
        try {
          update.set_operand(records[number].value);
          const Bytes key = records[number].key;
          changed |= i == begin ? mutator.update(key, update) : mutator.update_next(key, update);
        } catch (const Error& error) {
          failure = std::make_exception_ptr(at_record(error, number));
          if (mutator.broken()) write_->poison(error.what());
          break;
        } catch (const std::exception& error) {
          failure = std::current_exception();
          if (mutator.broken()) write_->poison(error.what());
          break;
        }
      }
      return changed;
    });
    if (failure) std::rethrow_exception(failure);
  }
  if (broken_rule) std::rethrow_exception(broken_rule);
}

void TableImpl::merge_batch(std::span<const Table::Record> records, MergeFunction& function) {
  for (size_t i = 0; i < records.size(); ++i) {
    try {
      merge(records[i].key, records[i].value, function);
    } catch (const Error& error) {
      throw at_record(error, i);
    }
  }
}

}  // namespace rdb::table
