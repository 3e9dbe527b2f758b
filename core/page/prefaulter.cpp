#include "page/prefaulter.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <new>

#include "base/only_thread.hpp"
#include "rdb/fork.hpp"

namespace rdb::page {

namespace {

// A writer that goes on asks every few milliseconds.
constexpr std::chrono::milliseconds kIdleTime{50};

}  // namespace

struct Prefaulter::Work {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::byte* next = nullptr;  // [next, end) is left to do
  std::byte* end = nullptr;
  bool running = false;  // a thread has not decided to end yet
  bool at_work = false;  // on a piece before next
  bool stopping = false;
  bool useless = false;  // the system cannot, or there is no second processor

  void run() {
    const base::LibraryThread counted;
    std::unique_lock lock(mutex);
    const auto awaited = [&] { return stopping || next < end; };
    while (changed.wait_for(lock, kIdleTime, awaited) && !stopping) {
      std::byte* const piece = next;
      next = std::min(end, piece + kPieceBytes);
      std::byte* const piece_end = next;
      at_work = true;
      lock.unlock();
      const bool done = populate(piece, piece_end);
      lock.lock();
      at_work = false;
      if (!done) {
        useless = true;
        end = next;
      }
      changed.notify_all();
    }
    running = false;
    changed.notify_all();
  }
};

Prefaulter::Prefaulter() noexcept = default;
Prefaulter::~Prefaulter() { stop(); }

bool Prefaulter::populate(std::byte* begin, std::byte* end) noexcept {
#if defined(MADV_POPULATE_WRITE)
  return ::madvise(begin, static_cast<size_t>(end - begin), MADV_POPULATE_WRITE) == 0;
#else
  static_cast<void>(begin);
  static_cast<void>(end);
  return false;
#endif
}

void Prefaulter::request(std::byte* begin, std::byte* end) noexcept {
  if (begin >= end) return;
  try {
    if (!work_) {
      work_ = std::make_unique<Work>();
      work_->useless = std::thread::hardware_concurrency() < 2;
    }
    const std::lock_guard lock(work_->mutex);
    if (work_->useless || work_->stopping) return;
    const bool goes_on = begin <= work_->next && work_->next <= end;
    if (!goes_on) work_->next = begin;
    work_->end = end;
    if (work_->next == end) return;
    if (!work_->running) start();
    work_->changed.notify_all();
  } catch (const std::bad_alloc&) {  // no memory, no help
  }
}

// With the mutex held. Signals belong to the program's own threads.
void Prefaulter::start() noexcept {
  if (thread_.joinable()) thread_.join();  // it has let the mutex go for the last time
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([work = work_.get()] { work->run(); });
    pthread_setname_np(thread_.native_handle(), "rdb-prefault");
    fork_generation_ = base::fork_generation();
    work_->running = true;
  } catch (const std::exception&) {
    work_->useless = true;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Prefaulter::wait_until_idle() noexcept {
  if (!work_) return;
  std::unique_lock lock(work_->mutex);
  work_->changed.wait(
      lock, [&] { return !work_->at_work && (work_->next >= work_->end || !work_->running); });
}

void Prefaulter::stop() noexcept {
  if (!work_) return;
  if (thread_.joinable() && fork_generation_ != base::fork_generation()) {
    thread_.detach();
    static_cast<void>(work_.release());  // its mutex may be held for ever
    return;
  }
  {
    const std::lock_guard lock(work_->mutex);
    work_->stopping = true;
    work_->changed.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace rdb::page
