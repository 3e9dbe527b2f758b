// bulk.cpp: calls that change many records against the loop a program would write without them.
//
// Both sides of a row are rdb, through its C ABI, on a database made anew for every turn; the ratio
// of a round is the loop's time over the call's, and the result is the median of the ratios. Both
// must leave the same records behind.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "adapters/rdb_handles.hpp"
#include "machine.hpp"
#include "stats.hpp"
#include "workloads.hpp"

namespace rdb::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Few, as counters are: every one of them is merged into many times.
constexpr uint64_t kCounters = 10'000;
constexpr size_t kBatch = 1000;
constexpr size_t kShortValue = 40;
constexpr uint64_t kAmpleMemory = uint64_t{4} << 30;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Of the whole words: as little work as reading all of a value can be.
uint64_t sum_of(Bytes value) {
  uint64_t sum = 0;
  for (size_t at = 0; at + sizeof sum <= value.size(); at += sizeof sum) {
    uint64_t word = 0;
    std::memcpy(&word, value.data() + at, sizeof word);
    sum += word;
  }
  return sum;
}

struct Turn {
  double seconds = 0;  // of the changes, their durable commit included
  uint64_t digest = 0;
};

enum class Read : uint8_t { first_bytes, whole_values };

// Everything in the table, in order; of the values, what is to be read.
uint64_t digest_of(const rdb_db* db, Read read = Read::first_bytes) {
  constexpr size_t kScanBatch = 256;
  const Handle<rdb_txn> txn = begin(db, RDB_TXN_READ);
  const Handle<rdb_table> table = open_table(txn.get());
  const Handle<rdb_cursor> cursor = open_cursor(table.get());
  rdb_slice keys[kScanBatch];
  rdb_slice values[kScanBatch];
  rdb_error err;
  uint64_t digest = 0;
  size_t filled = 0;
  while (check(rdb_cursor_next_batch(cursor.get(), keys, values, kScanBatch, &filled, &err), "scan",
               err) == RDB_OK) {
    for (size_t i = 0; i < filled; ++i) {
      fold_entry(digest, bytes(keys[i]), bytes(values[i]));
      if (read == Read::whole_values) digest += sum_of(bytes(values[i]));
    }
  }
  return digest;
}

struct PutBatch {
  explicit PutBatch(size_t size) : keys(size), values(size), key_slices(size), value_slices(size) {}
  std::vector<Key> keys;
  std::vector<Record> values;
  std::vector<rdb_slice> key_slices;
  std::vector<rdb_slice> value_slices;
};

// value_of(i) gives the value of record i, of at most a Record's size.
template <typename ValueOf>
void fill(rdb_db* db, uint64_t records, const Generator& generator, const ValueOf& value_of) {
  Handle<rdb_txn> txn = begin(db, RDB_TXN_WRITE);
  Handle<rdb_table> table = open_table(txn.get());
  PutBatch batch(kBatch);
  rdb_error err;
  for (uint64_t i = 0; i < records;) {
    size_t filled = 0;
    for (; filled < kBatch && i < records; ++filled, ++i) {
      batch.keys[filled] = generator.key(i);
      batch.key_slices[filled] = slice(Bytes(batch.keys[filled]));
      batch.value_slices[filled] = value_of(i, batch.values[filled]);
    }
    check(rdb_put_batch(table.get(), batch.key_slices.data(), batch.value_slices.data(), filled, 0,
                        nullptr, &err),
          "put batch", err);
  }
  commit(std::move(table), std::move(txn));
}

// One timed change to a database that fill() made, in a transaction of its own.
using Change = std::function<void(rdb_table*)>;

Turn run_turn(const BulkConfig& config, const std::filesystem::path& path, uint64_t records,
              size_t value_bytes, const Change& change) {
  std::filesystem::remove(path);
  const Generator generator(config.seed);
  Turn turn;
  {
    const Handle<rdb_db> db = open_database(path.native(), kAmpleMemory);
    fill(db.get(), records, generator, [&](uint64_t i, Record& value) {
      value = generator.value(i);
      return slice(Bytes(value).first(value_bytes));
    });
    const Clock::time_point started = Clock::now();
    Handle<rdb_txn> txn = begin(db.get(), RDB_TXN_WRITE);
    Handle<rdb_table> table = open_table(txn.get());
    change(table.get());
    commit(std::move(table), std::move(txn));
    turn.seconds = seconds_since(started);
    turn.digest = digest_of(db.get());
  }
  std::filesystem::remove(path);
  return turn;
}

// ---- counters

struct Counting {
  const Generator& generator;
  uint64_t merges;

  Key key(uint64_t i) const { return generator.key(generator.draw(i) % kCounters); }
  uint64_t operand(uint64_t i) const { return i & 0xff; }
};

void count_by_pairs(const Counting& counting, rdb_table* table) {
  rdb_error err;
  for (uint64_t i = 0; i < counting.merges; ++i) {
    const Key key = counting.key(i);
    uint64_t count = 0;
    size_t size = 0;
    check(rdb_get_into(table, slice(Bytes(key)), &count, sizeof count, &size, &err), "get", err);
    count += counting.operand(i);
    check(rdb_put(table, slice(Bytes(key)), {&count, sizeof count}, 0, &err), "put", err);
  }
}

constexpr rdb_merge_operator kAdd = RDB_MERGE_OPERATOR_INIT(RDB_MERGE_NUMERIC_ADD);

void count_by_merges(const Counting& counting, rdb_table* table) {
  rdb_error err;
  for (uint64_t i = 0; i < counting.merges; ++i) {
    const Key key = counting.key(i);
    const uint64_t operand = counting.operand(i);
    check(rdb_merge(table, slice(Bytes(key)), {&operand, sizeof operand}, &kAdd, &err), "merge",
          err);
  }
}

void count_by_batches(const Counting& counting, rdb_table* table, size_t size) {
  PutBatch batch(size);
  std::vector<uint64_t> operands(size);
  rdb_error err;
  for (uint64_t i = 0; i < counting.merges;) {
    size_t filled = 0;
    for (; filled < size && i < counting.merges; ++filled, ++i) {
      batch.keys[filled] = counting.key(i);
      operands[filled] = counting.operand(i);
      batch.key_slices[filled] = slice(Bytes(batch.keys[filled]));
      batch.value_slices[filled] = {&operands[filled], sizeof operands[filled]};
    }
    check(rdb_merge_batch(table, batch.key_slices.data(), batch.value_slices.data(), filled, &kAdd,
                          nullptr, &err),
          "merge batch", err);
  }
}

// ---- half of a table away

// The half that goes is drawn, not a range: neighbours share their fate by chance only.
bool goes(rdb_slice key) { return (static_cast<const uint8_t*>(key.data)[23] & 1) != 0; }

void delete_by_loop(rdb_table* table) {
  rdb_error err;
  std::vector<Key> doomed;
  {
    const Handle<rdb_cursor> cursor = open_cursor(table);
    rdb_slice key;
    while (check(rdb_cursor_next(cursor.get(), &key, nullptr, &err), "next", err) == RDB_OK) {
      if (goes(key)) std::memcpy(doomed.emplace_back().data(), key.data, kKeyBytes);
    }
  }
  for (const Key& key : doomed) {
    check(rdb_delete(table, slice(Bytes(key)), &err), "delete", err);
  }
}

void delete_by_retain(rdb_table* table) {
  const rdb_filter filter = {.fn = [](void*, rdb_slice key, rdb_slice) -> rdb_status {
                               return goes(key) ? RDB_NOT_FOUND : RDB_OK;
                             },
                             .ctx = nullptr,
                             .drop = nullptr};
  rdb_error err;
  check(rdb_retain(table, nullptr, &filter, nullptr, &err), "retain", err);
}

void delete_by_extract(rdb_table* table) {
  rdb_error err;
  rdb_extract* walk = nullptr;
  check(rdb_extract_open(table, nullptr, &walk, &err), "extract", err);
  rdb_slice key;
  while (check(rdb_extract_next(walk, &key, nullptr, &err), "next", err) == RDB_OK) {
    if (goes(key)) check(rdb_extract_take(walk, &err), "take", err);
  }
  check(rdb_extract_close(walk, nullptr, &err), "close", err);
}

// ---- compression

struct Stored {
  const char* name;
  uint32_t compression;
};
constexpr Stored kStored[] = {{"uncompressed", RDB_COMPRESSION_NONE},
                              {"lz4", RDB_COMPRESSION_LZ4},
                              {"zstd", RDB_COMPRESSION_ZSTD}};
constexpr size_t kTextBytes = 600;

// Text of few words and many numbers, as records of the same kind are.
std::string text_of(const Generator& generator, uint64_t i) {
  static constexpr std::string_view kWords[] = {
      "\"name\": ",    "\"version\": ", "\"depends\": [", "\"section\": ", "\"maintainer\": ",
      "\"homepage\":", "\"installed\"", "libraries",      "development",   "documentation",
      "utilities",     "interpreter",   "compression"};
  std::string text;
  for (uint64_t word = 0; text.size() < kTextBytes; ++word) {
    const uint64_t drawn = generator.draw((i << 8) + word);
    text += kWords[drawn % std::size(kWords)];
    text += std::to_string((drawn >> 32) % 100'000);
    text += ", ";
  }
  text.resize(kTextBytes);
  return text;
}

struct ScanKind {
  const char* name;
  Read read;
  uint64_t memory_budget_bytes;
};
constexpr ScanKind kScans[] = {{"first bytes", Read::first_bytes, kAmpleMemory},
                               {"whole values", Read::whole_values, kAmpleMemory},
                               // The file is in the system's cache all the same.
                               {"whole values, 16 MiB", Read::whole_values, uint64_t{16} << 20}};

Handle<rdb_db> open_stored(const std::filesystem::path& path, uint32_t compression,
                           uint64_t memory_budget_bytes) {
  rdb_options options = RDB_OPTIONS_INIT;
  options.memory_budget_bytes = memory_budget_bytes;
  options.compression = compression;
  return open_handle<rdb_db>("open", [&](rdb_db** out, rdb_error* err) {
    return rdb_open(slice(std::string_view(path.native())), &options, out, err);
  });
}

// ---- figures

struct Row {
  std::string what;
  std::string slow_name;
  std::string fast_name;
  uint64_t operations;
  std::vector<double> slow_seconds;
  std::vector<double> fast_seconds;
};

class Printer {
 public:
  explicit Printer(bool json) : json_(json) {
    if (!json_)
      std::printf("%-26s %-24s %12s %12s %10s\n", "row", "against", "ns", "its ns", "speed");
  }
  ~Printer() {
    if (json_) std::puts(report_.dump(2).c_str());
  }
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  void print(const Row& row) {
    std::vector<double> speeds;
    for (size_t i = 0; i < row.slow_seconds.size(); ++i) {
      speeds.push_back(row.slow_seconds[i] / row.fast_seconds[i]);
    }
    const Interval speed = bootstrap_median(speeds);
    const auto ns = [&](const std::vector<double>& seconds) {
      return quantile(seconds, 0.5) * 1e9 / static_cast<double>(row.operations);
    };
    if (json_) {
      report_.push_back({{"row", row.what},
                         {"against", row.slow_name},
                         {"with", row.fast_name},
                         {"ns", ns(row.fast_seconds)},
                         {"against_ns", ns(row.slow_seconds)},
                         {"speed", speed.median},
                         {"speed_low", speed.low},
                         {"speed_high", speed.high}});
    } else {
      std::printf("%-26s %-24s %12.1f %12.1f %9.2fx\n", row.fast_name.c_str(),
                  row.slow_name.c_str(), ns(row.fast_seconds), ns(row.slow_seconds), speed.median);
    }
  }

  void print_size(const char* name, uint64_t file_bytes) {
    if (json_) {
      report_.push_back({{"stored", name}, {"file_bytes", file_bytes}});
    } else {
      std::printf("  %-24s %10.1f MiB\n", name, static_cast<double>(file_bytes) / (1 << 20));
    }
  }

  void print_processor(const char* scan, const char* name, double ns) {
    if (json_) {
      report_.push_back({{"scan", scan}, {"stored", name}, {"processor_ns", ns}});
    } else {
      std::printf("  %-24s %10.0f ns of processor time a record\n", name, ns);
    }
  }

 private:
  bool json_;
  nlohmann::json report_ = nlohmann::json::array();
};

// Measures one change against another by turns.
Row compare(const BulkConfig& config, Row row, uint64_t records, size_t value_bytes,
            const Change& slow, const Change& fast) {
  const std::filesystem::path path = std::filesystem::path(config.directory) / "bulk.rdb";
  for (size_t round = 0; round < config.rounds; ++round) {
    uint64_t digests[2] = {};
    for (size_t half = 0; half < 2; ++half) {
      const bool is_slow = (half == 0) == (round % 2 == 0);
      const Turn turn = run_turn(config, path, records, value_bytes, is_slow ? slow : fast);
      (is_slow ? row.slow_seconds : row.fast_seconds).push_back(turn.seconds);
      digests[half] = turn.digest;
    }
    if (digests[0] != digests[1]) {
      throw CheckFailed(std::string(row.fast_name) + " and " + row.slow_name +
                        " left different records");
    }
  }
  return row;
}

// Each codec's scans of one kind, by turns; prints their speed and processor time.
void compare_scans_of(const BulkConfig& config, const ScanKind& kind,
                      std::span<const std::filesystem::path> paths, uint64_t records,
                      Printer& printer) {
  std::vector<double> seconds[std::size(kStored)];
  std::vector<double> processor[std::size(kStored)];
  std::vector<Handle<rdb_db>> open;
  uint64_t expected = 0;
  const auto scan = [&](size_t s) {
    const uint64_t digest = digest_of(open[s].get(), kind.read);
    if (expected == 0) expected = digest;
    if (digest != expected) {
      throw CheckFailed(std::string(kStored[s].name) + " tables give other records");
    }
  };
  for (size_t s = 0; s < std::size(kStored); ++s) {
    open.push_back(open_stored(paths[s], kStored[s].compression, kind.memory_budget_bytes));
    scan(s);  // leaves it warm, too
  }
  for (size_t round = 0; round < config.rounds; ++round) {
    for (size_t turn = 0; turn < std::size(kStored); ++turn) {
      const size_t s = round % 2 == 0 ? turn : std::size(kStored) - 1 - turn;
      const double processor_before = processor_seconds();
      const Clock::time_point started = Clock::now();
      scan(s);
      seconds[s].push_back(seconds_since(started));
      processor[s].push_back(processor_seconds() - processor_before);
    }
  }
  for (size_t s = 1; s < std::size(kStored); ++s) {
    printer.print({std::string("scan, ") + kind.name, "scan uncompressed",
                   std::string(kStored[s].name) + ", " + kind.name, records, seconds[0],
                   seconds[s]});
  }
  for (size_t s = 0; s < std::size(kStored); ++s) {
    printer.print_processor(kind.name, kStored[s].name,
                            quantile(processor[s], 0.5) * 1e9 / static_cast<double>(records));
  }
}

void compare_scans(const BulkConfig& config, Printer& printer) {
  const std::filesystem::path folder = config.directory;
  const uint64_t records = config.records / 10;  // ten times as large as those of the other rows
  const Generator generator(config.seed);
  std::vector<std::filesystem::path> paths;
  for (const Stored& stored : kStored) {
    const std::filesystem::path& path =
        paths.emplace_back(folder / (std::string(stored.name) + ".rdb"));
    std::filesystem::remove(path);
    Handle<rdb_db> db = open_stored(path, stored.compression, kAmpleMemory);
    std::vector<std::string> texts(kBatch);
    fill(db.get(), records, generator, [&](uint64_t i, Record&) {
      std::string& text = texts[i % kBatch] = text_of(generator, i);
      return slice(std::string_view(text));
    });
    close_database(std::move(db));
    printer.print_size(stored.name, std::filesystem::file_size(path));
  }
  for (const ScanKind& kind : kScans) compare_scans_of(config, kind, paths, records, printer);
  for (const std::filesystem::path& path : paths) std::filesystem::remove(path);
}

}  // namespace

void measure_bulk(const BulkConfig& config) {
  std::filesystem::create_directories(config.directory);
  Printer printer(config.json);
  const Generator generator(config.seed);
  const Counting counting{generator, config.merges};
  const Change pairs = [&](rdb_table* table) { count_by_pairs(counting, table); };
  printer.print(compare(config, {"counters", "get and put", "merge", config.merges, {}, {}},
                        kCounters, sizeof(uint64_t), pairs,
                        [&](rdb_table* table) { count_by_merges(counting, table); }));
  const auto batches_of = [&](size_t size) {
    return [&counting, size](rdb_table* table) { count_by_batches(counting, table, size); };
  };
  printer.print(
      compare(config, {"counters", "get and put", "merge, batches of 1,000", config.merges, {}, {}},
              kCounters, sizeof(uint64_t), pairs, batches_of(1'000)));
  printer.print(compare(
      config, {"counters", "get and put", "merge, batches of 10,000", config.merges, {}, {}},
      kCounters, sizeof(uint64_t), pairs, batches_of(10'000)));
  printer.print(compare(config,
                        {"half away", "loop of deletes", "retain", config.records / 2, {}, {}},
                        config.records, kShortValue, delete_by_loop, delete_by_retain));
  printer.print(compare(config,
                        {"half away", "loop of deletes", "extract", config.records / 2, {}, {}},
                        config.records, kShortValue, delete_by_loop, delete_by_extract));
  compare_scans(config, printer);
}

}  // namespace rdb::bench
