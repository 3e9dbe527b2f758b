#include "base/fork_guard.hpp"

#include <pthread.h>

#include <mutex>

#include "base/only_thread.hpp"
#include "rdb/error.hpp"

namespace rdb::base {
namespace {

constinit std::once_flag installed;

void in_child() {
  fork_guard_internal::generation.fetch_add(1, std::memory_order_relaxed);
  forget_library_threads();
}

}  // namespace

void install_fork_guard() {
  // A throw leaves the flag open, so the next caller tries again.
  std::call_once(installed, [] {
    if (const int error = pthread_atfork(nullptr, nullptr, &in_child); error != 0) {
      throw Error(ErrorCode::no_memory, "cannot register the fork handler", Error::kNoPosition,
                  error);
    }
  });
}

}  // namespace rdb::base
