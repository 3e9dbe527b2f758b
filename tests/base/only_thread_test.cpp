#include "base/only_thread.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/fork_guard.hpp"
#include "support.hpp"

namespace rdb::base {
namespace {

// A thread that stays until it is told to go.
class Staying {
 public:
  explicit Staying(bool of_the_library) {
    thread_ = std::thread([this, of_the_library] {
      std::optional<LibraryThread> counted;
      if (of_the_library) counted.emplace();
      std::unique_lock lock(mutex_);
      here_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return leave_; });
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return here_; });
  }
  ~Staying() {
    {
      const std::lock_guard lock(mutex_);
      leave_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }
  Staying(const Staying&) = delete;
  Staying& operator=(const Staying&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool here_ = false;
  bool leave_ = false;
  std::thread thread_;
};

// As a waiting writer asks: a thread that was joined may be there for a moment more.
bool becomes_only_thread() {
  for (int i = 0; i < 2000; ++i) {
    if (is_only_thread()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace

#if !defined(__SANITIZE_THREAD__)  // it has a thread of its own
TEST_SUITE("base/only_thread") {
  TEST_CASE("another thread counts while it runs, one of the library's does not") {
    CHECK(becomes_only_thread());
    {
      const Staying other(false);
      CHECK_FALSE(is_only_thread());
    }
    CHECK(becomes_only_thread());
    {
      const Staying own(true);
      const Staying second(true);
      CHECK(is_only_thread());
      const Staying other(false);
      CHECK_FALSE(is_only_thread());
    }
    CHECK(becomes_only_thread());
  }

  TEST_CASE("a forked child does not count what its parent had") {
    install_fork_guard();
    const Staying own(true);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      if (!is_only_thread()) ::_exit(1);
      const Staying other(false);
      ::_exit(is_only_thread() ? 2 : 0);
    }
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
}
#endif

}  // namespace rdb::base
