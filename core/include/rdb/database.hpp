// database.hpp: one open database file.
//
// Threads: any, concurrently, except close().
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "rdb/error.hpp"
#include "rdb/options.hpp"
#include "rdb/storage_backend.hpp"
#include "rdb/txn.hpp"
#include "rdb/types.hpp"

namespace rdb {

namespace db {
class DatabaseImpl;
}

// Counters since open. None depends on the clock.
struct DatabaseStats {
  uint64_t file_bytes = 0;
  uint64_t page_bytes = 0;       // base page size
  uint64_t allocated_pages = 0;  // base pages in use, held ones included; 0 when read-only
  uint64_t free_pages = 0;
  uint64_t pending_free_pages = 0;  // wait for readers, pins or a durable commit
  uint64_t resident_bytes = 0;      // page memory in use now, opened_bytes included
  uint64_t pinned_bytes = 0;        // pages pinned by values and cursors
  uint64_t memory_budget_bytes = 0;
  uint64_t live_readers = 0;
  uint64_t last_txn_id = 0;
  uint64_t durable_txn_id = 0;
  uint64_t commits = 0;  // of this session
  uint64_t bytes_written = 0;
  uint64_t write_calls = 0;
  uint64_t bytes_read = 0;
  uint64_t read_calls = 0;
  uint64_t syncs = 0;
  uint64_t pages_allocated = 0;  // base pages handed to transactions
  uint64_t pages_evicted = 0;
  uint64_t opened_bytes = 0;  // compressed values that are kept decompressed for the next scan
};

// How the last open went.
struct RecoveryReport {
  bool clean = true;               // closed cleanly before
  bool full_repair = false;        // all pages walked and verified
  bool used_older_commit = false;  // the newest slot did not verify; its commit is lost
  bool used_mirror = false;
  uint64_t txn_id = 0;             // commit that was opened
  std::vector<std::string> notes;  // each a full sentence
};

enum class VerifyLevel : uint32_t { header = 0, checksums = 1, full = 2 };

struct VerifyProblem {
  std::string object;   // "header", "table \"x\"", "page 0/17/0", "allocator" ...
  std::string what;     // what is wrong
  std::string meaning;  // what it means for the user
  uint64_t page = ~uint64_t{0};
};

struct VerifyReport {
  uint64_t pages_checked = 0;
  uint64_t tables_checked = 0;
  uint64_t entries_checked = 0;
  uint64_t leaked_pages = 0;  // allocated, reachable from nothing and held by nothing
  std::vector<VerifyProblem> problems;
  bool ok() const { return problems.empty(); }
};

class Database {
 public:
  static Database open(const std::filesystem::path& path, const OpenOptions& options = {});
  static Database open_memory(const OpenOptions& options = {});
  static Database open_backend(std::unique_ptr<StorageBackend> backend,
                               const OpenOptions& options = {});

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();  // closes when nothing is open, else leaves the file for recovery

  ReadTxn begin_read() const;
  // lock_timeout when another writer stayed, cancelled when the token was raised.
  WriteTxn begin_write(const WriteTxnOptions& options = {});

  // The time by which TTL tables go: milliseconds since 1970 began.
  uint64_t clock_now() const;
  // Stops that clock at a moment, or lets it run again: kClockRuns. At once, and for every
  // transaction; nothing of it is stored.
  void set_clock(uint64_t now_ms);

  DatabaseStats stats() const;
  const RecoveryReport& recovery() const;

  // Checks the last durable state while readers and the writer go on.
  VerifyReport verify(VerifyLevel level, ProgressSink* progress = nullptr,
                      const CancelToken* cancel = nullptr) const;

  // busy while transactions are open. Leaves a file both Rust engines open. Whatever it reports,
  // the database is closed afterwards unless it reported busy.
  void close();

  // For garbage-collected hosts: from now on every call on the database and on its transactions,
  // tables and cursors answers closed; the file is closed when the last of them is gone. Never
  // throws.
  void close_deferred() noexcept;

 private:
  explicit Database(std::shared_ptr<db::DatabaseImpl> impl);
  std::shared_ptr<db::DatabaseImpl> impl_;
};

}  // namespace rdb
