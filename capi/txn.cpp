// txn.cpp: transactions. Commit and abort consume their handle on every path.
#include <chrono>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"

rdb::WriteTxn& rdb_txn::writer() {
  if (auto* const write = std::get_if<rdb::WriteTxn>(&txn)) return *write;
  rdb::capi::throw_misuse("the transaction is a reader");
}

namespace rdb::capi {
namespace {

static_assert(RDB_DURABILITY_IMMEDIATE == static_cast<uint32_t>(Durability::immediate));
static_assert(RDB_DURABILITY_NONE == static_cast<uint32_t>(Durability::none));

Durability to_durability(uint32_t durability) {
  return to_enum(durability, Durability::none, "the durability is none of RDB_DURABILITY_...");
}

std::chrono::milliseconds to_timeout(const rdb_txn_options& options) {
  // A century; keeps the sum with any clock inside its range.
  constexpr uint64_t kForeverMs = uint64_t{100} * 366 * 24 * 3600 * 1000;
  constexpr std::chrono::milliseconds kForever{-1};
  switch (options.wait) {
    case RDB_WAIT_FOREVER:
      return kForever;
    case RDB_WAIT_NOT:
      return std::chrono::milliseconds{0};
    case RDB_WAIT_TIMEOUT:
      return options.timeout_ms > kForeverMs
                 ? kForever
                 : std::chrono::milliseconds{static_cast<int64_t>(options.timeout_ms)};
    default:
      throw_invalid("options.wait is none of RDB_WAIT_...");
  }
}

WriteTxn begin_writer(Database& database, const rdb_txn_options& options) {
  const Durability durability = to_durability(options.durability);
  if (options.two_phase > 1 || options.quick_repair > 1) {
    throw_invalid("options.two_phase or options.quick_repair is neither 0 nor 1");
  }
  WriteTxnOptions write_options;
  write_options.timeout = to_timeout(options);
  write_options.cancel = token_of(options.cancel);
  WriteTxn txn = database.begin_write(write_options);
  if (durability != Durability::immediate) txn.set_durability(durability);
  if (options.two_phase != 0) txn.set_two_phase_commit(true);
  if (options.quick_repair != 0) txn.set_quick_repair(true);
  return txn;
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_txn_options_init(rdb_txn_options* options, size_t size, rdb_error* err) {
  return guard(err, [&] { init_struct(options, size, "options"); });
}

rdb_status rdb_txn_begin(const rdb_db* db, uint32_t kind, const rdb_txn_options* options,
                         rdb_txn** out, rdb_error* err) {
  return guard(err, [&] {
    rdb_txn*& handle = out_handle(out);
    rdb::Database& database = live(db).database;
    const rdb_txn_options known = read_struct(options, "options");
    require_reserved(known.reserved, "options");
    switch (kind) {
      case RDB_TXN_READ:
        handle = new rdb_txn(database.begin_read());
        break;
      case RDB_TXN_WRITE:
        handle = new rdb_txn(begin_writer(database, known));
        break;
      default:
        throw_invalid("the kind is neither RDB_TXN_READ nor RDB_TXN_WRITE");
    }
  });
}

rdb_status rdb_txn_commit(rdb_txn* txn, rdb_error* err) {
  return guard(err, [&] {
    require_not_null(txn, rdb_txn::kNoun);
    const Owned<rdb_txn> owned = take(txn);  // released on every path
    if (owned->forked()) throw_forked(rdb_txn::kNoun);
    owned->writer().commit();
  });
}

rdb_status rdb_txn_abort(rdb_txn* txn, rdb_error* err) {
  return guard(err, [&] {
    const Owned<rdb_txn> owned = take(txn);
    if (owned == nullptr) return;
    if (owned->forked()) throw_forked(rdb_txn::kNoun);
    if (owned->writable()) {
      owned->writer().abort();
    } else {
      std::get<rdb::ReadTxn>(owned->txn).close();
    }
  });
}

rdb_status rdb_txn_id(const rdb_txn* txn, uint64_t* out, rdb_error* err) {
  return guard(err, [&] {
    const auto& which = live(txn).txn;
    require_not_null(out, "out");
    *out = std::visit([](const auto& open) { return open.id(); }, which);
  });
}

rdb_status rdb_txn_set_durability(rdb_txn* txn, uint32_t durability, rdb_error* err) {
  return guard(err, [&] { live(txn).writer().set_durability(to_durability(durability)); });
}

rdb_status rdb_txn_set_two_phase(rdb_txn* txn, int32_t on, rdb_error* err) {
  return guard(err, [&] { live(txn).writer().set_two_phase_commit(on != 0); });
}

rdb_status rdb_txn_set_quick_repair(rdb_txn* txn, int32_t on, rdb_error* err) {
  return guard(err, [&] { live(txn).writer().set_quick_repair(on != 0); });
}
