// only_thread.hpp: whether a wait for another thread can end at all.
//
// Threads: any.
#pragma once

namespace rdb::base {

// True only when the process certainly has no thread but the calling one and those of the library.
// A thread that has just ended may still count, and a system that does not tell answers false for
// ever.
bool is_only_thread() noexcept;

// Held by a thread of the library's own while it runs: nobody waits for what it does.
class LibraryThread {
 public:
  LibraryThread() noexcept;
  ~LibraryThread();
  LibraryThread(const LibraryThread&) = delete;
  LibraryThread& operator=(const LibraryThread&) = delete;
};

// In a forked child, which has none of them.
void forget_library_threads() noexcept;

}  // namespace rdb::base
