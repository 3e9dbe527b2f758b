#include "system_calls.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace rdb::test {
namespace {

SystemCallPlan plan;
uint64_t changing = 0;
uint64_t shortened = 0;
uint64_t interrupted = 0;
uint64_t zeros_failed = 0;
uint64_t draw_state = 1;
int interruptions_left = 0;

#if defined(__linux__) && defined(__LP64__)
uint64_t draw(uint64_t end) {
  draw_state = draw_state * 6364136223846793005 + 1442695040888963407;
  return (draw_state >> 33) % end;
}

// True when the call is to return -1 with EINTR.
bool interrupts() {
  if (!plan.interruptions) return false;
  if (interruptions_left == 0) interruptions_left = static_cast<int>(1 + draw(3));
  if (--interruptions_left == 0) return false;  // this one gets through
  ++interrupted;
  errno = EINTR;
  return true;
}

size_t cut(size_t count) {
  if (!plan.short_transfers || count < 2) return count;
  ++shortened;
  return draw(8) == 0 ? 1 : 1 + draw(count);
}

bool fails() { return changing++ == plan.fail_at; }
int failure() {
  errno = plan.fail_errno;
  return -1;
}
#endif

}  // namespace

void set_system_call_plan(const SystemCallPlan& new_plan) {
  plan = new_plan;
  changing = shortened = interrupted = zeros_failed = 0;
  draw_state = 1;
  interruptions_left = 0;
}
uint64_t changing_calls() { return changing; }
uint64_t shortened_calls() { return shortened; }
uint64_t interrupted_calls() { return interrupted; }
uint64_t failed_writes_of_zeros() { return zeros_failed; }

}  // namespace rdb::test

#if defined(__linux__) && defined(__LP64__)
// The headers rename some of these (pread64) where off_t is chosen; the definitions follow.
extern "C" {

ssize_t pread(int fd, void* buffer, size_t count, off_t offset) {
  using namespace rdb::test;
  if (interrupts()) return -1;
  return syscall(SYS_pread64, fd, buffer, cut(count), offset);
}

ssize_t pwrite(int fd, const void* buffer, size_t count, off_t offset) {
  using namespace rdb::test;
  if (interrupts()) return -1;
  if (fails()) {
    const char* bytes = static_cast<const char*>(buffer);
    zeros_failed += std::all_of(bytes, bytes + count, [](char b) { return b == 0; }) ? 1 : 0;
    const long half = syscall(SYS_pwrite64, fd, buffer, count / 2, offset);
    return half < 0 ? half : failure();
  }
  return syscall(SYS_pwrite64, fd, buffer, cut(count), offset);
}

ssize_t pwritev(int fd, const iovec* parts, int part_count, off_t offset) {
  using namespace rdb::test;
  if (interrupts()) return -1;
  const bool failing = fails();
  size_t total = 0;
  for (int i = 0; i < part_count; ++i) total += parts[i].iov_len;
  size_t left = failing ? total / 2 : cut(total);
  std::vector<iovec> some;
  for (int i = 0; i < part_count && left > 0; ++i) {
    some.push_back({parts[i].iov_base, std::min(left, parts[i].iov_len)});
    left -= some.back().iov_len;
  }
  const long done = syscall(SYS_pwritev, fd, some.data(), some.size(), offset, 0);
  return failing && done >= 0 ? failure() : done;
}

int fdatasync(int) {
  using namespace rdb::test;
  if (interrupts()) return -1;
  return fails() ? failure() : 0;
}

// Of a directory, after a file was made in it.
int fsync(int) {
  using namespace rdb::test;
  return interrupts() ? -1 : 0;
}

int ftruncate(int fd, off_t size) noexcept {
  using namespace rdb::test;
  if (interrupts()) return -1;
  return fails() ? failure() : static_cast<int>(syscall(SYS_ftruncate, fd, size));
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  using namespace rdb::test;
  if (interrupts()) return -1;
  return fails() ? failure() : static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, size));
}

}  // extern "C"
#endif
