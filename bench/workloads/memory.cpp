// memory.cpp: does a database much larger than its memory budget stay within it?
//
// The file holds pairs with ascending keys (so that any one can be named by its index), value = 8
// bytes of stamp, then random bytes. A fresh process opens it under a small budget and does a
// little of everything; the peak resident memory of the whole process, code and libraries
// included, must stay within budget + 10 %.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "adapters/rdb_handles.hpp"
#include "machine.hpp"
#include "workloads.hpp"

namespace rdb::bench {
namespace {

constexpr uint64_t kSeed = 5;
constexpr uint64_t kBuildBatch = 100'000;
constexpr uint64_t kBuildBudget = uint64_t{512} << 20;
constexpr uint64_t kFreshStamp = 0;

constexpr uint64_t kRandomGets = 200'000;
constexpr uint64_t kRangeScans = 20'000;
constexpr uint64_t kSmallUpdate = 1'000;
// Random updates dirty about one leaf each: three budgets' worth of leaves must pass through.
constexpr uint64_t kLeafBytes = 4096;

Record stamped_value(const Generator& generator, uint64_t index, uint64_t stamp) {
  Record value = generator.value(index);
  std::memcpy(value.data(), &stamp, sizeof stamp);
  return value;
}

// The message is put together only when it is needed: the scans check millions of pairs.
void require_pair(bool holds, uint64_t index, const char* otherwise) {
  if (!holds) throw CheckFailed("pair " + std::to_string(index) + " " + otherwise);
}

uint64_t live_bytes(const rdb_db* db) {
  const rdb_stats_info stats = stats_of(db);
  return stats.allocated_pages * stats.page_bytes;
}

uint64_t table_len(const rdb_table* table) {
  rdb_error err;
  uint64_t count = 0;
  check(rdb_table_len(table, &count, &err), "len", err);
  return count;
}

void put_stamped(rdb_table* table, const Generator& generator, uint64_t index, uint64_t stamp) {
  rdb_error err;
  check(rdb_put(table, slice(generator.ascending_key(index)),
                slice(stamped_value(generator, index, stamp)), 0, &err),
        "put", err);
}

// The value of pair index is what some transaction of ours wrote; returns its stamp.
uint64_t check_pair(const Generator& generator, uint64_t index, Bytes value) {
  uint64_t stamp = 0;
  require_pair(value.size() == kValueBytes, index, "has another length");
  std::memcpy(&stamp, value.data(), sizeof stamp);
  const Record wanted = stamped_value(generator, index, stamp);
  require_pair(std::equal(value.begin(), value.end(), wanted.begin()), index, "has another value");
  return stamp;
}

class Measurement {
 public:
  Measurement(const MemoryConfig& config, std::FILE* out)
      : config_(config), limit_bytes_(config.budget_bytes + config.budget_bytes / 10), out_(out) {}

  // operations 0: not counted.
  void note(const std::string& step, uint64_t operations, const rdb_db* db) {
    const uint64_t peak = peak_resident_bytes();
    const uint64_t frames = db != nullptr ? stats_of(db).resident_bytes : 0;
    if (out_ != nullptr) {
      std::fprintf(out_, "%-44s %10llu %14.1f %14.1f%s\n", step.c_str(),
                   static_cast<unsigned long long>(operations), mib(peak), mib(frames),
                   peak > limit_bytes_ ? "   over" : "");
      std::fflush(out_);
    }
    steps_.push_back({{"step", step},
                      {"operations", operations},
                      {"peak_resident_bytes", peak},
                      {"frame_bytes", frames}});
  }

  static double mib(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }
  uint64_t limit_bytes() const { return limit_bytes_; }

  nlohmann::json to_json(uint64_t file_bytes) const {
    return {{"file_bytes", file_bytes},
            {"budget_bytes", config_.budget_bytes},
            {"limit_bytes", limit_bytes_},
            {"peak_resident_bytes", peak_resident_bytes()},
            {"within", peak_resident_bytes() <= limit_bytes_},
            {"steps", steps_}};
  }

 private:
  const MemoryConfig& config_;
  uint64_t limit_bytes_;
  std::FILE* out_;  // NULL: JSON only
  nlohmann::json steps_ = nlohmann::json::array();
};

void random_gets(const rdb_db* db, const Generator& generator, uint64_t count, bool pinned) {
  const Handle<rdb_txn> txn = begin(db, RDB_TXN_READ);
  const Handle<rdb_table> table = open_table(txn.get());
  const uint64_t pairs = table_len(table.get());
  rdb_error err;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t index = generator.draw(i) % pairs;
    const Key key = generator.ascending_key(index);
    if (pinned) {
      rdb_value* raw = nullptr;
      const rdb_status status = rdb_get_pin(table.get(), slice(key), &raw, &err);
      const Handle<rdb_value> value(raw);
      require_pair(check(status, "get", err) == RDB_OK, index, "is missing");
      check_pair(generator, index, bytes(rdb_value_data(raw)));
    } else {
      Record out;
      size_t size = 0;
      const rdb_status status =
          rdb_get_into(table.get(), slice(key), out.data(), out.size(), &size, &err);
      require_pair(check(status, "get", err) == RDB_OK, index, "is missing");
      check_pair(generator, index, Bytes(out).first(size));
    }
  }
}

void range_scans(const rdb_db* db, const Generator& generator, uint64_t count) {
  const Handle<rdb_txn> txn = begin(db, RDB_TXN_READ);
  const Handle<rdb_table> table = open_table(txn.get());
  const Handle<rdb_cursor> cursor = open_cursor(table.get());
  const uint64_t pairs = table_len(table.get());
  rdb_error err;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t index = generator.draw(~i) % pairs;
    rdb_slice value;
    rdb_status status =
        rdb_cursor_seek(cursor.get(), slice(generator.ascending_key(index)), nullptr, &value, &err);
    for (int entry = 0; entry < 10 && check(status, "scan", err) == RDB_OK; ++entry) {
      check_pair(generator, index++, bytes(value));
      status = rdb_cursor_next(cursor.get(), nullptr, &value, &err);
    }
  }
}

uint64_t full_scan(const rdb_db* db, const Generator& generator) {
  const Handle<rdb_txn> txn = begin(db, RDB_TXN_READ);
  const Handle<rdb_table> table = open_table(txn.get());
  const Handle<rdb_cursor> cursor = open_cursor(table.get());
  rdb_error err;
  uint64_t index = 0;
  rdb_slice value;
  rdb_status status = rdb_cursor_first(cursor.get(), nullptr, &value, &err);
  while (check(status, "scan", err) == RDB_OK) {
    check_pair(generator, index++, bytes(value));
    status = rdb_cursor_next(cursor.get(), nullptr, &value, &err);
  }
  if (index != table_len(table.get())) throw CheckFailed("the scan and len() disagree");
  return index;
}

// Writes count random pairs anew in one durable transaction, then reads every one back.
void update(const rdb_db* db, const Generator& generator, uint64_t count, uint64_t salt) {
  uint64_t stamp = 0;
  uint64_t pairs = 0;
  auto index_of = [&](uint64_t i) { return generator.draw(salt + i) % pairs; };
  {
    Handle<rdb_txn> txn = begin(db, RDB_TXN_WRITE);
    rdb_error err;
    check(rdb_txn_id(txn.get(), &stamp, &err), "transaction number", err);
    Handle<rdb_table> table = open_table(txn.get());
    pairs = table_len(table.get());
    for (uint64_t i = 0; i < count; ++i) put_stamped(table.get(), generator, index_of(i), stamp);
    commit(std::move(table), std::move(txn));
  }
  const Handle<rdb_txn> txn = begin(db, RDB_TXN_READ);
  const Handle<rdb_table> table = open_table(txn.get());
  rdb_error err;
  for (uint64_t i = 0; i < count; ++i) {
    Record out;
    size_t size = 0;
    check(rdb_get_into(table.get(), slice(generator.ascending_key(index_of(i))), out.data(),
                       out.size(), &size, &err),
          "get", err);
    require_pair(check_pair(generator, index_of(i), Bytes(out).first(size)) == stamp, index_of(i),
                 "does not show an update that was committed");
  }
}

uint64_t verify(const rdb_db* db) {
  rdb_error err;
  rdb_verify_options options = RDB_VERIFY_OPTIONS_INIT;
  options.level = RDB_VERIFY_FULL;
  rdb_report* raw = nullptr;
  check(rdb_verify(db, &options, &raw, &err), "verify", err);
  const Handle<rdb_report> report(raw);
  rdb_report_info info = RDB_REPORT_INFO_INIT;
  check(rdb_report_describe(raw, &info, &err), "report", err);
  if (info.problem_count != 0) {
    rdb_problem_info first = RDB_PROBLEM_INFO_INIT;
    check(rdb_report_problem(raw, 0, &first, &err), "report", err);
    throw CheckFailed("verify found " + std::to_string(info.problem_count) + " problems, first " +
                      std::string(as_text(bytes(first.object))) + ": " +
                      std::string(as_text(bytes(first.what))));
  }
  return info.pages_checked;
}

}  // namespace

void build_memory_file(const MemoryConfig& config) {
  const Generator generator(kSeed);
  Handle<rdb_db> db = open_database(config.file, kBuildBudget);
  uint64_t live = live_bytes(db.get());
  while (live < config.file_bytes) {
    std::fprintf(stderr, "building the file: %.0f of %.0f MiB\n", Measurement::mib(live),
                 Measurement::mib(config.file_bytes));
    // A bounded number of pairs between two looks at the size.
    for (int batch = 0; batch < 10 && live < config.file_bytes; ++batch) {
      Handle<rdb_txn> txn = begin(db.get(), RDB_TXN_WRITE);
      Handle<rdb_table> table = open_table(txn.get());
      const uint64_t first = table_len(table.get());
      for (uint64_t i = first; i < first + kBuildBatch; ++i) {
        put_stamped(table.get(), generator, i, kFreshStamp);
      }
      commit(std::move(table), std::move(txn));
      live = live_bytes(db.get());
    }
  }
  close_database(std::move(db));
}

bool measure_memory(const MemoryConfig& config) {
  const Generator generator(kSeed);
  std::FILE* out = config.json ? nullptr : stdout;
  Measurement measurement(config, out);
  const uint64_t file_bytes = std::filesystem::file_size(config.file);
  if (out != nullptr) {
    std::fprintf(out, "file %.0f MiB, budget %.1f MiB, limit for the whole process %.1f MiB\n",
                 Measurement::mib(file_bytes), Measurement::mib(config.budget_bytes),
                 Measurement::mib(measurement.limit_bytes()));
    std::fprintf(out, "%-44s %10s %14s %14s\n", "step", "operations", "peak RSS MiB", "frames MiB");
  }
  measurement.note("before open", 0, nullptr);
  Handle<rdb_db> db = open_database(config.file, config.budget_bytes);
  measurement.note("open", 0, db.get());
  random_gets(db.get(), generator, kRandomGets, false);
  measurement.note("random gets, copied", kRandomGets, db.get());
  random_gets(db.get(), generator, kRandomGets, true);
  measurement.note("random gets, pinned", kRandomGets, db.get());
  range_scans(db.get(), generator, kRangeScans);
  measurement.note("ranges of 10", kRangeScans, db.get());
  measurement.note("scan from end to end", full_scan(db.get(), generator), db.get());
  update(db.get(), generator, kSmallUpdate, 1 << 20);
  measurement.note("one transaction, random updates", kSmallUpdate, db.get());
  const uint64_t large_update = 3 * config.budget_bytes / kLeafBytes;
  update(db.get(), generator, large_update, 2 << 20);
  measurement.note("one transaction, dirt of three budgets", large_update, db.get());
  measurement.note("verify, all pages", verify(db.get()), db.get());
  close_database(std::move(db));
  measurement.note("close", 0, nullptr);

  const uint64_t peak = peak_resident_bytes();
  const bool within = peak != 0 && peak <= measurement.limit_bytes();
  if (out != nullptr) {
    std::fprintf(out, "peak resident memory %.1f MiB of %.1f MiB: %s\n", Measurement::mib(peak),
                 Measurement::mib(measurement.limit_bytes()), within ? "within" : "NOT within");
  } else {
    std::printf("%s\n", measurement.to_json(file_bytes).dump(2).c_str());
  }
  return within;
}

}  // namespace rdb::bench
