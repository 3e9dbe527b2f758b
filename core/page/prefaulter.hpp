// prefaulter.hpp: gives frames their memory ahead of a writer, on another thread.
//
// The first touch of a frame makes the kernel find memory and clear it: 0.2 ms for a large page of
// 2 MiB, and 4 ms in a virtual machine whose host has taken unused memory back. A transaction that
// fills fresh frames one behind another spends up to half of its time on that (design note 0009).
//
// Threads: request() and populate() any; else as base/helper_thread.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/helper_thread.hpp"

namespace rdb::page {

class Prefaulter {
 public:
  // What is asked for, and done, at a time: one large page.
  static constexpr size_t kPieceBytes = size_t{2} << 20;

  Prefaulter();
  Prefaulter(const Prefaulter&) = delete;
  Prefaulter& operator=(const Prefaulter&) = delete;

  // Wants memory behind [begin, end), which stays mapped until stop(). Takes the place of what was
  // asked for before and is not done; what is done of it is not done again. A hint: nothing tells
  // when there is no memory, no other processor, or no way to ask the system.
  void request(std::byte* begin, std::byte* end) noexcept;
  // Until all that was asked for is done, or cannot be.
  void wait_until_idle() noexcept { thread_.wait_until_idle(); }
  // After it nothing is touched any more.
  void stop() noexcept { thread_.stop(); }

  // The same on the calling thread. False: the system could not.
  static bool populate(std::byte* begin, std::byte* end) noexcept;

 private:
  struct Work;

  explicit Prefaulter(std::unique_ptr<Work> work);

  Work* work_;  // the thread's
  base::HelperThread thread_;
};

}  // namespace rdb::page
