#include "io/open_files.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "child.hpp"
#include "support.hpp"

namespace {

using namespace rdb::test;
using rdb::io::OpenFileClaim;

bool claimable(dev_t device, ino_t inode, bool exclusive) {
  return OpenFileClaim().try_claim(device, inode, exclusive);
}

}  // namespace

TEST_SUITE("io/open_files") {
  TEST_CASE("O1: claims on a file are all shared, or one exclusive") {
    OpenFileClaim claim;
    SUBCASE("beside a shared claim") {
      REQUIRE(claim.try_claim(1, 1, false));
      CHECK(claimable(1, 1, false));
      CHECK_FALSE(claimable(1, 1, true));
    }
    SUBCASE("beside an exclusive claim") {
      REQUIRE(claim.try_claim(1, 1, true));
      CHECK_FALSE(claimable(1, 1, false));
      CHECK_FALSE(claimable(1, 1, true));
    }
    CHECK(claimable(1, 2, true));
    CHECK(claimable(2, 1, true));
    claim.release();
    claim.release();  // once is enough
    CHECK(claimable(1, 1, true));
  }

  TEST_CASE("claims are released in any order") {
    OpenFileClaim claims[3];
    for (OpenFileClaim& claim : claims) REQUIRE(claim.try_claim(1, 1, false));
    for (int i : {1, 2, 0}) {
      CHECK_FALSE(claimable(1, 1, true));
      claims[i].release();
    }
    CHECK(claimable(1, 1, true));
  }

  TEST_CASE("O2: claims made before a fork bind the parent only") {
    OpenFileClaim claim;
    REQUIRE(claim.try_claim(1, 1, true));
    CHECK_CHILD([&]() -> int {
      OpenFileClaim mine;
      CHILD_CHECK(mine.try_claim(1, 1, true));
      CHILD_CHECK(!claimable(1, 1, false));
      claim.release();
      CHILD_CHECK(!claimable(1, 1, false));
      return kChildPassed;
    });
    CHECK_FALSE(claimable(1, 1, false));
  }

  TEST_CASE("a child forked beside busy threads can claim files") {
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (ino_t t = 0; t < 2; ++t) {
      threads.emplace_back([&done, t] {
        while (!done) claimable(3, t, true);
      });
    }
    for (int i = 0; i < 50; ++i) {
      CHECK_CHILD([]() -> int {
        alarm(20);  // a mutex held by a thread that was not copied would be waited for for ever
        CHILD_CHECK(claimable(3, 9, true));
        return kChildPassed;
      });
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
  }
}
