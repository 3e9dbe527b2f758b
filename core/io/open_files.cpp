#include "io/open_files.hpp"

#include <pthread.h>

#include <cassert>
#include <mutex>

#include "base/fork_guard.hpp"
#include "rdb/error.hpp"

namespace rdb::io {
namespace {

constinit std::mutex registry_mutex;  // guards the list and every claim in it
constinit OpenFileClaim* first_claim = nullptr;
constinit std::once_flag fork_handlers_installed;

// A thread may hold the mutex at the moment another one forks; the child would then wait for a
// thread it does not have. So fork() itself takes the mutex.
void install_fork_handlers() {
  base::install_fork_guard();
  std::call_once(fork_handlers_installed, [] {
    const int error = pthread_atfork([] { registry_mutex.lock(); }, [] { registry_mutex.unlock(); },
                                     [] { registry_mutex.unlock(); });
    if (error != 0) {
      throw Error(ErrorCode::no_memory, "cannot register the fork handlers", Error::kNoPosition,
                  error);
    }
  });
}

}  // namespace

bool OpenFileClaim::try_claim(dev_t device, ino_t inode, bool exclusive) {
  assert(!held_);
  install_fork_handlers();
  const std::lock_guard lock(registry_mutex);
  const uint64_t generation = base::fork_generation();
  for (const OpenFileClaim* claim = first_claim; claim != nullptr; claim = claim->next_) {
    if (claim->fork_generation_ != generation) continue;  // O2
    if (claim->device_ != device || claim->inode_ != inode) continue;
    if (exclusive || claim->exclusive_) return false;  // O1
  }
  held_ = true;
  exclusive_ = exclusive;
  device_ = device;
  inode_ = inode;
  fork_generation_ = generation;
  next_ = first_claim;
  first_claim = this;
  return true;
}

void OpenFileClaim::release() noexcept {
  if (!held_) return;
  const std::lock_guard lock(registry_mutex);
  OpenFileClaim** link = &first_claim;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  held_ = false;
}

}  // namespace rdb::io
