// interleave.hpp: runs one row of the benchmark on all engines by turns.
//
// A machine's speed drifts over minutes, so engines are compared inside short rounds: round 0 runs
// a slice of work on A B C, round 1 on C B A, and so on. Each round gives one ratio per peer; the
// row's result is the median of those ratios, and no figure from one row is set against another's.
//
// Invariant: in each round every engine does the same work and must give the same digest of what
// it read; a row whose answers differ throws.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine.hpp"
#include "machine.hpp"
#include "stats.hpp"

namespace rdb::bench {

struct Unit {
  std::string name;
  double nanoseconds = 1;  // in one of the unit
};

struct RowSpec {
  std::string id;  // stable, for JSON and --rows
  std::string title;
  Unit unit;
  bool writes = false;          // counters per commit are of interest
  std::optional<double> floor;  // wanted speed relative to LMDB
};

// What one engine did in one round.
struct Slice {
  uint64_t operations = 0;
  double total_ns = 0;
  uint64_t digest = 0;               // of everything read
  std::vector<double> operation_ns;  // one per operation where they are timed singly, else empty
};

struct EngineRow {
  std::string engine;
  std::vector<double> round_ns;      // per operation, one figure per round
  std::vector<double> operation_ns;  // as in Slice, all rounds
  uint64_t operations = 0;
  std::optional<ProcessIo> io;             // of this row alone
  std::optional<EngineCounters> counters;  // of this row alone

  // What percentiles are taken of: single operations where timed, else rounds.
  std::span<const double> samples() const {
    return operation_ns.empty() ? std::span<const double>(round_ns) : operation_ns;
  }
};

struct Row {
  RowSpec spec;
  size_t rounds = 0;
  std::vector<EngineRow> engines;

  const EngineRow* find(const std::string& engine) const;
  // How many times as fast rdb is as the peer (peer's time / rdb's), per round. Nothing when one
  // of them did not run.
  std::optional<Interval> speed_against(const std::string& peer) const;
};

using Engines = std::vector<std::unique_ptr<Engine>>;
using SliceFunction = std::function<Slice(Engine& engine, size_t round)>;

// warm_up: run one slice per engine first and forget it.
Row run_interleaved(const RowSpec& spec, const Engines& engines, size_t rounds, bool warm_up,
                    const SliceFunction& run_slice);

}  // namespace rdb::bench
