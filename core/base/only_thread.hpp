// only_thread.hpp: whether a wait for another thread can end at all.
#pragma once

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace rdb::base {

// True only when the process certainly has no thread but the calling one. A C library that does not
// tell, and a process that once had more threads, may answer false for ever.
inline bool is_only_thread() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

}  // namespace rdb::base
