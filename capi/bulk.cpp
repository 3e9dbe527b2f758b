// bulk.cpp: changes that look first, and changes of many records at once.
#include <utility>

#include "args.hpp"
#include "callback.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "range.hpp"
#include "record.hpp"

rdb_extract::~rdb_extract() {
  extraction.reset();  // before the table it belongs to
  rdb::capi::drop_owner(&parent);
}

rdb_reservation::~rdb_reservation() { rdb::capi::drop_owner(&parent); }

namespace rdb::capi {
namespace {

// The caller's filter as the core's.
class CallbackFilter final : public RecordFilter {
 public:
  explicit CallbackFilter(const rdb_filter& filter) noexcept : filter_(filter) {}

  Verdict judge(Bytes key, Bytes value) override {
    const rdb_status status = filter_.fn(filter_.ctx, to_slice(key), to_slice(value));
    switch (status) {
      case RDB_OK:
        return Verdict::keep;
      case RDB_NOT_FOUND:
        return Verdict::remove;
      case RDB_STOPPED:
        return Verdict::stop;
      default:
        answer_.refuse(status, "the filter");
    }
  }

 private:
  const rdb_filter& filter_;
  CallbackAnswer answer_;
};

// A value handle made ahead: nothing may fail once the record is gone.
class ValueOut {
 public:
  explicit ValueOut(rdb_value** out) : out_(out_handle(out)), handle_(new rdb_value) {}
  void give(std::vector<std::byte>&& bytes) noexcept {
    handle_->value = Value(std::move(bytes));
    out_ = handle_.release();
  }

 private:
  rdb_value*& out_;
  std::unique_ptr<rdb_value> handle_;
};

std::optional<Bytes> to_optional(const rdb_slice* slice) {
  if (slice == nullptr) return std::nullopt;
  return to_bytes(*slice);
}

void hand_out(const Extraction& walk, rdb_slice* key, rdb_slice* value) {
  const Bytes key_bytes = walk.key();
  if (value != nullptr) *value = to_slice(walk.value());
  if (key != nullptr) *key = to_slice(key_bytes);
}

template <class Move>
rdb_status move_extract(rdb_extract* extract, rdb_slice* key, rdb_slice* value, Move&& move) {
  Extraction& walk = *live(extract).extraction;
  if (!move(walk)) return RDB_END;
  hand_out(walk, key, value);
  return RDB_OK;
}

rdb_status refused(Table::PutMode mode) noexcept {
  return mode == Table::PutMode::insert_only ? RDB_EXISTS : RDB_NOT_FOUND;
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_exchange(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t flags,
                        rdb_value** old, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    ValueOut out(old);
    rdb::Table& open = live(table).plain_for_change();
    const rdb::Table::PutMode mode = to_put_mode(flags);
    std::optional<std::vector<std::byte>> replaced;
    if (!open.exchange(to_bytes(key), to_bytes(value), mode, replaced)) return refused(mode);
    if (replaced) out.give(*std::move(replaced));
    return RDB_OK;
  });
}

rdb_status rdb_take(rdb_table* table, rdb_slice key, rdb_value** old, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    ValueOut out(old);
    std::vector<std::byte> taken;
    if (!live(table).plain_for_change().take(to_bytes(key), taken)) return RDB_NOT_FOUND;
    out.give(std::move(taken));
    return RDB_OK;
  });
}

rdb_status rdb_compare_and_put(rdb_table* table, rdb_slice key, const rdb_slice* expected,
                               const rdb_slice* value, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb::Table& open = live(table).plain_for_change();
    switch (open.compare_and_put(to_bytes(key), to_optional(expected), to_optional(value))) {
      case rdb::Table::Compared::stored:
        return RDB_OK;
      case rdb::Table::Compared::absent:
        return RDB_NOT_FOUND;
      case rdb::Table::Compared::present:
        return RDB_EXISTS;
      case rdb::Table::Compared::different:
        break;
    }
    return RDB_DIFFERENT;
  });
}

rdb_status rdb_reserve(rdb_table* table, rdb_slice key, size_t size, uint64_t flags,
                       rdb_reservation** out, void** buffer, rdb_error* err) {
  return guard(err, [&] {
    rdb_reservation*& handle = out_handle(out);
    require_not_null(buffer, "buffer");
    live(table).plain_for_change().len();  // throws closed
    if (size > UINT32_MAX) {
      throw rdb::Error(rdb::ErrorCode::too_large,
                       "a value of " + std::to_string(size) + " bytes exceeds the format's limit");
    }
    auto reservation = std::make_unique<rdb_reservation>(*table);
    reservation->mode = to_put_mode(flags);
    const rdb::Bytes key_bytes = to_bytes(key);
    reservation->key.assign(key_bytes.begin(), key_bytes.end());
    reservation->value.resize(size);
    *buffer = reservation->value.data();
    handle = reservation.release();
  });
}

rdb_status rdb_reservation_store(rdb_reservation* reservation, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    require_not_null(reservation, rdb_reservation::kNoun);
    const Owned<rdb_reservation> owned = take(reservation);  // released on every path
    if (owned->forked()) throw_forked(rdb_reservation::kNoun);
    if (owned->parent.plain_for_change().put(owned->key, owned->value, owned->mode)) return RDB_OK;
    return refused(owned->mode);
  });
}

void rdb_reservation_free(rdb_reservation* reservation) {
  guard_release([&] { take(reservation); });
}

rdb_status rdb_drain(rdb_table* table, const rdb_range* range, uint64_t* removed, rdb_error* err) {
  return guard(err, [&] {
    const uint64_t count = live(table).plain_for_change().drain(to_range(range));
    if (removed != nullptr) *removed = count;
  });
}

rdb_status rdb_retain(rdb_table* table, const rdb_range* range, const rdb_filter* filter,
                      uint64_t* removed, rdb_error* err) {
  return guard(err, [&] {
    require_not_null(filter, "filter");
    const Drop drop(filter->drop, filter->ctx);
    require_not_null(reinterpret_cast<const void*>(filter->fn), "filter.fn");
    rdb::Table& open = live(table).plain_for_change();
    const TableInUse in_use(*table);
    CallbackFilter judge(*filter);
    const uint64_t count = open.retain(to_range(range), judge);
    if (removed != nullptr) *removed = count;
  });
}

rdb_status rdb_extract_open(rdb_table* table, const rdb_range* range, rdb_extract** out,
                            rdb_error* err) {
  return guard(err, [&] {
    rdb_extract*& handle = out_handle(out);
    rdb::Table& open = live(table).plain_for_change();
    handle = new rdb_extract(*table, open.extract(to_range(range)));
  });
}

rdb_status rdb_extract_next(rdb_extract* extract, rdb_slice* key, rdb_slice* value,
                            rdb_error* err) {
  return guard(err, [&] {
    return move_extract(extract, key, value, [](rdb::Extraction& walk) { return walk.next(); });
  });
}

rdb_status rdb_extract_prev(rdb_extract* extract, rdb_slice* key, rdb_slice* value,
                            rdb_error* err) {
  return guard(err, [&] {
    return move_extract(extract, key, value, [](rdb::Extraction& walk) { return walk.prev(); });
  });
}

rdb_status rdb_extract_get(const rdb_extract* extract, rdb_slice* key, rdb_slice* value,
                           rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb::Extraction& walk = *live(extract).extraction;
    if (!walk.valid()) return RDB_NOT_FOUND;
    hand_out(walk, key, value);
    return RDB_OK;
  });
}

rdb_status rdb_extract_take(rdb_extract* extract, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    return live(extract).extraction->take() ? RDB_OK : RDB_NOT_FOUND;
  });
}

rdb_status rdb_extract_close(rdb_extract* extract, uint64_t* removed, rdb_error* err) {
  return guard(err, [&] {
    const Owned<rdb_extract> owned = take(extract);
    if (owned != nullptr && owned->forked()) throw_forked(rdb_extract::kNoun);
    uint64_t count = 0;
    if (owned != nullptr && !owned->extraction->over()) count = owned->extraction->finish();
    if (removed != nullptr) *removed = count;
  });
}

rdb_status rdb_table_copy(const rdb_table* source, const rdb_txn* target, rdb_slice name,
                          const rdb_cancel* cancel, uint64_t* copied, rdb_error* err) {
  return guard(err, [&] {
    const rdb::Table& from = live(source).plain();
    auto& to = const_cast<rdb_txn&>(live(target));
    const uint64_t count = to.writer().copy_table(from, to_name(name), token_of(cancel));
    if (copied != nullptr) *copied = count;
  });
}
