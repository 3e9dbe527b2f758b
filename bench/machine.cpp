#include "machine.hpp"

#include <sys/utsname.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

namespace rdb::bench {
namespace {

// Value of the first line "name<separator> value" of a file in /proc.
std::string field(const char* path, std::string_view name, char separator = ':') {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, name.size(), name) != 0) continue;
    const size_t at = line.find(separator);
    if (at == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", at + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

uint64_t number_field(const char* path, std::string_view name) {
  return std::strtoull(field(path, name).c_str(), nullptr, 10);
}

// The mount whose mount point is the longest prefix of the path.
// A line of mountinfo: id parent dev root point options [tags...] - type source super-options.
std::string file_system_of(const std::filesystem::path& directory) {
  std::error_code ignored;
  const std::string path = std::filesystem::weakly_canonical(directory, ignored).string() + "/";
  std::ifstream in("/proc/self/mountinfo");
  std::string best;
  size_t best_length = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string skipped, point, options, type, source;
    words >> skipped >> skipped >> skipped >> skipped >> point >> options;
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream(line.substr(dash + 3)) >> type >> source;
    const std::string prefix = point == "/" ? "/" : point + "/";
    if (prefix.size() < best_length || path.compare(0, prefix.size(), prefix) != 0) continue;
    best_length = prefix.size();
    best = type + " on " + source + " (" + options + ")";
  }
  return best;
}

}  // namespace

Machine describe_machine(const std::filesystem::path& data_directory) {
  Machine machine;
  machine.processor = field("/proc/cpuinfo", "model name");
  machine.hardware_threads = std::thread::hardware_concurrency();
  machine.memory_bytes = number_field("/proc/meminfo", "MemTotal") * 1024;
  utsname name{};
  if (uname(&name) == 0) {
    machine.kernel = std::string(name.sysname) + " " + name.release + " " + name.machine;
  }
  machine.file_system = file_system_of(data_directory);
#if defined(__clang__)
  machine.compiler = "clang " __clang_version__;
#elif defined(__GNUC__)
  machine.compiler = "gcc " __VERSION__;
#endif
  machine.build = RDB_BENCH_BUILD;
#ifdef NDEBUG
  machine.build += ", assertions off";
#else
  machine.build += ", ASSERTIONS ON";
#endif
  return machine;
}

double load_average() {
  double load = -1;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

std::optional<ProcessIo> process_io() {
  static constexpr char kPath[] = "/proc/self/io";
  if (field(kPath, "wchar").empty()) return std::nullopt;
  ProcessIo io;
  io.bytes_passed = number_field(kPath, "wchar");
  io.write_calls = number_field(kPath, "syscw");
  io.bytes_dirtied = number_field(kPath, "write_bytes");
  return io;
}

uint64_t peak_resident_bytes() { return number_field("/proc/self/status", "VmHWM") * 1024; }
uint64_t resident_bytes() { return number_field("/proc/self/status", "VmRSS") * 1024; }

}  // namespace rdb::bench
