#include "base/database_clock.hpp"

#include <chrono>

#include "support.hpp"

namespace rdb::test {
namespace {

class Counting final : public Clock {
 public:
  uint64_t now_ms() const noexcept override { return ++calls; }
  mutable uint64_t calls = 0;
};

}  // namespace

TEST_SUITE("base/database_clock") {
  TEST_CASE("without a clock of the caller's the system's tells the time") {
    const auto system = [] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(
                 std::chrono::system_clock::now().time_since_epoch())
          .count();
    };
    const base::DatabaseClock clock(nullptr);
    const auto before = system();
    const auto now = static_cast<int64_t>(clock.now_ms());
    CHECK_LE(before, now);
    CHECK_LE(now, system());
  }

  TEST_CASE("a clock that was stopped stands until it is let go") {
    const auto counting = std::make_shared<Counting>();
    base::DatabaseClock clock(counting);
    CHECK_EQ(clock.now_ms(), 1);
    clock.stop_at(0);
    CHECK_EQ(clock.now_ms(), 0);
    clock.stop_at(77);
    CHECK_EQ(clock.now_ms(), 77);
    clock.stop_at(kClockRuns);
    CHECK_EQ(clock.now_ms(), 2);
  }

  TEST_CASE("a moment reads the clock once, and not before it must") {
    const auto counting = std::make_shared<Counting>();
    const base::DatabaseClock clock(counting);
    base::Moment moment(clock);
    CHECK_EQ(counting->calls, 0);
    CHECK_EQ(moment.ms(), 1);
    CHECK_EQ(moment.ms(), 1);
    moment.forget();
    CHECK_EQ(moment.ms(), 2);
  }
}

}  // namespace rdb::test
