// system_calls.hpp: stands in for the C library's calls on files, and disturbs them on demand.
//
// A program that links this (system_calls_dep) has its pread, pwrite, pwritev, fdatasync, fsync,
// ftruncate and fallocate replaced. Without a plan they do what they should, except that nothing is
// synced: what that promises matters after a loss of power only. 64-bit Linux; elsewhere
// kSystemCallsReplaced is false and plans have no effect.
//
// Threads: plans are set while no other thread makes such calls.
#pragma once

#include <cstdint>
#include <limits>

namespace rdb::test {

#if defined(__linux__) && defined(__LP64__)
inline constexpr bool kSystemCallsReplaced = true;
#else
inline constexpr bool kSystemCallsReplaced = false;
#endif

struct SystemCallPlan {
  // Reads and writes move a part of what they were asked to move, at least one byte: most often
  // nearly all, sometimes a single byte.
  bool short_transfers = false;
  // Each call that can be interrupted is, once or twice, before it does anything.
  bool interruptions = false;

  // This call that changes the file (pwrite, pwritev, fdatasync, ftruncate, fallocate), counted
  // from 0, fails; one that writes has written half of its bytes by then.
  uint64_t fail_at = std::numeric_limits<uint64_t>::max();
  int fail_errno = 5;  // EIO
};

// Replaces the plan and counts anew.
void set_system_call_plan(const SystemCallPlan& plan);
uint64_t changing_calls();     // since the plan was set
uint64_t shortened_calls();    // likewise
uint64_t interrupted_calls();  // likewise
// Failing calls that wrote nothing but zeros: those that a database writes ahead of small commits,
// whose failure is nobody's (io/prewriting_backend.hpp).
uint64_t failed_writes_of_zeros();

}  // namespace rdb::test
