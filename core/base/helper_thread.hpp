// helper_thread.hpp: a thread of the library's own, for work that a caller can do without.
//
// It begins when there is something to do and ends when there was nothing for a while, so that an
// idle process has only its own threads. It takes no signals: those are the program's. Without a
// second processor, or without memory for a thread, nothing is done.
//
// Threads: any; the destructor when no other call runs. A forked child has no such thread and only
// drops what it inherited.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace rdb::base {

class HelperThread {
 public:
  // What there is to do, piece by piece. All but perform() is called with the mutex held.
  class Work {
   public:
    virtual ~Work() = default;
    virtual bool waiting() const noexcept = 0;  // a piece can be begun
    virtual void begin() noexcept = 0;          // takes the next piece
    virtual bool perform() noexcept = 0;        // it; false: it could not be done
    virtual void end(bool done) noexcept = 0;   // it is over
  };

  // name: at most 15 characters, as the system shows it.
  HelperThread(const char* name, std::unique_ptr<Work> work);
  ~HelperThread();
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;

  // Calls change(), which may change the work, with the mutex held.
  template <typename Change>
  void ask(Change&& change) {
    const std::lock_guard lock(shared_->mutex);
    change();
    wake();
  }
  // Looks at the work, with the mutex held.
  template <typename Look>
  auto look(Look&& look) const {
    const std::lock_guard lock(shared_->mutex);
    return look();
  }
  // Until nothing is left to do, or nothing will be done.
  void wait_until_idle() noexcept;
  // Ends the piece in hand; no other is begun after it.
  void stop() noexcept;
  // This is a forked child of the process whose thread it was: only stop() can be called.
  bool inherited() const noexcept;

 private:
  struct Shared {  // with the thread
    explicit Shared(std::unique_ptr<Work> what) : work(std::move(what)) {}
    void run(const char* name);

    std::mutex mutex;
    std::condition_variable changed;
    const std::unique_ptr<Work> work;
    // Guarded by mutex:
    bool running = false;  // a thread has not decided to end yet
    bool at_work = false;
    bool stopping = false;
    bool unable = false;  // no second processor, or no memory for a thread
  };

  // With the mutex held.
  void wake() noexcept;
  void start() noexcept;

  const char* const name_;
  std::unique_ptr<Shared> shared_;  // on the heap, so that a child can leave it behind as it was
  std::thread thread_;
  uint64_t fork_generation_ = 0;  // when the thread began
};

}  // namespace rdb::base
