// prefaulter.hpp: gives frames their memory ahead of a writer, on another thread.
//
// The first touch of a frame makes the kernel find memory and clear it: 0.2 ms for a large page of
// 2 MiB, and 4 ms in a virtual machine whose host has taken unused memory back. A transaction that
// fills fresh frames one behind another spends up to half of its time on that (design note 0009).
//
// The thread begins with a request and ends when there was none for a while, so that an idle
// process has only its own.
//
// Threads: request() and populate() any; the destructor when no other call runs. A forked child has
// no such thread and only drops what it inherited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

namespace rdb::page {

class Prefaulter {
 public:
  // What is asked for, and done, at a time: one large page.
  static constexpr size_t kPieceBytes = size_t{2} << 20;

  Prefaulter() noexcept;
  ~Prefaulter();
  Prefaulter(const Prefaulter&) = delete;
  Prefaulter& operator=(const Prefaulter&) = delete;

  // Wants memory behind [begin, end), which stays mapped until stop(). Takes the place of what was
  // asked for before and is not done; what is done of it is not done again. A hint: nothing tells
  // when there is no memory, no other processor, or no way to ask the system.
  void request(std::byte* begin, std::byte* end) noexcept;
  // Until all that was asked for is done, or cannot be.
  void wait_until_idle() noexcept;
  // After it nothing is touched any more.
  void stop() noexcept;

  // The same on the calling thread. False: the system could not.
  static bool populate(std::byte* begin, std::byte* end) noexcept;

 private:
  struct Work;

  void start() noexcept;

  // Shared with the thread; on the heap, so that a child can leave it behind as it was.
  std::unique_ptr<Work> work_;
  std::thread thread_;
  uint64_t fork_generation_ = 0;  // when the thread began
};

}  // namespace rdb::page
