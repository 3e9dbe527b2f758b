// checksum_avx2.cpp: XXH3-128 for AVX2. See checksum_kernels.hpp for what may be included here.
#include "base/checksum_kernels.hpp"

#if defined(__x86_64__)

// Before the target changes, so that these headers are compiled for every machine.
#include <immintrin.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

#define XXH_INLINE_ALL
#define XXH_VECTOR 2  // AVX2
#include <xxhash.h>

namespace rdb::base {

ChecksumHalves checksum_avx2(const void* data, size_t size) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  // gcc 12 at -O2 forgets it here, and dirty upper halves slow down every SSE instruction the
  // process executes from then on.
  _mm256_zeroupper();
  return {hash.low64, hash.high64};
}

}  // namespace rdb::base

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
