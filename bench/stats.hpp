// stats.hpp: order statistics of noisy measurements. There is no mean here on purpose: one slow
// sync would own it.
#pragma once

#include <cstdint>
#include <span>

namespace rdb::bench {

// The q-quantile (0 <= q <= 1) of samples, interpolated linearly between neighbours; 0 when empty.
double quantile(std::span<const double> samples, double q);

struct Interval {
  double median = 0;
  double low = 0;   // 2.5 % point of the resampled medians
  double high = 0;  // 97.5 % point
};

// Median of samples and its 95 % bootstrap interval. Deterministic: the resampling has a fixed
// seed. Fewer than two samples: low and high equal the median.
Interval bootstrap_median(std::span<const double> samples, size_t resamples = 10'000);

}  // namespace rdb::bench
