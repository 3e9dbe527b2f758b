#include "base/machine.hpp"

#include <fstream>
#include <string>

#include "support.hpp"

TEST_SUITE("base/machine") {
  TEST_CASE("the machine's memory is what the system says of it") {
    CHECK(rdb::base::memory_bytes() > uint64_t{1} << 20);
    std::ifstream meminfo("/proc/meminfo");  // on Linux
    std::string label;
    uint64_t kib = 0;
    if (meminfo >> label >> kib && label == "MemTotal:") {
      CHECK(rdb::base::memory_bytes() == kib * 1024);
    }
  }
}
