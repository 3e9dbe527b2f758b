#include "base/helper_thread.hpp"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/fork_guard.hpp"
#include "support.hpp"

namespace rdb::base {
namespace {

using test::comes_true;
using test::has_two_processors;

// Numbers to count up to; one that is negative cannot be done. The thread waits before each piece
// while the gate is closed.
struct Count final : HelperThread::Work {
  bool waiting() const noexcept override { return begun.size() < wanted.size(); }
  void begin() noexcept override { begun.push_back(wanted[begun.size()]); }
  bool perform() noexcept override {
    thread = std::this_thread::get_id();
    while (closed) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return begun.back() >= 0;
  }
  void end(bool done) noexcept override { results.push_back(done); }

  std::vector<int> wanted;
  std::vector<int> begun;
  std::vector<bool> results;
  std::atomic<bool> closed{false};
  std::atomic<std::thread::id> thread;
};

struct Counter {
  Counter() {
    auto owned = std::make_unique<Count>();
    owned->begun.reserve(100);
    work = owned.get();
    helper = std::make_unique<HelperThread>("rdb-test", std::move(owned));
  }
  void ask(std::vector<int> numbers) {
    helper->ask([&] { work->wanted.insert(work->wanted.end(), numbers.begin(), numbers.end()); });
  }

  Count* work;
  std::unique_ptr<HelperThread> helper;
};

// What the system says of each thread of this process that is called rdb-test.
std::vector<std::string> helper_threads() {
  std::vector<std::string> found;
  DIR* const tasks = ::opendir("/proc/self/task");
  REQUIRE(tasks != nullptr);
  while (const dirent* task = ::readdir(tasks)) {
    std::ifstream file("/proc/self/task/" + std::string(task->d_name) + "/status");
    std::string status((std::istreambuf_iterator<char>(file)), {});
    if (status.starts_with("Name:\trdb-test\n")) found.push_back(std::move(status));
  }
  ::closedir(tasks);
  return found;
}

}  // namespace

TEST_SUITE("base/helper thread") {
  TEST_CASE("pieces are done one after the other, on another thread, whatever became of the last") {
    if (!has_two_processors()) return;
    Counter counter;
    counter.helper->wait_until_idle();
    CHECK(helper_threads().empty());
    counter.ask({1, -2, 3});
    counter.ask({4});
    counter.helper->wait_until_idle();
    CHECK(counter.work->begun == std::vector<int>{1, -2, 3, 4});
    CHECK(counter.work->results == std::vector<bool>{true, false, true, true});
    CHECK(counter.work->thread.load() != std::this_thread::get_id());
  }

  TEST_CASE("waiting waits for the piece in hand") {
    if (!has_two_processors()) return;
    Counter counter;
    counter.work->closed = true;
    counter.ask({1});
    REQUIRE(
        comes_true([&] { return counter.helper->look([&] { return !counter.work->waiting(); }); }));
    CHECK(counter.helper->look([&] { return counter.work->results.empty(); }));
    std::thread opener([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      counter.work->closed = false;
    });
    counter.helper->wait_until_idle();
    CHECK(counter.work->results.size() == 1);
    opener.join();
  }

  TEST_CASE("the thread ends when nothing is asked for, takes no signals, and comes again") {
    if (!has_two_processors()) return;
    Counter counter;
    for (int i = 0; i < 2; ++i) {
      counter.work->closed = true;
      counter.ask({i});
      std::vector<std::string> threads;
      CHECK(comes_true([&] {  // the name is given just after the start
        threads = helper_threads();
        return threads.size() == 1;
      }));
      REQUIRE(!threads.empty());
      const size_t at = threads.front().find("SigBlk:\t");
      REQUIRE(at != std::string::npos);
      const uint64_t blocked = std::stoull(threads.front().substr(at + 8, 16), nullptr, 16);
      for (int signal : {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGCHLD, SIGPROF}) {
        CHECK((blocked >> (signal - 1) & 1) == 1);
      }
      counter.work->closed = false;
      CHECK(comes_true([] { return helper_threads().empty(); }));
    }
    CHECK(counter.helper->look([&] { return counter.work->results.size(); }) == 2);
  }

  TEST_CASE("no piece is begun after the stop, and nobody waits for one") {
    if (!has_two_processors()) return;
    Counter counter;
    counter.work->closed = true;
    counter.ask({1, 2, 3});
    REQUIRE(comes_true(
        [&] { return counter.helper->look([&] { return !counter.work->begun.empty(); }); }));
    std::thread opener([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      counter.work->closed = false;
    });
    counter.helper->stop();
    opener.join();
    CHECK(counter.work->begun == std::vector<int>{1});
    CHECK(helper_threads().empty());
    counter.ask({4});
    counter.helper->wait_until_idle();
    CHECK(counter.work->begun.size() == 1);
  }

  TEST_CASE("a forked child lets go of what it inherited") {
    if (!has_two_processors()) return;
    install_fork_guard();
    Counter counter;
    counter.work->closed = true;
    counter.ask({1, 2});
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::alarm(30);  // a join would wait for ever
      const bool told = counter.helper->inherited();
      counter.helper.reset();
      ::_exit(told ? 0 : 1);
    }
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK_FALSE(counter.helper->inherited());
    counter.work->closed = false;
    counter.helper->wait_until_idle();
    CHECK(counter.work->results.size() == 2);
  }
}

}  // namespace rdb::base
