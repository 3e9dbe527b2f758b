// writes.cpp: durable write rows: one giant transaction, many tiny ones, batches.
#include <algorithm>
#include <chrono>

#include "workloads.hpp"

namespace rdb::bench {
namespace {

using Clock = std::chrono::steady_clock;

double ns_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double, std::nano>(end - begin).count();
}

// transaction_count transactions of pairs_each pairs, the first pair being number first.
// One operation is one transaction, except that a single transaction counts its pairs.
Slice write_slice(Engine& engine, const Generator& generator, uint64_t first,
                  uint64_t transaction_count, uint64_t pairs_each) {
  Slice slice;
  uint64_t index = first;
  const Clock::time_point begin = Clock::now();
  Clock::time_point previous = begin;
  for (uint64_t t = 0; t < transaction_count; ++t) {
    const std::unique_ptr<Writer> writer = engine.begin_write();
    for (uint64_t p = 0; p < pairs_each; ++p, ++index) {
      writer->put(generator.key(index), generator.value(index));
    }
    writer->commit();
    const Clock::time_point now = Clock::now();
    slice.operation_ns.push_back(ns_between(previous, now));
    previous = now;
  }
  slice.total_ns = ns_between(begin, previous);
  slice.operations = transaction_count;
  return slice;
}

}  // namespace

std::vector<Workload> write_workloads(const Config& config) {
  const Generator generator(config.seed);
  const uint64_t rounds = config.rounds;
  const uint64_t commits_each = std::max<uint64_t>(1, config.commits / rounds);
  const uint64_t batches_each = std::max<uint64_t>(1, config.batches / rounds);
  const uint64_t first_single = config.elements;
  const uint64_t first_batched = first_single + commits_each * rounds;

  std::vector<Workload> workloads;
  workloads.push_back({{"bulk_load", "bulk load, one transaction", {"ms", 1e6}, true, std::nullopt},
                       [=](const RowSpec& spec, const Engines& engines) {
                         // One load per engine: a single ratio, so the row carries no interval.
                         return run_interleaved(
                             spec, engines, 1, false, [&](Engine& engine, size_t) {
                               return write_slice(engine, generator, 0, 1, config.elements);
                             });
                       }});
  workloads.push_back(
      {{"individual_commit", "individual durable commits, 1 pair", {"us/commit", 1e3}, true, 2.0},
       [=](const RowSpec& spec, const Engines& engines) {
         return run_interleaved(spec, engines, rounds, false, [&](Engine& engine, size_t round) {
           return write_slice(engine, generator, first_single + round * commits_each, commits_each,
                              1);
         });
       }});
  workloads.push_back({{"batch_commit",
                        "durable batches, " + std::to_string(config.batch_pairs) + " random pairs",
                        {"us/commit", 1e3},
                        true,
                        2.0},
                       [=](const RowSpec& spec, const Engines& engines) {
                         const uint64_t stride = batches_each * config.batch_pairs;
                         return run_interleaved(
                             spec, engines, rounds, false, [&](Engine& engine, size_t round) {
                               return write_slice(engine, generator, first_batched + round * stride,
                                                  batches_each, config.batch_pairs);
                             });
                       }});
  return workloads;
}

}  // namespace rdb::bench
