// sqlite.cpp: SQLite behind the Engine interface.
//
// WAL with synchronous=FULL (every commit is durable), a clustered table (WITHOUT ROWID),
// statements prepared once, the page cache as large as the other engines', and mapped reads.
#include <sqlite3.h>

#include <cstring>
#include <stdexcept>

#include "engine.hpp"
#include "generator.hpp"

namespace rdb::bench {
namespace {

class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : db_(db) {
    check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr), sql);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  // The bytes must stay until reset(); the null destructor says so.
  void bind(int at, Bytes bytes) {
    check(sqlite3_bind_blob(statement_, at, bytes.data(), static_cast<int>(bytes.size()), nullptr),
          "bind");
  }
  void bind(int at, int64_t number) { check(sqlite3_bind_int64(statement_, at, number), "bind"); }

  // True: a row. False: done.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) check(code, "step");
    return false;
  }
  void reset() { sqlite3_reset(statement_); }
  void run() {
    step();
    reset();
  }

  Bytes column(int at) {
    const void* data = sqlite3_column_blob(statement_, at);
    return {static_cast<const std::byte*>(data),
            static_cast<size_t>(sqlite3_column_bytes(statement_, at))};
  }
  int64_t number(int at) { return sqlite3_column_int64(statement_, at); }

 private:
  void check(int code, const char* what) {
    if (code != SQLITE_OK) {
      throw std::runtime_error(std::string("sqlite: ") + what + ": " + sqlite3_errmsg(db_));
    }
  }

  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

struct Statements {
  explicit Statements(sqlite3* db)
      : begin(db, "BEGIN"),
        commit(db, "COMMIT"),
        rollback(db, "ROLLBACK"),
        put(db, "INSERT OR REPLACE INTO kv (key, value) VALUES (?1, ?2)"),
        get(db, "SELECT value FROM kv WHERE key = ?1"),
        range(db, "SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key LIMIT ?2"),
        count(db, "SELECT count(*) FROM kv") {}

  Statement begin, commit, rollback, put, get, range, count;
};

class SqliteReader final : public Reader {
 public:
  explicit SqliteReader(Statements& statements) : s_(statements) { s_.begin.run(); }
  ~SqliteReader() override {
    try {
      s_.get.reset();
      s_.commit.run();
    } catch (const std::exception&) {
      // The next BEGIN reports what is wrong.
    }
  }

  bool get(Bytes key, Bytes& value) override {
    s_.get.reset();
    s_.get.bind(1, key);
    if (!s_.get.step()) return false;
    value = s_.get.column(0);  // lives until the next reset
    return true;
  }

  size_t get_copy(Bytes key, std::span<std::byte> out) override {
    Bytes value;
    if (!get(key, value)) return 0;
    if (value.size() > out.size()) throw std::runtime_error("sqlite: a value is too long");
    std::memcpy(out.data(), value.data(), value.size());
    return value.size();
  }

  size_t get_many(std::span<const Bytes> keys, uint64_t& digest) override {
    size_t found = 0;
    for (Bytes key : keys) {
      Bytes value;
      if (!get(key, value)) continue;
      fold(digest, value[0]);
      ++found;
    }
    return found;
  }

  uint64_t scan(Bytes from, uint64_t limit, uint64_t& digest) override {
    static constexpr std::byte kNothing{};  // a null pointer would bind SQL NULL
    s_.range.bind(1, from.empty() ? Bytes(&kNothing, 0) : from);
    s_.range.bind(2, static_cast<int64_t>(limit > INT64_MAX ? INT64_MAX : limit));
    uint64_t count = 0;
    while (s_.range.step()) {
      fold_entry(digest, s_.range.column(0), s_.range.column(1));
      ++count;
    }
    s_.range.reset();
    return count;
  }

  uint64_t len() override {
    s_.count.step();
    const int64_t count = s_.count.number(0);
    s_.count.reset();
    return static_cast<uint64_t>(count);
  }

 private:
  Statements& s_;
};

class SqliteWriter final : public Writer {
 public:
  explicit SqliteWriter(Statements& statements) : s_(statements) { s_.begin.run(); }
  ~SqliteWriter() override {
    if (done_) return;
    try {
      s_.rollback.run();
    } catch (const std::exception&) {
      // The next BEGIN reports what is wrong.
    }
  }

  void put(Bytes key, Bytes value) override {
    s_.put.bind(1, key);
    s_.put.bind(2, value);
    s_.put.run();
  }

  void commit() override {
    s_.commit.run();
    done_ = true;
  }

 private:
  Statements& s_;
  bool done_ = false;
};

class SqliteEngine final : public Engine {
 public:
  explicit SqliteEngine(const EngineSettings& settings)
      : path_(settings.directory / "sqlite.db"), cache_kib_(settings.cache_bytes / 1024) {
    for (const std::filesystem::path& file : files()) std::filesystem::remove(file);
    const int code = sqlite3_open(path_.c_str(), &db_);
    if (code != SQLITE_OK) throw std::runtime_error("sqlite: cannot open " + path_.string());
    execute("PRAGMA page_size=4096");
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("PRAGMA cache_size=-" + std::to_string(cache_kib_));
    execute("PRAGMA mmap_size=8589934592");
    execute("CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    statements_ = std::make_unique<Statements>(db_);
  }
  ~SqliteEngine() override {
    statements_.reset();
    sqlite3_close(db_);
  }

  std::string name() const override { return "sqlite"; }
  std::string version() const override { return sqlite3_libversion(); }
  std::string settings() const override {
    return "journal_mode=WAL, synchronous=FULL, WITHOUT ROWID, page_size=4096, cache_size=-" +
           std::to_string(cache_kib_) + ", mmap_size=8 GiB, statements prepared once";
  }
  std::vector<std::filesystem::path> files() const override {
    return {path_, path_.string() + "-wal", path_.string() + "-shm"};
  }

  std::unique_ptr<Reader> begin_read() override {
    return std::make_unique<SqliteReader>(*statements_);
  }
  std::unique_ptr<Writer> begin_write() override {
    return std::make_unique<SqliteWriter>(*statements_);
  }

 private:
  void execute(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error("sqlite: " + sql + ": " + sqlite3_errmsg(db_));
    }
  }

  std::filesystem::path path_;
  uint64_t cache_kib_;
  sqlite3* db_ = nullptr;
  std::unique_ptr<Statements> statements_;
};

}  // namespace

std::unique_ptr<Engine> open_sqlite(const EngineSettings& settings) {
  return std::make_unique<SqliteEngine>(settings);
}

}  // namespace rdb::bench
