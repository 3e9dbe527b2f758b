#include "interleave.hpp"

#include <unistd.h>

#include <cstdio>

namespace rdb::bench {
namespace {

void add_difference(ProcessIo& sum, const ProcessIo& before, const ProcessIo& after) {
  sum.bytes_passed += after.bytes_passed - before.bytes_passed;
  sum.write_calls += after.write_calls - before.write_calls;
  sum.bytes_dirtied += after.bytes_dirtied - before.bytes_dirtied;
}

void add_difference(EngineCounters& sum, const EngineCounters& before,
                    const EngineCounters& after) {
  sum.commits += after.commits - before.commits;
  sum.bytes_written += after.bytes_written - before.bytes_written;
  sum.write_calls += after.write_calls - before.write_calls;
  sum.syncs += after.syncs - before.syncs;
  sum.pages_allocated += after.pages_allocated - before.pages_allocated;
}

template <typename T>
void add_difference(std::optional<T>& sum, const std::optional<T>& before,
                    const std::optional<T>& after) {
  if (!before || !after) return;
  if (!sum) sum.emplace();
  add_difference(*sum, *before, *after);
}

// One line that is written over; nothing when nobody watches.
void show_progress(const RowSpec& spec, size_t round, size_t rounds, const std::string& engine) {
  static const bool watched = isatty(STDERR_FILENO) != 0;
  if (!watched) return;
  std::fprintf(stderr, "\r\033[K%s: round %zu of %zu, %s", spec.title.c_str(), round + 1, rounds,
               engine.c_str());
}

void clear_progress() {
  if (isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
}

}  // namespace

const EngineRow* Row::find(const std::string& engine) const {
  for (const EngineRow& row : engines) {
    if (row.engine == engine) return &row;
  }
  return nullptr;
}

std::optional<Interval> Row::speed_against(const std::string& peer) const {
  const EngineRow* ours = find("rdb");
  const EngineRow* theirs = find(peer);
  if (ours == nullptr || theirs == nullptr || ours == theirs) return std::nullopt;
  std::vector<double> ratios;
  for (size_t round = 0; round < rounds; ++round) {
    ratios.push_back(theirs->round_ns[round] / ours->round_ns[round]);
  }
  return bootstrap_median(ratios);
}

Row run_interleaved(const RowSpec& spec, const Engines& engines, size_t rounds, bool warm_up,
                    const SliceFunction& run_slice) {
  Row row{spec, rounds, {}};
  for (const auto& engine : engines) row.engines.push_back({engine->name(), {}, {}, 0, {}, {}});
  if (warm_up) {
    for (const auto& engine : engines) run_slice(*engine, 0);
  }
  for (size_t round = 0; round < rounds; ++round) {
    std::optional<uint64_t> digest;
    for (size_t turn = 0; turn < engines.size(); ++turn) {
      // A B C, then C B A: whoever goes first in one round goes last in the next.
      const size_t at = round % 2 == 0 ? turn : engines.size() - 1 - turn;
      Engine& engine = *engines[at];
      EngineRow& result = row.engines[at];
      show_progress(spec, round, rounds, result.engine);

      const std::optional<ProcessIo> io_before = process_io();
      const std::optional<EngineCounters> counters_before = engine.counters();
      Slice slice = run_slice(engine, round);
      add_difference(result.counters, counters_before, engine.counters());
      add_difference(result.io, io_before, process_io());

      result.operations += slice.operations;
      result.round_ns.push_back(slice.total_ns / static_cast<double>(slice.operations));
      result.operation_ns.insert(result.operation_ns.end(), slice.operation_ns.begin(),
                                 slice.operation_ns.end());
      if (digest && *digest != slice.digest) {
        throw CheckFailed("answers differ in row \"" + spec.title + "\": " + result.engine +
                          " read something else than the engine before it");
      }
      digest = slice.digest;
    }
  }
  clear_progress();
  return row;
}

}  // namespace rdb::bench
