// ttl.cpp: tables whose values expire, and the clock they go by. Opening them is in table.cpp.
#include "rdb/ttl.hpp"

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "record.hpp"

namespace rdb::capi {
namespace {

static_assert(RDB_TTL_NONE == kNoTtl);
static_assert(RDB_CLOCK_RUNS == kClockRuns);

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_ttl_set_default(rdb_table* table, uint64_t ttl_ms, rdb_error* err) {
  return guard(err, [&] { live(table).ttl_for_change().set_default_ttl(ttl_ms); });
}

rdb_status rdb_ttl_default(const rdb_table* table, uint64_t* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb::TtlTable& open = live(table).ttl();
    require_not_null(out, "out");
    *out = open.default_ttl();
  });
}

rdb_status rdb_ttl_put(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t ttl_ms,
                       uint64_t flags, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb::TtlTable& open = live(table).ttl_for_change();
    const rdb::Table::PutMode mode = to_put_mode(flags);
    return put_outcome(open.put_for(to_bytes(key), to_bytes(value), ttl_ms, mode), mode);
  });
}

rdb_status rdb_ttl_touch(rdb_table* table, rdb_slice key, uint64_t ttl_ms, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb::TtlTable& open = live(table).ttl_for_change();
    return open.touch(to_bytes(key), ttl_ms) ? RDB_OK : RDB_NOT_FOUND;
  });
}

rdb_status rdb_ttl_expiry(const rdb_table* table, rdb_slice key, uint64_t* out, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb::TtlTable& open = live(table).ttl();
    require_not_null(out, "out");
    const std::optional<uint64_t> expiry = open.expiry(to_bytes(key));
    if (!expiry) return RDB_NOT_FOUND;
    *out = *expiry;
    return RDB_OK;
  });
}

rdb_status rdb_ttl_live_count(const rdb_table* table, const rdb_cancel* cancel, uint64_t* out,
                              rdb_error* err) {
  return guard(err, [&] {
    const rdb::TtlTable& open = live(table).ttl();
    require_not_null(out, "out");
    *out = open.live_count(token_of(cancel));
  });
}

rdb_status rdb_ttl_purge(rdb_table* table, const rdb_slice* after, uint64_t max_records,
                         const rdb_cancel* cancel, uint64_t* examined, uint64_t* removed,
                         rdb_value** position, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    if (position != nullptr) *position = nullptr;
    rdb::TtlTable& open = live(table).ttl_for_change();
    // Made before anything is removed: afterwards nothing may fail.
    auto key = std::make_unique<rdb_value>();
    std::optional<rdb::Bytes> behind;
    if (after != nullptr) behind = to_bytes(*after);
    rdb::PurgeStep step = open.purge(behind, max_records, token_of(cancel));
    if (examined != nullptr) *examined = step.examined;
    if (removed != nullptr) *removed = step.removed;
    if (!step.position) return RDB_END;
    if (position != nullptr) {
      key->value = rdb::Value(*std::move(step.position));
      *position = key.release();
    }
    return RDB_OK;
  });
}

rdb_status rdb_clock_now(const rdb_db* db, uint64_t* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb_db& open = live(db);
    require_not_null(out, "out");
    *out = open.database.clock_now();
  });
}

rdb_status rdb_clock_set(const rdb_db* db, uint64_t now_ms, rdb_error* err) {
  return guard(err, [&] { live(db).database.set_clock(now_ms); });
}
