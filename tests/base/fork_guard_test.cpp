#include "base/fork_guard.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include "support.hpp"

namespace {

// Exit code of a forked child that ran body.
template <typename Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_SUITE("base/fork_guard") {
  TEST_CASE("a forked child sees a later generation, its parent does not") {
    rdb::base::install_fork_guard();
    rdb::base::install_fork_guard();  // registers once
    const uint64_t mine = rdb::base::fork_generation();
    CHECK(in_child([&] { return static_cast<int>(rdb::base::fork_generation() - mine); }) == 1);
    CHECK(rdb::base::fork_generation() == mine);
  }

  TEST_CASE("a grandchild differs from both") {
    rdb::base::install_fork_guard();
    const uint64_t mine = rdb::base::fork_generation();
    CHECK(in_child([&] {
            return in_child([&] { return static_cast<int>(rdb::base::fork_generation() - mine); });
          }) == 2);
  }
}
