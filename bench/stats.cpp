#include "stats.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "generator.hpp"

namespace rdb::bench {
namespace {

double quantile_of_sorted(std::span<const double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
}

}  // namespace

double quantile(std::span<const double> samples, double q) {
  if (samples.empty()) return 0;
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  return quantile_of_sorted(sorted, q);
}

Interval bootstrap_median(std::span<const double> samples, size_t resamples) {
  Interval interval;
  interval.median = interval.low = interval.high = quantile(samples, 0.5);
  if (samples.size() < 2) return interval;

  const Generator generator(1);
  uint64_t draws = 0;
  std::vector<double> resample(samples.size());
  std::vector<double> medians;
  medians.reserve(resamples);
  for (size_t r = 0; r < resamples; ++r) {
    for (double& sample : resample) sample = samples[generator.draw(draws++) % samples.size()];
    std::sort(resample.begin(), resample.end());
    medians.push_back(quantile_of_sorted(resample, 0.5));
  }
  std::sort(medians.begin(), medians.end());
  interval.low = quantile_of_sorted(medians, 0.025);
  interval.high = quantile_of_sorted(medians, 0.975);
  return interval;
}

}  // namespace rdb::bench
