// pairs.cpp: multimaps against LMDB's DUPSORT, by turns.
//
// Pairs of 8-byte keys and 8-byte values, byte strings of variable width to both engines, put in
// random order. Each round makes both databases anew, one engine first and then the other, and
// gives one ratio; the result is the median of the ratios. What one engine read must be what the
// other read.
#include <lmdb.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "adapters/rdb_handles.hpp"
#include "machine.hpp"
#include "stats.hpp"
#include "workloads.hpp"

namespace rdb::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMapBytes = size_t{16} << 30;

struct Shape {
  const char* name;
  uint64_t values_per_key;
};
constexpr Shape kShapes[] = {{"10 values a key", 10}, {"1,000 values a key", 1000}};

struct Measured {
  double insert_ns = 0;  // per pair, the durable commit included
  double batch_ns = 0;   // the same, by batches where the engine has them
  double scan_ns = 0;    // per pair, from the first to the last
  double read_ns = 0;    // per pair, all values of one random key after the other
  uint64_t digest = 0;
};

// The pairs of one shape: a key is drawn, its values count up from a drawn start.
class Pairs {
 public:
  Pairs(const Shape& shape, uint64_t count, uint64_t seed)
      : generator_(seed),
        keys_(count / shape.values_per_key),
        count_(keys_ * shape.values_per_key) {
    order_.resize(count_);
    for (uint64_t i = 0; i < count_; ++i) order_[i] = i;
    for (uint64_t i = count_; i > 1; --i) {  // the same shuffle on every machine
      std::swap(order_[i - 1], order_[generator_.draw(i) % i]);
    }
  }
  uint64_t count() const { return count_; }
  uint64_t keys() const { return keys_; }
  uint64_t key(uint64_t i) const { return generator_.draw(~(i % keys_)); }
  uint64_t value(uint64_t i) const { return generator_.draw((uint64_t{1} << 40) + i); }
  const std::vector<uint64_t>& order() const { return order_; }

 private:
  Generator generator_;
  uint64_t keys_;
  uint64_t count_;
  std::vector<uint64_t> order_;
};

Bytes bytes_of(const uint64_t& word) {
  return {reinterpret_cast<const std::byte*>(&word), sizeof word};
}

double per(Clock::time_point begin, uint64_t count) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() /
         static_cast<double>(count);
}

// ---- rdb

Handle<rdb_table> open_multimap(const rdb_txn* txn, const char* name) {
  return open_handle<rdb_table>("open multimap", [&](rdb_table** out, rdb_error* err) {
    return rdb_multimap_open(txn, slice(std::string_view(name)), nullptr, nullptr, out, err);
  });
}

Measured measure_rdb(const Pairs& pairs, const std::filesystem::path& path) {
  constexpr size_t kBatch = 1000;
  constexpr size_t kScanBatch = 256;
  std::filesystem::remove(path);
  Handle<rdb_db> db = open_database(path.native(), uint64_t{1} << 30);
  rdb_error err;
  Measured measured;
  {
    const Clock::time_point started = Clock::now();
    Handle<rdb_txn> txn = begin(db.get(), RDB_TXN_WRITE);
    Handle<rdb_table> table = open_multimap(txn.get(), "single");
    for (const uint64_t i : pairs.order()) {
      const uint64_t key = pairs.key(i);
      const uint64_t value = pairs.value(i);
      check(rdb_put(table.get(), slice(bytes_of(key)), slice(bytes_of(value)), 0, &err), "put",
            err);
    }
    commit(std::move(table), std::move(txn));
    measured.insert_ns = per(started, pairs.count());
  }
  {
    const Clock::time_point started = Clock::now();
    Handle<rdb_txn> txn = begin(db.get(), RDB_TXN_WRITE);
    Handle<rdb_table> table = open_multimap(txn.get(), "batch");
    std::vector<uint64_t> words(2 * kBatch);
    std::vector<rdb_slice> keys(kBatch);
    std::vector<rdb_slice> values(kBatch);
    for (size_t at = 0; at < pairs.order().size();) {
      size_t filled = 0;
      for (; filled < kBatch && at < pairs.order().size(); ++filled, ++at) {
        words[2 * filled] = pairs.key(pairs.order()[at]);
        words[2 * filled + 1] = pairs.value(pairs.order()[at]);
        keys[filled] = slice(bytes_of(words[2 * filled]));
        values[filled] = slice(bytes_of(words[2 * filled + 1]));
      }
      check(rdb_put_batch(table.get(), keys.data(), values.data(), filled, 0, nullptr, &err),
            "put batch", err);
    }
    commit(std::move(table), std::move(txn));
    measured.batch_ns = per(started, pairs.count());
  }
  const Handle<rdb_txn> txn = begin(db.get(), RDB_TXN_READ);
  const Handle<rdb_table> table = open_multimap(txn.get(), "single");
  {
    const Handle<rdb_cursor> cursor = open_cursor(table.get());
    rdb_slice keys[kScanBatch];
    rdb_slice values[kScanBatch];
    const Clock::time_point started = Clock::now();
    for (;;) {
      size_t filled = 0;
      if (check(rdb_cursor_next_batch(cursor.get(), keys, values, kScanBatch, &filled, &err),
                "scan", err) != RDB_OK) {
        break;
      }
      for (size_t i = 0; i < filled; ++i) {
        fold_entry(measured.digest, bytes(keys[i]), bytes(values[i]));
      }
    }
    measured.scan_ns = per(started, pairs.count());
  }
  const Handle<rdb_result> result = open_handle<rdb_result>("create result", rdb_result_create);
  const Clock::time_point started = Clock::now();
  for (uint64_t k = 0; k < pairs.keys(); ++k) {
    const uint64_t key = pairs.key(k);
    check(rdb_multimap_get(table.get(), slice(bytes_of(key)), result.get(), &err), "get", err);
    const size_t count = rdb_result_count(result.get());
    for (size_t i = 0; i < count; ++i) {
      rdb_slice value;
      check(rdb_result_at(result.get(), i, &value, &err), "result", err);
      fold(measured.digest, bytes(value)[0]);
    }
  }
  measured.read_ns = per(started, pairs.count());
  return measured;
}

// ---- LMDB

void check_lmdb(int code, const char* what) {
  if (code != MDB_SUCCESS) {
    throw std::runtime_error(std::string("lmdb: ") + what + ": " + mdb_strerror(code));
  }
}

MDB_val val(const uint64_t& word) {
  return {sizeof word, const_cast<uint64_t*>(&word)};  // LMDB only reads through it
}
Bytes bytes(const MDB_val& v) { return {static_cast<const std::byte*>(v.mv_data), v.mv_size}; }

double fill_lmdb(MDB_env* env, const char* name, const Pairs& pairs, MDB_dbi& dbi) {
  const Clock::time_point started = Clock::now();
  MDB_txn* txn = nullptr;
  check_lmdb(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
  check_lmdb(mdb_dbi_open(txn, name, MDB_CREATE | MDB_DUPSORT, &dbi), "open table");
  for (const uint64_t i : pairs.order()) {
    const uint64_t key = pairs.key(i);
    const uint64_t value = pairs.value(i);
    MDB_val k = val(key);
    MDB_val v = val(value);
    check_lmdb(mdb_put(txn, dbi, &k, &v, 0), "put");
  }
  check_lmdb(mdb_txn_commit(txn), "commit");
  return per(started, pairs.count());
}

Measured measure_lmdb(const Pairs& pairs, const std::filesystem::path& path) {
  const std::filesystem::path lock = path.string() + "-lock";
  std::filesystem::remove(path);
  std::filesystem::remove(lock);
  MDB_env* env = nullptr;
  check_lmdb(mdb_env_create(&env), "create environment");
  check_lmdb(mdb_env_set_mapsize(env, kMapBytes), "set map size");
  check_lmdb(mdb_env_set_maxdbs(env, 4), "set tables");
  check_lmdb(mdb_env_open(env, path.c_str(), MDB_NOSUBDIR, 0644), "open");
  Measured measured;
  MDB_dbi dbi = 0;
  MDB_dbi again = 0;
  measured.insert_ns = fill_lmdb(env, "single", pairs, dbi);
  measured.batch_ns = fill_lmdb(env, "batch", pairs, again);  // LMDB has no batches of pairs
  MDB_txn* txn = nullptr;
  MDB_cursor* cursor = nullptr;
  check_lmdb(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn), "begin");
  check_lmdb(mdb_cursor_open(txn, dbi, &cursor), "open cursor");
  MDB_val k;
  MDB_val v;
  Clock::time_point started = Clock::now();
  for (int code = mdb_cursor_get(cursor, &k, &v, MDB_FIRST); code == MDB_SUCCESS;
       code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
    fold_entry(measured.digest, bytes(k), bytes(v));
  }
  measured.scan_ns = per(started, pairs.count());
  started = Clock::now();
  for (uint64_t i = 0; i < pairs.keys(); ++i) {
    const uint64_t key = pairs.key(i);
    k = val(key);
    check_lmdb(mdb_cursor_get(cursor, &k, &v, MDB_SET), "get");
    do {
      fold(measured.digest, bytes(v)[0]);
    } while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT_DUP) == MDB_SUCCESS);
  }
  measured.read_ns = per(started, pairs.count());
  mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  mdb_env_close(env);
  std::filesystem::remove(path);
  std::filesystem::remove(lock);
  return measured;
}

struct RowOfPairs {
  const char* name;
  double Measured::*figure;
};
constexpr RowOfPairs kRows[] = {
    {"insert, one by one", &Measured::insert_ns},
    {"insert, batches of 1,000", &Measured::batch_ns},
    {"scan of all pairs", &Measured::scan_ns},
    {"all values of a key", &Measured::read_ns},
};

}  // namespace

void measure_pairs(const PairsConfig& config) {
  const std::filesystem::path folder = config.directory;
  std::filesystem::create_directories(folder);
  nlohmann::json report = nlohmann::json::array();
  if (!config.json) {
    std::printf("%-22s %-26s %12s %12s %10s\n", "shape", "row", "rdb ns/pair", "LMDB ns/pair",
                "speed");
  }
  for (const Shape& shape : kShapes) {
    const Pairs pairs(shape, config.pairs, config.seed);
    std::vector<Measured> ours;
    std::vector<Measured> theirs;
    for (size_t round = 0; round < config.rounds; ++round) {
      const auto rdb_turn = [&] { ours.push_back(measure_rdb(pairs, folder / "pairs.rdb")); };
      const auto lmdb_turn = [&] { theirs.push_back(measure_lmdb(pairs, folder / "pairs.mdb")); };
      if (round % 2 == 0) {
        rdb_turn();
        lmdb_turn();
      } else {
        lmdb_turn();
        rdb_turn();
      }
      if (ours.back().digest != theirs.back().digest) {
        throw CheckFailed(std::string(shape.name) + ": rdb and LMDB read different pairs");
      }
    }
    std::filesystem::remove(folder / "pairs.rdb");
    for (const RowOfPairs& row : kRows) {
      std::vector<double> rdb_ns;
      std::vector<double> lmdb_ns;
      std::vector<double> speeds;
      for (size_t i = 0; i < ours.size(); ++i) {
        rdb_ns.push_back(ours[i].*row.figure);
        lmdb_ns.push_back(theirs[i].*row.figure);
        speeds.push_back(lmdb_ns.back() / rdb_ns.back());
      }
      const Interval speed = bootstrap_median(speeds);
      if (config.json) {
        report.push_back({{"shape", shape.name},
                          {"row", row.name},
                          {"rdb_ns", quantile(rdb_ns, 0.5)},
                          {"lmdb_ns", quantile(lmdb_ns, 0.5)},
                          {"speed", speed.median},
                          {"speed_low", speed.low},
                          {"speed_high", speed.high}});
      } else {
        std::printf("%-22s %-26s %12.1f %12.1f %9.2fx\n", shape.name, row.name,
                    quantile(rdb_ns, 0.5), quantile(lmdb_ns, 0.5), speed.median);
      }
    }
  }
  if (config.json) std::puts(report.dump(2).c_str());
}

}  // namespace rdb::bench
