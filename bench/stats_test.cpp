// stats_test.cpp: the benchmark's own arithmetic.
#include "stats.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "generator.hpp"
#include "support.hpp"

namespace rdb::bench {

TEST_SUITE("bench/stats") {
  TEST_CASE("quantiles interpolate between neighbours, whatever the order of the samples") {
    const std::vector<double> samples = {40, 10, 30, 20};
    CHECK(quantile(samples, 0) == 10);
    CHECK(quantile(samples, 0.5) == 25);
    CHECK(quantile(samples, 1) == 40);
    CHECK(quantile({}, 0.5) == 0);
  }

  TEST_CASE("the bootstrap interval holds the median and ignores one wild sample") {
    std::vector<double> samples(20, 1.0);
    samples[3] = 1000;
    const Interval steady = bootstrap_median(samples);
    CHECK(steady.median == 1.0);
    CHECK(steady.low == 1.0);
    CHECK(steady.high == 1.0);

    const std::vector<double> spread = {1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9};
    const Interval wide = bootstrap_median(spread);
    CHECK(wide.low < wide.median);
    CHECK(wide.median < wide.high);
    CHECK(wide.low >= 1.0);
    CHECK(wide.high <= 1.9);
  }

  TEST_CASE("one sample has no interval") {
    const std::vector<double> one = {3.5};
    const Interval interval = bootstrap_median(one);
    CHECK(interval.low == 3.5);
    CHECK(interval.high == 3.5);
  }

  TEST_CASE("pair i depends on seed and i alone, and different pairs differ") {
    const Generator a(3);
    const Generator b(3);
    CHECK(a.key(77) == b.key(77));
    CHECK(a.value(77) == b.value(77));
    CHECK(a.key(77) != Generator(4).key(77));

    std::map<Key, uint64_t> seen;
    for (uint64_t i = 0; i < 50'000; ++i) CHECK_MESSAGE(seen.emplace(a.key(i), i).second, i);
  }

  TEST_CASE("keys are spread evenly, and ascending keys ascend") {
    const Generator generator(3);
    std::vector<uint64_t> first_byte(256);
    for (uint64_t i = 0; i < 256 * 200; ++i) ++first_byte[static_cast<size_t>(generator.key(i)[0])];
    // 200 expected with a deviation of 14: six deviations either way.
    CHECK(*std::min_element(first_byte.begin(), first_byte.end()) > 116);
    CHECK(*std::max_element(first_byte.begin(), first_byte.end()) < 284);

    for (uint64_t i = 250; i < 260; ++i) {
      CHECK(generator.ascending_key(i) < generator.ascending_key(i + 1));
    }
  }
}

}  // namespace rdb::bench
