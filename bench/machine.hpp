// machine.hpp: what a reader must know about the machine to judge a figure, and what the kernel
// counts about this process. Linux reads /proc; elsewhere unknown fields stay empty.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace rdb::bench {

struct Machine {
  std::string processor;
  unsigned hardware_threads = 0;
  uint64_t memory_bytes = 0;
  std::string kernel;
  std::string file_system;  // type, device and mount options of the data folder
  std::string compiler;
  std::string build;  // build type and whether assertions are on
};

Machine describe_machine(const std::filesystem::path& data_directory);

// One-minute load average; negative when unknown.
double load_average();

// What this process has written so far, as the kernel counts it.
struct ProcessIo {
  uint64_t bytes_passed = 0;  // handed to write calls (wchar)
  uint64_t write_calls = 0;   // syscw
  uint64_t bytes_dirtied =
      0;  // sent to storage, or to the page cache on the way there (write_bytes)
};
std::optional<ProcessIo> process_io();

// Peak and present resident memory of this process in bytes; 0 when unknown.
uint64_t peak_resident_bytes();
uint64_t resident_bytes();

}  // namespace rdb::bench
