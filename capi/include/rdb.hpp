// rdb.hpp: the C++ face of rdb, header-only over rdb.h. C++20.
//
//     rdb::Database db = rdb::Database::open("people.rdb");
//     rdb::WriteTxn txn = db.write();
//     rdb::Table<> users = txn.table("users");
//     users.put("ada", "1815");
//     txn.commit();
//
//     rdb::ReadTxn reader = db.read();
//     for (auto [key, value] : reader.table("users").prefix("a")) use(key.text(), value.text());
//
// rdb.h is the manual of what the calls do; this header says what changes in C++.
//
// Errors. A negative status is thrown as rdb::Error, one class for each hundred. Outcomes are
// values: an empty optional or false where rdb.h says RDB_NOT_FOUND, RDB_EXISTS or RDB_END.
//
// Ownership. Each object owns one handle, moves, and cannot be copied; its destructor releases the
// handle and never throws. A WriteTxn that was not committed is aborted. Order does not matter: a
// table may outlive its transaction, and answers RDB_ERR_CLOSED then, as does an object that was
// moved from or closed. A Database that is destroyed while transactions live is closed with the
// last of them; Database::close tells what went wrong, the destructor cannot.
//
// Lifetime of bytes. Bytes are borrowed. What a scan or cursor shows lives until it moves; a Value
// (pin) keeps its bytes for as long as it lives, even longer than its database; Owned<T> is a copy.
// A scan in a for statement needs a transaction with a name: one made in the middle of the
// expression is over before the first row.
//
// Threads. As in rdb.h: a const function may be called by several threads at once where the table
// there says so, other functions by one at a time. No object is bound to the thread that made it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rdb.h"
#include "rdb_base.hpp"
#include "rdb_codec.hpp"
#include "rdb_composite.hpp"
#include "rdb_cursor.hpp"
#include "rdb_multimap.hpp"
#include "rdb_table.hpp"
#include "rdb_ttl.hpp"

namespace rdb {
inline namespace abi1 {

// ------------------------------------------------------------------------------------------------
// The library
// ------------------------------------------------------------------------------------------------

// Text as in RDB_VERSION, of the library in use.
inline std::string_view version() noexcept { return rdb_version(); }

// Whether the library in use has a feature; rdb_has_feature names them.
inline bool has_feature(std::string_view name) noexcept {
  return rdb_has_feature(Bytes(name).slice()) != 0;
}

// UsageError when the library in use is older than this header, or of another major version.
// Database::open asks by itself.
inline void check_abi() {
  checked([](rdb_error* err) { return rdb_check_abi(RDB_ABI_VERSION, err); });
}

// ------------------------------------------------------------------------------------------------
// Options
// ------------------------------------------------------------------------------------------------

enum class OpenMode : uint32_t {
  create = RDB_OPEN_CREATE,
  existing = RDB_OPEN_EXISTING,
  read_only = RDB_OPEN_READ_ONLY,
  create_new = RDB_OPEN_CREATE_NEW,
};
enum class ReadVerification : uint32_t {
  full = RDB_VERIFY_READS_FULL,
  none = RDB_VERIFY_READS_NONE,
};
enum class KeyProfile : uint32_t { shodh = RDB_PROFILE_SHODH, redb = RDB_PROFILE_REDB };
enum class Durability : uint32_t {
  immediate = RDB_DURABILITY_IMMEDIATE,
  none = RDB_DURABILITY_NONE,
};
enum class VerifyLevel : uint32_t {
  header = RDB_VERIFY_HEADER,
  checksums = RDB_VERIFY_CHECKSUMS,
  full = RDB_VERIFY_FULL,
};

// Told how far a long call has come; done and total in the call's unit, total 0: unknown. False
// stops the call. What it throws ends the call and reaches its caller. It may not use the database.
using Progress = std::function<bool(uint64_t done, uint64_t total)>;

namespace detail {

// Carries exceptions of a Progress across the C frames.
class ProgressCall {
 public:
  explicit ProgressCall(const Progress& progress) : progress_(progress) {}
  ProgressCall(const ProgressCall&) = delete;
  ProgressCall& operator=(const ProgressCall&) = delete;

  rdb_progress c_progress() noexcept {
    return progress_ ? rdb_progress{&on_progress, this, nullptr} : rdb_progress{};
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  static rdb_status on_progress(void* self, uint64_t done, uint64_t total) noexcept {
    auto* const call = static_cast<ProgressCall*>(self);
    try {
      return call->progress_(done, total) ? RDB_OK : RDB_STOPPED;
    } catch (...) {
      call->thrown_ = std::current_exception();
      return RDB_ERR_CALLBACK;
    }
  }

  const Progress& progress_;
  std::exception_ptr thrown_;
};

}  // namespace detail

// How to open a database; members as in rdb_options.
struct Options {
  OpenMode mode = OpenMode::create;
  ReadVerification read_verification = ReadVerification::full;
  uint64_t memory_budget_bytes = 0;  // 0: a quarter of the machine's memory, at most 1 GiB
  KeyProfile key_profile = KeyProfile::shodh;
  uint32_t region_pages = 0;
  bool eof_mirror = false;
  bool allow_unlocked = false;
  Progress repair_progress{};
  const Cancel* cancel = nullptr;
  // Set after the members above, as rdb_options_set does: name and text.
  std::vector<std::pair<std::string, std::string>> by_name{};
};

// How to begin a write transaction.
struct WriteOptions {
  std::optional<std::chrono::milliseconds> timeout{};  // for another writer; none: wait for ever
  Durability durability = Durability::immediate;
  bool two_phase = false;
  bool quick_repair = false;
  const Cancel* cancel = nullptr;
};

struct VerifyOptions {
  VerifyLevel level = VerifyLevel::header;
  Progress progress{};
  const Cancel* cancel = nullptr;
};

// ------------------------------------------------------------------------------------------------
// Transactions
// ------------------------------------------------------------------------------------------------

namespace detail {
inline void abort_txn(rdb_txn* txn) noexcept { rdb_txn_abort(txn, nullptr); }
}  // namespace detail

// What readers and writers share.
class Txn {
 public:
  // A reader: the number of the commit it sees. A writer: that of its commit to be.
  uint64_t id() const {
    uint64_t id = 0;
    checked([&](rdb_error* err) { return rdb_txn_id(live(), &id, err); });
    return id;
  }

  // Opens a table of the codecs' types. A writer creates it when it is missing.
  template <class K = Bytes, class V = Bytes>
  Table<K, V> table(std::string_view name) const {
    return Table<K, V>(open_table(name, Codec<K>::type(), Codec<V>::type(), &rdb_table_open));
  }
  // The same with types that have no codec here: keys and values are bytes as stored.
  Table<> table(std::string_view name, const Type& key, const Type& value) const {
    return Table<>(open_table(name, key, value, &rdb_table_open));
  }
  // Opens a table whatever its types are, and never creates one.
  Table<> raw_table(std::string_view name) const {
    return Table<>(open_raw(name, &rdb_table_open_raw));
  }

  // The same for multimaps, which have one value or more for each key.
  template <class K = Bytes, class V = Bytes>
  Multimap<K, V> multimap(std::string_view name) const {
    return Multimap<K, V>(open_table(name, Codec<K>::type(), Codec<V>::type(), &rdb_multimap_open));
  }
  Multimap<> multimap(std::string_view name, const Type& key, const Type& value) const {
    return Multimap<>(open_table(name, key, value, &rdb_multimap_open));
  }
  Multimap<> raw_multimap(std::string_view name) const {
    return Multimap<>(open_raw(name, &rdb_multimap_open_raw));
  }

  // The same for tables whose values expire; V without the expiry.
  template <class K = Bytes, class V = Bytes>
  TtlTable<K, V> ttl_table(std::string_view name) const {
    return TtlTable<K, V>(open_table(name, Codec<K>::type(), Codec<V>::type(), &rdb_ttl_open));
  }
  TtlTable<> ttl_table(std::string_view name, const Type& key, const Type& value) const {
    return TtlTable<>(open_table(name, key, value, &rdb_ttl_open));
  }
  TtlTable<> raw_ttl_table(std::string_view name) const {
    return TtlTable<>(open_raw(name, &rdb_ttl_open_raw));
  }

  // All tables, ordered by name.
  std::vector<TableInfo> tables() const {
    rdb_listing* listing = nullptr;
    checked([&](rdb_error* err) { return rdb_table_list(live(), &listing, err); });
    return read_listing(listing);
  }
  std::optional<TableInfo> find_table(std::string_view name) const {
    rdb_listing* listing = nullptr;
    const rdb_status status = checked(
        [&](rdb_error* err) { return rdb_table_find(live(), Bytes(name).slice(), &listing, err); });
    if (status == RDB_NOT_FOUND) return std::nullopt;
    return read_listing(listing).at(0);
  }

  // Whether it is still under way.
  explicit operator bool() const noexcept { return handle_.get() != nullptr; }
  rdb_txn* get() const noexcept { return handle_.get(); }

 protected:
  explicit Txn(rdb_txn* owned) noexcept : handle_(owned) {}
  ~Txn() = default;
  Txn(Txn&&) noexcept = default;
  Txn& operator=(Txn&&) noexcept = default;

  rdb_txn* live() const { return handle_.live("the transaction"); }

  // Ends the transaction; when it is over already, nothing happens.
  void end() {
    if (rdb_txn* const txn = handle_.release(); txn != nullptr) {
      checked([&](rdb_error* err) { return rdb_txn_abort(txn, err); });
    }
  }

  detail::Handle<rdb_txn, &detail::abort_txn> handle_;

 private:
  template <class Open>
  rdb_table* open_table(std::string_view name, const Type& key, const Type& value,
                        Open open) const {
    const rdb_type key_type = key.c_type();
    const rdb_type value_type = value.c_type();
    rdb_table* table = nullptr;
    checked([&](rdb_error* err) {
      return open(live(), Bytes(name).slice(), &key_type, &value_type, &table, err);
    });
    return table;
  }
  template <class Open>
  rdb_table* open_raw(std::string_view name, Open open) const {
    rdb_table* table = nullptr;
    checked([&](rdb_error* err) { return open(live(), Bytes(name).slice(), &table, err); });
    return table;
  }
  static std::vector<TableInfo> read_listing(rdb_listing* owned) {
    const detail::Handle<rdb_listing, &rdb_listing_free> listing(owned);
    std::vector<TableInfo> tables(rdb_listing_count(listing.get()));
    for (size_t i = 0; i < tables.size(); ++i) {
      rdb_table_info info = RDB_TABLE_INFO_INIT;
      checked([&](rdb_error* err) { return rdb_listing_at(listing.get(), i, &info, err); });
      tables[i] = detail::to_table_info(info);
    }
    return tables;
  }
};

// A snapshot. Its const functions, and those of its tables, are for any thread, concurrently.
class ReadTxn : public Txn {
 public:
  explicit ReadTxn(rdb_txn* owned) noexcept : Txn(owned) {}
  using Txn::end;
};

// Changes that become visible together, or not at all. One thread at a time.
class WriteTxn : public Txn {
 public:
  explicit WriteTxn(rdb_txn* owned) noexcept : Txn(owned) {}

  // Ends the transaction, whatever the outcome. When it throws, nothing changed, except with
  // RDB_ERR_RECOVERY_REQUIRED: then the next open decides.
  void commit() {
    live();
    rdb_txn* const txn = handle_.release();
    checked([&](rdb_error* err) { return rdb_txn_commit(txn, err); });
  }
  // Takes everything back; when the transaction is over already, nothing happens.
  void abort() { end(); }

  void set_durability(Durability durability) {
    checked([&](rdb_error* err) {
      return rdb_txn_set_durability(live(), static_cast<uint32_t>(durability), err);
    });
  }
  void set_two_phase(bool on) {
    checked([&](rdb_error* err) { return rdb_txn_set_two_phase(live(), on, err); });
  }
  void set_quick_repair(bool on) {
    checked([&](rdb_error* err) { return rdb_txn_set_quick_repair(live(), on, err); });
  }

  // The table must not be open.
  void rename_table(std::string_view from, std::string_view to) {
    checked([&](rdb_error* err) {
      return rdb_table_rename(live(), Bytes(from).slice(), Bytes(to).slice(), err);
    });
  }
  // Copies the records of a table of any transaction, as they are stored, into the table called
  // name, which is created with the same types when it is missing; gives their number.
  template <class K, class V>
  uint64_t copy_table(const Table<K, V>& source, std::string_view name,
                      const Cancel* cancel = nullptr) {
    uint64_t copied = 0;
    checked([&](rdb_error* err) {
      return rdb_table_copy(source.get(), live(), Bytes(name).slice(), detail::get(cancel), &copied,
                            err);
    });
    return copied;
  }

  // False: there is no such table. It must not be open.
  bool delete_table(std::string_view name) {
    return checked([&](rdb_error* err) {
             return rdb_table_delete(live(), Bytes(name).slice(), err);
           }) == RDB_OK;
  }
};

// ------------------------------------------------------------------------------------------------
// Databases
// ------------------------------------------------------------------------------------------------

// How the last open went.
struct Recovery {
  bool clean = false;         // it had been closed cleanly, or was created
  bool full_repair = false;   // every page was read and checked
  bool older_commit = false;  // the newest commit did not verify and is lost
  bool mirror = false;        // the header came from the copy at the file's end
  uint64_t txn_id = 0;        // the commit that was opened
  std::vector<std::string> notes;
};

// One finding of a verification.
struct Problem {
  std::string object;
  std::string what;
  std::string meaning;
  std::optional<uint64_t> page;
};

// What a verification saw.
struct Report {
  uint64_t pages_checked = 0;
  uint64_t tables_checked = 0;
  uint64_t entries_checked = 0;
  uint64_t leaked_pages = 0;
  std::vector<Problem> problems;

  bool ok() const noexcept { return problems.empty(); }
};

// An open database. Any thread, concurrently; only close, move and destruction exclude all other
// calls.
class Database {
 public:
  explicit Database(rdb_db* owned) noexcept : handle_(owned) {}

  // Opens the database in the file at path, or creates one.
  static Database open(std::string_view path, const Options& options = {}) {
    return open_with(options, [&](const rdb_options* c_options, rdb_db** db, rdb_error* err) {
      return rdb_open(Bytes(path).slice(), c_options, db, err);
    });
  }
  // Makes one in memory, gone when it is closed.
  static Database open_memory(const Options& options = {}) {
    return open_with(options, [](const rdb_options* c_options, rdb_db** db, rdb_error* err) {
      return rdb_open_memory(c_options, db, err);
    });
  }

  // Makes the last commits durable and closes; a second time does nothing. RDB_ERR_BUSY:
  // transactions are open, and the database stays so too. After any other error it is closed.
  void close() {
    if (handle_.get() == nullptr) return;
    rdb_error error;
    const rdb_status status = rdb_close(handle_.get(), &error);
    if (status != RDB_ERR_BUSY) handle_.release();
    if (status < 0) throw_error(error);
  }

  ReadTxn read() const { return ReadTxn(begin(RDB_TXN_READ, nullptr)); }
  // Waits for another writer; RDB_ERR_LOCK_TIMEOUT when options.timeout passes. A thread that waits
  // for a writer of its own waits for ever; RDB_ERR_MISUSE when it is the only thread.
  WriteTxn write(const WriteOptions& options = {}) const {
    const rdb_txn_options c_options = to_c(options);
    return WriteTxn(begin(RDB_TXN_WRITE, &c_options));
  }
  // Does not wait: nullopt when there is another writer.
  std::optional<WriteTxn> try_write(const WriteOptions& options = {}) const {
    rdb_txn_options c_options = to_c(options);
    c_options.wait = RDB_WAIT_NOT;
    rdb_txn* txn = nullptr;
    rdb_error error;
    const rdb_status status =
        rdb_txn_begin(handle_.live("the database"), RDB_TXN_WRITE, &c_options, &txn, &error);
    if (status == RDB_ERR_LOCK_TIMEOUT) return std::nullopt;
    if (status < 0) throw_error(error);
    return WriteTxn(txn);
  }

  Recovery recovery() const {
    rdb_recovery_info info = RDB_RECOVERY_INFO_INIT;
    checked([&](rdb_error* err) { return rdb_recovery(live(), &info, err); });
    Recovery recovery{(info.flags & RDB_RECOVERY_CLEAN) != 0,
                      (info.flags & RDB_RECOVERY_FULL_REPAIR) != 0,
                      (info.flags & RDB_RECOVERY_OLDER_COMMIT) != 0,
                      (info.flags & RDB_RECOVERY_MIRROR) != 0,
                      info.txn_id,
                      {}};
    for (uint64_t i = 0; i < info.note_count; ++i) {
      rdb_slice note;
      checked([&](rdb_error* err) { return rdb_recovery_note(live(), i, &note, err); });
      recovery.notes.push_back(Bytes(note).str());
    }
    return recovery;
  }

  // Checks the last durable state while readers and the writer go on; damage is in the report.
  // nullopt: options.progress asked to stop.
  std::optional<Report> verify(const VerifyOptions& options = {}) const {
    detail::ProgressCall progress(options.progress);
    rdb_verify_options c_options = RDB_VERIFY_OPTIONS_INIT;
    c_options.level = static_cast<uint32_t>(options.level);
    c_options.progress = progress.c_progress();
    c_options.cancel = detail::get(options.cancel);
    rdb_report* handle = nullptr;
    rdb_error error;
    const rdb_status status = rdb_verify(live(), &c_options, &handle, &error);
    const detail::Handle<rdb_report, &rdb_report_free> report(handle);
    progress.rethrow();
    if (status < 0) throw_error(error);
    if (status == RDB_STOPPED) return std::nullopt;
    return read_report(report.get());
  }

  // The time by which TTL tables go.
  std::chrono::sys_time<std::chrono::milliseconds> now() const {
    uint64_t moment = 0;
    checked([&](rdb_error* err) { return rdb_clock_now(live(), &moment, err); });
    return Expiry(moment).moment();
  }
  // Stops it at a moment, or (nullopt) lets it run again. At once and for every transaction; not
  // stored.
  void set_clock(std::optional<std::chrono::sys_time<std::chrono::milliseconds>> moment) {
    uint64_t now = RDB_CLOCK_RUNS;
    if (moment) {
      if (moment->time_since_epoch().count() < 0) {
        throw UsageError(RDB_ERR_INVALID_ARGUMENT, "a moment before 1970");
      }
      now = static_cast<uint64_t>(moment->time_since_epoch().count());
    }
    checked([&](rdb_error* err) { return rdb_clock_set(live(), now, err); });
  }

  rdb_stats_info stats() const {
    rdb_stats_info info = RDB_STATS_INFO_INIT;
    checked([&](rdb_error* err) { return rdb_stats(live(), &info, err); });
    return info;
  }

  // Whether it is open.
  explicit operator bool() const noexcept { return handle_.get() != nullptr; }
  rdb_db* get() const noexcept { return handle_.get(); }

 private:
  rdb_db* live() const { return handle_.live("the database"); }

  template <class Function>
  static Database open_with(const Options& options, Function function) {
    check_abi();
    detail::ProgressCall progress(options.repair_progress);
    rdb_options c_options = RDB_OPTIONS_INIT;
    c_options.mode = static_cast<uint32_t>(options.mode);
    c_options.read_verification = static_cast<uint32_t>(options.read_verification);
    c_options.memory_budget_bytes = options.memory_budget_bytes;
    c_options.key_profile = static_cast<uint32_t>(options.key_profile);
    c_options.region_pages = options.region_pages;
    c_options.eof_mirror = options.eof_mirror ? 1 : 0;
    c_options.allow_unlocked = options.allow_unlocked ? 1 : 0;
    c_options.repair_progress = progress.c_progress();
    c_options.cancel = detail::get(options.cancel);
    for (const auto& [name, value] : options.by_name) {
      checked([&, &name = name, &value = value](rdb_error* err) {
        return rdb_options_set(&c_options, Bytes(name).slice(), Bytes(value).slice(), err);
      });
    }
    rdb_db* db = nullptr;
    rdb_error error;
    const rdb_status status = function(&c_options, &db, &error);
    Database opened(db);
    progress.rethrow();
    if (status < 0) throw_error(error);
    return opened;
  }

  rdb_txn* begin(uint32_t kind, const rdb_txn_options* options) const {
    rdb_txn* txn = nullptr;
    checked([&](rdb_error* err) { return rdb_txn_begin(live(), kind, options, &txn, err); });
    return txn;
  }
  static rdb_txn_options to_c(const WriteOptions& options) noexcept {
    rdb_txn_options c_options = RDB_TXN_OPTIONS_INIT;
    if (options.timeout) {
      c_options.wait = RDB_WAIT_TIMEOUT;
      c_options.timeout_ms = static_cast<uint64_t>(
          std::max<std::chrono::milliseconds::rep>(options.timeout->count(), 0));
    }
    c_options.durability = static_cast<uint32_t>(options.durability);
    c_options.two_phase = options.two_phase ? 1 : 0;
    c_options.quick_repair = options.quick_repair ? 1 : 0;
    c_options.cancel = detail::get(options.cancel);
    return c_options;
  }
  static Report read_report(const rdb_report* report) {
    rdb_report_info info = RDB_REPORT_INFO_INIT;
    checked([&](rdb_error* err) { return rdb_report_describe(report, &info, err); });
    Report seen{
        info.pages_checked, info.tables_checked, info.entries_checked, info.leaked_pages, {}};
    for (uint64_t i = 0; i < info.problem_count; ++i) {
      rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
      checked([&](rdb_error* err) { return rdb_report_problem(report, i, &problem, err); });
      seen.problems.push_back({Bytes(problem.object).str(), Bytes(problem.what).str(),
                               Bytes(problem.meaning).str(), std::nullopt});
      if (problem.page != RDB_NO_POSITION) seen.problems.back().page = problem.page;
    }
    return seen;
  }

  detail::Handle<rdb_db, &rdb_close_deferred> handle_;
};

}  // namespace abi1
}  // namespace rdb
