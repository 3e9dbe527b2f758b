// db.cpp: opening, closing and asking a database.
#include <filesystem>
#include <utility>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace rdb::capi {
namespace {

// A path of the system: any bytes but NUL.
std::filesystem::path to_path(rdb_slice slice) {
  const std::string_view text = as_text(to_bytes(slice));
  if (text.empty()) throw_invalid("the path is empty");
  if (text.find('\0') != text.npos) throw_invalid("the path contains a NUL");
  return text;
}

// Opens by open(OpenOptions) with what the caller's options say. They are read before anything
// else, so that the callback's context is dropped on every later path.
template <class Open>
void open_with(const rdb_options* given, rdb_db*& out, Open&& open) {
  const rdb_options options = read_options(given);
  CallbackProgress progress(options.repair_progress);
  OpenOptions open_options = to_open_options(options);
  open_options.repair_progress = progress.sink();
  const bool opened = progress.run([&] { out = new rdb_db(open(open_options)); });
  if (!opened) {
    throw Error(ErrorCode::repair_aborted, "the progress callback stopped the repair");
  }
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_open(rdb_slice path, const rdb_options* options, rdb_db** out, rdb_error* err) {
  return guard(err, [&] {
    open_with(options, out_handle(out), [&](const rdb::OpenOptions& open_options) {
      return rdb::Database::open(to_path(path), open_options);
    });
  });
}

rdb_status rdb_open_memory(const rdb_options* options, rdb_db** out, rdb_error* err) {
  return guard(err, [&] {
    open_with(options, out_handle(out), [](const rdb::OpenOptions& open_options) {
      return rdb::Database::open_memory(open_options);
    });
  });
}

rdb_status rdb_close(rdb_db* db, rdb_error* err) {
  return guard(err, [&] {
    if (db == nullptr) return;
    if (db->has_signature() && !db->forked()) {
      try {
        db->database.close();
      } catch (const rdb::Error& error) {
        if (error.code() == rdb::ErrorCode::busy) throw;  // still open, still the caller's
        take(db);
        throw;
      }
    }
    const Owned<rdb_db> owned = take(db);
    if (owned->forked()) throw_forked(rdb_db::kNoun);
  });
}

void rdb_close_deferred(rdb_db* db) {
  guard_release([&] {
    const Owned<rdb_db> owned = take(db);
    if (owned != nullptr && !owned->forked()) owned->database.close_deferred();
  });
}

rdb_status rdb_recovery(const rdb_db* db, rdb_recovery_info* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb::RecoveryReport& report = live(db).database.recovery();
    rdb_recovery_info info{};
    info.flags = (report.clean ? RDB_RECOVERY_CLEAN : 0) |
                 (report.full_repair ? RDB_RECOVERY_FULL_REPAIR : 0) |
                 (report.used_older_commit ? RDB_RECOVERY_OLDER_COMMIT : 0) |
                 (report.used_mirror ? RDB_RECOVERY_MIRROR : 0);
    info.txn_id = report.txn_id;
    info.note_count = report.notes.size();
    write_struct(out, info, "out");
  });
}

rdb_status rdb_recovery_note(const rdb_db* db, uint64_t index, rdb_slice* out, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const std::vector<std::string>& notes = live(db).database.recovery().notes;
    require_not_null(out, "out");
    if (index >= notes.size()) return RDB_NOT_FOUND;
    *out = to_slice(notes[index]);
    return RDB_OK;
  });
}

rdb_status rdb_stats(const rdb_db* db, rdb_stats_info* out, rdb_error* err) {
  return guard(err, [&] {
    require_not_null(out, "out");
    const rdb::DatabaseStats stats = live(db).database.stats();
    rdb_stats_info info{};
    info.file_bytes = stats.file_bytes;
    info.page_bytes = stats.page_bytes;
    info.allocated_pages = stats.allocated_pages;
    info.free_pages = stats.free_pages;
    info.pending_free_pages = stats.pending_free_pages;
    info.resident_bytes = stats.resident_bytes;
    info.pinned_bytes = stats.pinned_bytes;
    info.memory_budget_bytes = stats.memory_budget_bytes;
    info.live_readers = stats.live_readers;
    info.last_txn_id = stats.last_txn_id;
    info.durable_txn_id = stats.durable_txn_id;
    info.commits = stats.commits;
    info.bytes_written = stats.bytes_written;
    info.write_calls = stats.write_calls;
    info.bytes_read = stats.bytes_read;
    info.read_calls = stats.read_calls;
    info.syncs = stats.syncs;
    info.pages_allocated = stats.pages_allocated;
    info.pages_evicted = stats.pages_evicted;
    info.opened_bytes = stats.opened_bytes;
    write_struct(out, info, "out");
  });
}
