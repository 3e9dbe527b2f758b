// merge.cpp: values made anew from what is stored and an operand.
#include "rdb/merge.hpp"

#include "args.hpp"
#include "callback.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "record.hpp"

namespace rdb::capi {
namespace {

static_assert(RDB_MERGE_NUMERIC_ADD == static_cast<uint32_t>(MergeKind::numeric_add));
static_assert(RDB_MERGE_SATURATING_ADD == static_cast<uint32_t>(MergeKind::saturating_add));
static_assert(RDB_MERGE_FLOAT_ADD == static_cast<uint32_t>(MergeKind::float_add));
static_assert(RDB_MERGE_NUMERIC_MAX == static_cast<uint32_t>(MergeKind::numeric_max));
static_assert(RDB_MERGE_NUMERIC_MIN == static_cast<uint32_t>(MergeKind::numeric_min));
static_assert(RDB_MERGE_BITWISE_OR == static_cast<uint32_t>(MergeKind::bitwise_or));
static_assert(RDB_MERGE_BYTES_APPEND == static_cast<uint32_t>(MergeKind::bytes_append));

// The caller's function as the core's.
class CallbackMerge final : public MergeFunction {
 public:
  explicit CallbackMerge(const rdb_merge_operator& op) noexcept : op_(op) {}

  std::optional<Bytes> merge(Bytes key, std::optional<Bytes> existing, Bytes operand) override {
    const rdb_slice old = existing ? to_slice(*existing) : rdb_slice{};
    rdb_slice result{};
    const rdb_status answer =
        op_.fn(op_.ctx, to_slice(key), existing ? &old : nullptr, to_slice(operand), &result);
    if (answer != RDB_OK && answer != RDB_NOT_FOUND) answer_.refuse(answer, "the merge function");
    ++merged_;
    if (answer == RDB_NOT_FOUND) return std::nullopt;
    return to_bytes(result);
  }

  uint64_t merged() const noexcept { return merged_; }
  CallbackAnswer& answer() noexcept { return answer_; }

 private:
  const rdb_merge_operator& op_;
  uint64_t merged_ = 0;
  CallbackAnswer answer_;
};

void check_operator(const rdb_merge_operator& op) {
  require_reserved(op.reserved, "op");
  if (op.kind > RDB_MERGE_FUNCTION) throw_invalid("op.kind is none of RDB_MERGE_...");
  const bool function = op.kind == RDB_MERGE_FUNCTION;
  if (function != (op.fn != nullptr)) {
    throw_invalid("op.fn is given if and only if op.kind is RDB_MERGE_FUNCTION");
  }
}

rdb_status merge_records(rdb_table* table, const TakenRecords& taken, const rdb_merge_operator& op,
                         uint64_t* merged) {
  Table& open = live(table).plain_for_change();
  uint64_t count = taken.records.size();
  rdb_status status = RDB_OK;
  if (op.kind == RDB_MERGE_FUNCTION) {
    const TableInUse in_use(*table);
    CallbackMerge function(op);
    status = function.answer().run([&] { open.merge_batch(taken.records, function); });
    if (status == RDB_STOPPED) count = function.merged();
  } else {
    open.merge_batch(taken.records, static_cast<MergeKind>(op.kind));
  }
  if (status == RDB_OK) taken.rethrow();
  if (merged != nullptr) *merged = count;
  return status;
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_merge(rdb_table* table, rdb_slice key, rdb_slice operand,
                     const rdb_merge_operator* op, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    require_not_null(op, "op");
    const Drop drop(op->drop, op->ctx);
    check_operator(*op);
    rdb::Table& open = live(table).plain_for_change();
    if (op->kind != RDB_MERGE_FUNCTION) {
      open.merge(to_bytes(key), to_bytes(operand), static_cast<rdb::MergeKind>(op->kind));
      return RDB_OK;
    }
    const TableInUse in_use(*table);
    CallbackMerge function(*op);
    return function.answer().run([&] { open.merge(to_bytes(key), to_bytes(operand), function); });
  });
}

rdb_status rdb_merge_batch(rdb_table* table, const rdb_slice* keys, const rdb_slice* operands,
                           size_t count, const rdb_merge_operator* op, uint64_t* merged,
                           rdb_error* err) {
  return guard(err, [&] {
    require_not_null(op, "op");
    const Drop drop(op->drop, op->ctx);
    check_operator(*op);
    return merge_records(table, take_records(keys, operands, count), *op, merged);
  });
}

rdb_status rdb_merge_batch_packed(rdb_table* table, rdb_slice packed_records,
                                  const rdb_merge_operator* op, uint64_t* merged, rdb_error* err) {
  return guard(err, [&] {
    require_not_null(op, "op");
    const Drop drop(op->drop, op->ctx);
    check_operator(*op);
    return merge_records(table, take_packed_records(packed_records), *op, merged);
  });
}
