// workloads.hpp: the rows of the benchmark (after redb-bench's main program, in slices).
//
// Pairs come from one Generator in index order: 0..elements-1 the bulk load, then the individual
// commits, then the batches. Reads ask for bulk pairs in insertion order, which is random in key
// order, and make each key again inside the timed loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "generator.hpp"
#include "interleave.hpp"

namespace rdb::bench {

struct Config {
  uint64_t elements = 1'000'000;
  uint64_t gets = 1'000'000;  // per read row, all rounds together
  uint64_t ranges = 500'000;
  uint64_t range_entries = 10;
  uint64_t multi_get_keys = 16;
  uint64_t commits = 1'000;  // of one pair each
  uint64_t batches = 100;
  uint64_t batch_pairs = 1'000;
  size_t rounds = 10;  // even, so that each engine goes first equally often
  uint64_t seed = 3;
};

struct Workload {
  RowSpec spec;
  std::function<Row(const RowSpec&, const Engines&)> run;
};

// In the order they must run: the write rows fill the tables the others read.
std::vector<Workload> write_workloads(const Config& config);
std::vector<Workload> read_workloads(const Config& config);

// Walks every engine's table from end to end; throws unless all hold the same pairs in the same
// order, or when a written pair is missing. Also leaves every cache warm. Returns the entry count.
uint64_t verify_answers(const Config& config, const Engines& engines);

// Nanoseconds to make one key, which every timed read contains.
double key_generation_ns(const Config& config);

struct PairsConfig {
  uint64_t pairs = 1'000'000;  // of each shape
  size_t rounds = 6;           // even, so that each engine goes first equally often
  uint64_t seed = 7;
  std::string directory;
  bool json = false;
};

// Measures multimaps against LMDB's DUPSORT and prints the figures. Throws CheckFailed when they
// read different pairs.
void measure_pairs(const PairsConfig& config);

struct BulkConfig {
  uint64_t records = 5'000'000;  // of the table that loses half of them
  uint64_t merges = 1'000'000;
  size_t rounds = 4;  // even, so that each side goes first equally often
  uint64_t seed = 11;
  std::string directory;
  bool json = false;
};

// Measures merges, retain, extract and the scan of compressed tables against what a program would
// do without them, and prints the figures. Throws CheckFailed when both leave different records.
void measure_bulk(const BulkConfig& config);

struct MemoryConfig {
  std::string file;
  uint64_t file_bytes = 0;  // live bytes the file must hold
  uint64_t budget_bytes = 0;
  bool json = false;
};

// Builds config.file, or completes what an earlier run left. Prints its progress to stderr.
void build_memory_file(const MemoryConfig& config);
// Works on the file with a small budget and prints peak memory step by step. To be called in a
// fresh process, since the peak is the process's. Returns whether it stayed within budget + 10 %.
bool measure_memory(const MemoryConfig& config);

}  // namespace rdb::bench
