// lmdb.cpp: LMDB behind the Engine interface.
//
// Durable defaults (no NOSYNC, no NOMETASYNC), one file (NOSUBDIR), the unnamed database, a map far
// larger than the data. LMDB has no cache of its own: it reads the page cache of the system.
#include <lmdb.h>

#include <cstring>
#include <stdexcept>

#include "engine.hpp"
#include "generator.hpp"

namespace rdb::bench {
namespace {

constexpr size_t kMapBytes = size_t{64} << 30;  // sparse; only what is used takes space

void check(int code, const char* what) {
  if (code != MDB_SUCCESS) {
    throw std::runtime_error(std::string("lmdb: ") + what + ": " + mdb_strerror(code));
  }
}

MDB_val val(Bytes bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};  // LMDB only reads through it
}

Bytes bytes(const MDB_val& v) { return {static_cast<const std::byte*>(v.mv_data), v.mv_size}; }

class LmdbReader final : public Reader {
 public:
  LmdbReader(MDB_env* env, MDB_dbi dbi) : dbi_(dbi) {
    check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn_), "begin read");
    check(mdb_cursor_open(txn_, dbi_, &cursor_), "open cursor");
  }
  ~LmdbReader() override {
    mdb_cursor_close(cursor_);
    mdb_txn_abort(txn_);
  }

  bool get(Bytes key, Bytes& value) override {
    MDB_val k = val(key);
    MDB_val v;
    const int code = mdb_get(txn_, dbi_, &k, &v);
    if (code == MDB_NOTFOUND) return false;
    check(code, "get");
    value = bytes(v);
    return true;
  }

  size_t get_copy(Bytes key, std::span<std::byte> out) override {
    Bytes value;
    if (!get(key, value)) return 0;
    if (value.size() > out.size()) throw std::runtime_error("lmdb: a value is too long");
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
    MDB_val k = val(from);
    MDB_val v;
    int code = mdb_cursor_get(cursor_, &k, &v, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
    uint64_t count = 0;
    while (code == MDB_SUCCESS) {
      fold_entry(digest, bytes(k), bytes(v));
      if (++count == limit) return count;
      code = mdb_cursor_get(cursor_, &k, &v, MDB_NEXT);
    }
    if (code != MDB_NOTFOUND) check(code, "scan");
    return count;
  }

  uint64_t len() override {
    MDB_stat stat;
    check(mdb_stat(txn_, dbi_, &stat), "stat");
    return stat.ms_entries;
  }

 private:
  MDB_dbi dbi_;
  MDB_txn* txn_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
};

class LmdbWriter final : public Writer {
 public:
  LmdbWriter(MDB_env* env, MDB_dbi dbi) : dbi_(dbi) {
    check(mdb_txn_begin(env, nullptr, 0, &txn_), "begin write");
  }
  ~LmdbWriter() override {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }

  void put(Bytes key, Bytes value) override {
    MDB_val k = val(key);
    MDB_val v = val(value);
    check(mdb_put(txn_, dbi_, &k, &v, 0), "put");
  }

  void commit() override { check(mdb_txn_commit(std::exchange(txn_, nullptr)), "commit"); }

 private:
  MDB_dbi dbi_;
  MDB_txn* txn_ = nullptr;
};

class LmdbEngine final : public Engine {
 public:
  explicit LmdbEngine(const EngineSettings& settings) : path_(settings.directory / "lmdb.mdb") {
    std::filesystem::remove(path_);
    std::filesystem::remove(lock_path());
    check(mdb_env_create(&env_), "create environment");
    check(mdb_env_set_mapsize(env_, kMapBytes), "set map size");
    check(mdb_env_open(env_, path_.c_str(), MDB_NOSUBDIR, 0644), "open");
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, 0, &txn), "begin");
    check(mdb_dbi_open(txn, nullptr, 0, &dbi_), "open table");
    check(mdb_txn_commit(txn), "commit");
  }
  ~LmdbEngine() override { mdb_env_close(env_); }

  std::string name() const override { return "lmdb"; }
  std::string version() const override { return mdb_version(nullptr, nullptr, nullptr); }
  std::string settings() const override {
    return "NOSUBDIR, otherwise default flags (durable commits), map 64 GiB, unnamed database";
  }
  std::vector<std::filesystem::path> files() const override { return {path_, lock_path()}; }

  std::unique_ptr<Reader> begin_read() override { return std::make_unique<LmdbReader>(env_, dbi_); }
  std::unique_ptr<Writer> begin_write() override {
    return std::make_unique<LmdbWriter>(env_, dbi_);
  }

 private:
  std::filesystem::path lock_path() const { return path_.string() + "-lock"; }

  std::filesystem::path path_;
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};

}  // namespace

std::unique_ptr<Engine> open_lmdb(const EngineSettings& settings) {
  return std::make_unique<LmdbEngine>(settings);
}

}  // namespace rdb::bench
