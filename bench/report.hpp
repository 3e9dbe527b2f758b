// report.hpp: the result of a run, as text for people and as JSON for programs.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "interleave.hpp"
#include "workloads/workloads.hpp"

namespace rdb::bench {

struct Report {
  struct EngineInfo {
    std::string name, version, settings;
    uint64_t file_bytes = 0;  // all files of the engine, at the end of the write rows
  };

  Machine machine;
  std::string data_directory;
  std::string started;  // UTC, ISO 8601
  double load_before = -1;
  double load_after = -1;
  Config config;
  std::vector<EngineInfo> engines;
  std::vector<Row> rows;
  uint64_t entries_verified = 0;
  double key_ns = 0;
};

void print_text(const Report& report, std::FILE* out);
std::string to_json(const Report& report);

}  // namespace rdb::bench
