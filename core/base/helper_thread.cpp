#include "base/helper_thread.hpp"

#include <pthread.h>

#include <chrono>
#include <csignal>
#include <exception>

#include "base/only_thread.hpp"
#include "rdb/fork.hpp"

namespace rdb::base {

namespace {

// A caller that goes on asks every few milliseconds.
constexpr std::chrono::milliseconds kIdleTime{50};

}  // namespace

HelperThread::HelperThread(const char* name, std::unique_ptr<Work> work)
    : name_(name), shared_(std::make_unique<Shared>(std::move(work))) {
  shared_->unable = std::thread::hardware_concurrency() < 2;
}

HelperThread::~HelperThread() { stop(); }

void HelperThread::Shared::run(const char* name) {
  const LibraryThread counted;
  pthread_setname_np(pthread_self(), name);
  std::unique_lock lock(mutex);
  const auto awaited = [&] { return stopping || work->waiting(); };
  while (changed.wait_for(lock, kIdleTime, awaited) && !stopping) {
    work->begin();
    at_work = true;
    lock.unlock();
    const bool done = work->perform();
    lock.lock();
    at_work = false;
    work->end(done);
    changed.notify_all();
  }
  running = false;
  changed.notify_all();
}

void HelperThread::wake() noexcept {
  if (shared_->stopping || shared_->unable || !shared_->work->waiting()) return;
  if (!shared_->running) start();
  shared_->changed.notify_all();
}

void HelperThread::start() noexcept {
  if (thread_.joinable()) thread_.join();  // it has let the mutex go for the last time
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([shared = shared_.get(), name = name_] { shared->run(name); });
    fork_generation_ = fork_generation();
    shared_->running = true;
  } catch (const std::exception&) {
    shared_->unable = true;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void HelperThread::wait_until_idle() noexcept {
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait(
      lock, [&] { return !shared_->at_work && (!shared_->work->waiting() || !shared_->running); });
}

bool HelperThread::inherited() const noexcept {
  return thread_.joinable() && fork_generation_ != fork_generation();
}

void HelperThread::stop() noexcept {
  if (inherited()) {
    thread_.detach();
    static_cast<void>(shared_.release());  // its mutex may be held for ever
    return;
  }
  if (!shared_) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->changed.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace rdb::base
