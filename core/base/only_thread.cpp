#include "base/only_thread.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <system_error>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace rdb::base {

namespace {

constinit std::atomic<uint32_t> library_threads{0};
// Starts and ends of them, so that a count knows whether it was disturbed.
constinit std::atomic<uint32_t> changes{0};

// 0: the system does not tell.
uint64_t count_threads() {
  std::error_code error;
  uint64_t count = 0;
  for (std::filesystem::directory_iterator task("/proc/self/task", error), end;
       !error && task != end; task.increment(error)) {
    ++count;
  }
  return error ? 0 : count;
}

}  // namespace

LibraryThread::LibraryThread() noexcept {
  ++changes;
  ++library_threads;
}

LibraryThread::~LibraryThread() {
  --library_threads;
  ++changes;
}

void forget_library_threads() noexcept { library_threads = 0; }

bool is_only_thread() noexcept {
#if __has_include(<sys/single_threaded.h>)
  if (__libc_single_threaded != 0) return true;  // glibc; false for ever once there was a thread
#endif
  try {
    const uint32_t before = changes;
    const uint32_t own = library_threads;
    return count_threads() == uint64_t{own} + 1 && changes == before;
  } catch (...) {  // out of memory
    return false;
  }
}

}  // namespace rdb::base
