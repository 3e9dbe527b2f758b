// fork.hpp: tells a process that it is a forked child of the one that opened a database.
//
// A child shares file descriptions and locks with its parent but none of its threads, so objects
// made before the fork must not touch the file there. An object stores the generation at its birth
// and compares on entry. The generation changes only once a database was opened.
//
// Threads: any. fork_generation() is one relaxed load: only the forking thread survives in the
// child, so the store is always its own.
#pragma once

#include <atomic>
#include <cstdint>

namespace rdb::base {

namespace fork_guard_internal {
inline constinit std::atomic<uint64_t> generation{0};
}

// Forks between this process and the one that opened its first database.
inline uint64_t fork_generation() noexcept {
  return fork_guard_internal::generation.load(std::memory_order_relaxed);
}

}  // namespace rdb::base
