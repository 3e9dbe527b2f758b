// engine.hpp: what the driver asks of every engine under test.
//
// One table of byte-string keys and values per engine. The driver calls all engines through these
// virtual functions, so each pays the same two nanoseconds of dispatch. Every write transaction is
// durable when commit() returns.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rdb/types.hpp"

namespace rdb::bench {

// Figures that do not depend on the clock, counted since open. Peers do not report them.
struct EngineCounters {
  uint64_t commits = 0;
  uint64_t bytes_written = 0;
  uint64_t write_calls = 0;
  uint64_t syncs = 0;
  uint64_t pages_allocated = 0;
};

// An engine answered wrongly, or held no promise we check. Anything else that fails is a plain
// std::runtime_error.
class CheckFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One read transaction.
class Reader {
 public:
  virtual ~Reader() = default;

  // The engine's cheapest form that lends the value's bytes: they live until the next call on this
  // reader. False: no such key.
  virtual bool get(Bytes key, Bytes& value) = 0;

  // Copies the value into out and returns its size; 0 when there is no such key.
  virtual size_t get_copy(Bytes key, std::span<std::byte> out) = 0;

  // Folds the first byte of each value into digest, in the order of the keys; returns how many
  // keys were found. Engines without a batch call loop over get().
  virtual size_t get_many(std::span<const Bytes> keys, uint64_t& digest) = 0;

  // Goes to the first entry with key >= from (an empty from: the first entry) and folds up to limit
  // entries into digest (fold_entry). Returns how many there were.
  virtual uint64_t scan(Bytes from, uint64_t limit, uint64_t& digest) = 0;

  virtual uint64_t len() = 0;
};

// One write transaction; destruction without commit() aborts it.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual void put(Bytes key, Bytes value) = 0;
  virtual void commit() = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual std::string name() const = 0;      // short, lower case; the column title
  virtual std::string version() const = 0;   // of the library linked
  virtual std::string settings() const = 0;  // every choice that matters, for the report
  virtual std::vector<std::filesystem::path> files() const = 0;

  virtual std::unique_ptr<Reader> begin_read() = 0;
  // A reader whose get() takes the form that outlives the transaction, where the engine has one.
  virtual std::unique_ptr<Reader> begin_read_pinned() { return begin_read(); }
  virtual std::unique_ptr<Writer> begin_write() = 0;

  virtual std::optional<EngineCounters> counters() const { return std::nullopt; }
};

struct EngineSettings {
  std::filesystem::path directory;  // holds the engine's files; removed files are its own
  uint64_t cache_bytes = 0;         // the same for every engine that has a cache of its own
};

// Each creates an empty database in settings.directory. Failures throw std::runtime_error.
std::unique_ptr<Engine> open_rdb(const EngineSettings& settings);
std::unique_ptr<Engine> open_lmdb(const EngineSettings& settings);
std::unique_ptr<Engine> open_sqlite(const EngineSettings& settings);

}  // namespace rdb::bench
