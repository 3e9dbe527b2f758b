// session.hpp: rdb.h as the demonstration uses it: handles that release themselves, errors as
// exceptions. What a C++ program would write over the C interface, and no more.
#pragma once

#include <rdb.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rdb::demo {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Passes outcomes (0 and above) through, throws Failure for errors.
inline rdb_status check(rdb_status status, const rdb_error& error) {
  if (status < 0) throw Failure(std::string(rdb_status_name(status)) + ": " + error.message);
  return status;
}

inline rdb_slice slice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view text(rdb_slice bytes) {
  return {static_cast<const char*>(bytes.data), bytes.size};
}

// Little-endian, as tables of type u64 store their values.
std::string encode_u64(uint64_t value);
uint64_t decode_u64(std::string_view bytes);

// Keys of type (&str,&str), made and taken apart by the library.
class PairCodec {
 public:
  static constexpr std::string_view kType = "(&str,&str)";

  PairCodec();
  // Valid until the next call.
  std::string_view encode(std::string_view first, std::string_view second);
  // Valid as long as key.
  std::pair<std::string_view, std::string_view> decode(std::string_view key);

 private:
  struct Free {
    void operator()(rdb_codec* codec) const { rdb_codec_free(codec); }
  };
  std::unique_ptr<rdb_codec, Free> codec_;
};

class Cursor {
 public:
  explicit Cursor(const rdb_table* table);
  // Confined to keys from lower on up to and without upper.
  Cursor(const rdb_table* table, std::string_view lower, std::string_view upper);
  // Confined to keys that begin with prefix.
  Cursor(const rdb_table* table, std::string_view prefix);

  // False at the end. Key and value are valid until the next call.
  bool next(std::string_view& key, std::string_view& value);

 private:
  struct Close {
    void operator()(rdb_cursor* cursor) const { rdb_cursor_close(cursor, nullptr); }
  };
  std::unique_ptr<rdb_cursor, Close> cursor_;
};

class Table {
 public:
  explicit Table(rdb_table* table) : table_(table) {}

  const rdb_table* raw() const { return table_.get(); }
  uint64_t len() const;
  std::optional<std::string> get(std::string_view key) const;
  void put(std::string_view key, std::string_view value);
  bool erase(std::string_view key);
  // Adds to the u64 under key, modulo 2^64; one that is not there is 0.
  void add(std::string_view key, uint64_t amount);
  // Of a TTL table.
  void put_for(std::string_view key, std::string_view value, uint64_t ttl_ms);
  uint64_t live_count() const;
  struct Purged {
    uint64_t examined = 0;
    uint64_t removed = 0;
    std::optional<std::string> position;  // where the next step goes on; none: at the end
  };
  Purged purge(const std::optional<std::string>& after, uint64_t max_records);
  // All values of a key of a multimap, in their order.
  std::vector<std::string> values(std::string_view key) const;
  rdb_table_stats_info stats() const;

 private:
  struct Close {
    void operator()(rdb_table* table) const { rdb_table_close(table, nullptr); }
  };
  std::unique_ptr<rdb_table, Close> table_;
};

// Aborted, or ended when it only reads, unless commit() was called. Tables must be gone by then.
class Txn {
 public:
  Txn(const rdb_db* db, uint32_t kind);

  uint64_t id() const;
  // Types by their stored names, tuples as redb 3 writes them; a writer creates the table when it
  // is missing.
  Table open(std::string_view name, std::string_view key_type, std::string_view value_type);
  // The same for multimaps, whose put() adds a pair.
  Table open_multimap(std::string_view name, std::string_view key_type,
                      std::string_view value_type);
  // The same for tables whose values expire.
  Table open_ttl(std::string_view name, std::string_view key_type, std::string_view value_type);
  void commit();

 private:
  struct Abort {
    void operator()(rdb_txn* txn) const { rdb_txn_abort(txn, nullptr); }
  };
  std::unique_ptr<rdb_txn, Abort> txn_;
};

class Database {
 public:
  Database(const std::string& path, uint32_t mode);

  Txn read() const { return Txn(db_.get(), RDB_TXN_READ); }
  Txn write() const { return Txn(db_.get(), RDB_TXN_WRITE); }
  rdb_stats_info stats() const;
  // The time by which TTL tables go, and a stop to it at a moment; RDB_CLOCK_RUNS: it runs again.
  uint64_t now_ms() const;
  void set_clock(uint64_t now_ms) const;
  bool was_clean() const;
  struct Verdict {
    rdb_report_info info = RDB_REPORT_INFO_INIT;
    std::string first_problem;
  };
  Verdict verify(const std::function<void(uint64_t, uint64_t)>& progress) const;
  void close();

 private:
  struct Close {
    void operator()(rdb_db* db) const { rdb_close_deferred(db); }
  };
  std::unique_ptr<rdb_db, Close> db_;
};

}  // namespace rdb::demo
