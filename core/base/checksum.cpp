#include "base/checksum.hpp"

#include <atomic>

#include "base/checksum_kernels.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rdb::base {
namespace {

// The vector unit every machine of the target has: SSE2 on x86-64, NEON on AArch64, else none.
ChecksumHalves checksum_baseline(const void* data, size_t size) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  return {hash.low64, hash.high64};
}

ChecksumHalves choose_and_hash(const void* data, size_t size) noexcept;

// Constant-initialised, so a checksum taken by another object's constructor works. Threads that
// race here all store the same pointer.
constinit std::atomic<decltype(ChecksumKernel::hash)> active_kernel{&choose_and_hash};

ChecksumHalves choose_and_hash(const void* data, size_t size) noexcept {
  ChecksumKernel kernels[kMaxChecksumKernels];
  const size_t count = usable_checksum_kernels(kernels);
  const auto best = kernels[count - 1].hash;
  active_kernel.store(best, std::memory_order_relaxed);
  return best(data, size);
}

}  // namespace

size_t usable_checksum_kernels(ChecksumKernel out[kMaxChecksumKernels]) noexcept {
  size_t count = 0;
  out[count++] = {"baseline", &checksum_baseline};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) out[count++] = {"avx2", &checksum_avx2};
  if (__builtin_cpu_supports("avx512f")) out[count++] = {"avx512", &checksum_avx512};
#endif
  return count;
}

Checksum checksum(Bytes data) noexcept {
  const ChecksumHalves hash =
      active_kernel.load(std::memory_order_relaxed)(data.data(), data.size());
  return {hash.low, hash.high};
}

}  // namespace rdb::base
