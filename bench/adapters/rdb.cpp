// rdb.cpp: rdb behind the Engine interface, through the C ABI: that is what users call, so its
// argument checks and its guard are part of every figure.
#include <cstdint>

#include "engine.hpp"
#include "generator.hpp"
#include "rdb_handles.hpp"

namespace rdb::bench {
namespace {

class RdbReader : public Reader {
 public:
  explicit RdbReader(const rdb_db* db)
      : txn_(begin(db, RDB_TXN_READ)),
        table_(open_table(txn_.get())),
        cursor_(open_cursor(table_.get())),
        result_(open_handle<rdb_result>("create result", rdb_result_create)) {}

  // The cursor form: the slice lives until the cursor moves on.
  bool get(Bytes key, Bytes& value) override {
    rdb_slice found;
    const rdb_status status =
        rdb_cursor_seek_exact(cursor_.get(), slice(key), nullptr, &found, &err_);
    if (check(status, "seek", err_) != RDB_OK) return false;
    value = bytes(found);
    return true;
  }

  size_t get_copy(Bytes key, std::span<std::byte> out) override {
    size_t size = 0;
    const rdb_status status =
        rdb_get_into(table_.get(), slice(key), out.data(), out.size(), &size, &err_);
    if (check(status, "get", err_) == RDB_MORE) {
      throw std::runtime_error("rdb: a value is too long");
    }
    return status == RDB_OK ? size : 0;
  }

  size_t get_many(std::span<const Bytes> keys, uint64_t& digest) override {
    slices_.clear();
    for (Bytes key : keys) slices_.push_back(slice(key));
    check(rdb_get_batch(table_.get(), slices_.data(), slices_.size(), result_.get(), &err_),
          "get batch", err_);
    size_t found = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      rdb_slice value;
      if (check(rdb_result_at(result_.get(), i, &value, &err_), "result", err_) != RDB_OK) continue;
      fold(digest, bytes(value)[0]);
      ++found;
    }
    return found;
  }

  uint64_t scan(Bytes from, uint64_t limit, uint64_t& digest) override {
    rdb_slice key;
    rdb_slice value;
    rdb_status status = from.empty()
                            ? rdb_cursor_first(cursor_.get(), &key, &value, &err_)
                            : rdb_cursor_seek(cursor_.get(), slice(from), &key, &value, &err_);
    if (check(status, "seek", err_) != RDB_OK) return 0;
    fold_entry(digest, bytes(key), bytes(value));
    uint64_t count = 1;
    while (count < limit) {
      size_t filled = 0;
      status =
          rdb_cursor_next_batch(cursor_.get(), keys_, values_,
                                limit - count < kBatch ? limit - count : kBatch, &filled, &err_);
      if (check(status, "next", err_) != RDB_OK) break;
      for (size_t i = 0; i < filled; ++i) fold_entry(digest, bytes(keys_[i]), bytes(values_[i]));
      count += filled;
    }
    return count;
  }

  uint64_t len() override {
    uint64_t count = 0;
    check(rdb_table_len(table_.get(), &count, &err_), "len", err_);
    return count;
  }

 protected:
  const rdb_table* table() const { return table_.get(); }

 private:
  static constexpr size_t kBatch = 32;

  rdb_error err_;
  Handle<rdb_txn> txn_;
  Handle<rdb_table> table_;
  Handle<rdb_cursor> cursor_;
  Handle<rdb_result> result_;
  std::vector<rdb_slice> slices_;
  rdb_slice keys_[kBatch];
  rdb_slice values_[kBatch];
};

class RdbPinReader final : public RdbReader {
 public:
  using RdbReader::RdbReader;

  bool get(Bytes key, Bytes& value) override {
    rdb_error err;
    rdb_value* raw = nullptr;
    const rdb_status status = rdb_get_pin(table(), slice(key), &raw, &err);
    pinned_.reset(raw);
    if (check(status, "get", err) != RDB_OK) return false;
    value = bytes(rdb_value_data(raw));
    return true;
  }

 private:
  Handle<rdb_value> pinned_;
};

class RdbWriter final : public Writer {
 public:
  explicit RdbWriter(const rdb_db* db)
      : txn_(begin(db, RDB_TXN_WRITE)), table_(open_table(txn_.get())) {}

  void put(Bytes key, Bytes value) override {
    check(rdb_put(table_.get(), slice(key), slice(value), 0, &err_), "put", err_);
  }
  void commit() override { bench::commit(std::move(table_), std::move(txn_)); }

 private:
  rdb_error err_;
  Handle<rdb_txn> txn_;
  Handle<rdb_table> table_;
};

class RdbEngine final : public Engine {
 public:
  explicit RdbEngine(const EngineSettings& settings)
      : path_(settings.directory / "rdb.rdb"), cache_bytes_(settings.cache_bytes) {
    std::filesystem::remove(path_);
    db_ = open_database(path_.native(), cache_bytes_);
    // Reads must find the table even when every write row is left out.
    RdbWriter(db_.get()).commit();
  }

  std::string name() const override { return "rdb"; }
  std::string version() const override {
    return std::string(rdb_version()) + " (" + rdb_build_info() + ")";
  }
  std::string settings() const override {
    return "default options (durable one-phase commits, checksums verified on load), memory "
           "budget " +
           std::to_string(cache_bytes_ >> 20) + " MiB, through the C ABI";
  }
  std::vector<std::filesystem::path> files() const override { return {path_}; }

  std::unique_ptr<Reader> begin_read() override { return std::make_unique<RdbReader>(db_.get()); }
  std::unique_ptr<Reader> begin_read_pinned() override {
    return std::make_unique<RdbPinReader>(db_.get());
  }
  std::unique_ptr<Writer> begin_write() override { return std::make_unique<RdbWriter>(db_.get()); }

  std::optional<EngineCounters> counters() const override {
    const rdb_stats_info stats = stats_of(db_.get());
    return EngineCounters{stats.commits, stats.bytes_written, stats.write_calls, stats.syncs,
                          stats.pages_allocated};
  }

 private:
  std::filesystem::path path_;
  uint64_t cache_bytes_;
  Handle<rdb_db> db_;
};

}  // namespace

std::unique_ptr<Engine> open_rdb(const EngineSettings& settings) {
  return std::make_unique<RdbEngine>(settings);
}

}  // namespace rdb::bench
