// child.hpp: runs a piece of a test in a forked child, where it may change limits, users, mounts
// and system calls without harm to the other tests.
//
// doctest checks in a child would be counted nowhere. The body reports through its result instead:
// kChildPassed, kChildSkipped (the machine does not allow the set-up), or the line that failed.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "support.hpp"

#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#endif

#include <cstddef>
#include <exception>

namespace rdb::test {

inline constexpr int kChildPassed = 0;
inline constexpr int kChildSkipped = -1;
inline constexpr int kChildThrew = -2;
inline constexpr int kChildDied = -3;

// Result of body in a child process.
template <typename Body>
int in_child(Body body) {
  int channel[2];
  if (pipe(channel) != 0) return kChildDied;
  const pid_t child = fork();
  if (child == 0) {
    int result = kChildThrew;
    try {
      result = body();
    } catch (const std::exception&) {
    }
    // _exit: neither the buffers nor the atexit handlers of the parent are the child's.
    _exit(::write(channel[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  close(channel[1]);
  int result = kChildDied;
  if (child < 0 || ::read(channel[0], &result, sizeof result) != sizeof result) result = kChildDied;
  close(channel[0]);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  return result;
}

// The code a call throws; nullopt when it returns.
template <typename Call>
std::optional<Error> error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}
template <typename Call>
bool throws(Call call, ErrorCode code, int os_errno) {
  const std::optional<Error> error = error_of(call);
  return error && error->code() == code && error->os_errno() == os_errno;
}

#if defined(__linux__)
// From now on this system call fails with this errno, in this process. False when not possible.
inline bool fail_system_call(long number, int os_errno) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(os_errno)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#endif

}  // namespace rdb::test

// Inside a child's body: leaves it with the line number when the condition does not hold.
#define CHILD_CHECK(condition)         \
  do {                                 \
    if (!(condition)) return __LINE__; \
  } while (false)

// Runs a body in a child and judges its result.
#define CHECK_CHILD(...)                                                         \
  do {                                                                           \
    const int rdb_result_ = ::rdb::test::in_child(__VA_ARGS__);                  \
    if (rdb_result_ == ::rdb::test::kChildSkipped) {                             \
      MESSAGE("skipped: not allowed on this machine");                           \
    } else {                                                                     \
      CHECK_MESSAGE(rdb_result_ == 0, "child: line (or state) " << rdb_result_); \
    }                                                                            \
  } while (false)
