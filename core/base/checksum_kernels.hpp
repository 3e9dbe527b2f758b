// checksum_kernels.hpp: the compiled forms of XXH3-128, one per vector unit.
//
// xxHash chooses its vector unit when it is compiled, so each form is a translation unit of its own
// (checksum_avx2.cpp, checksum_avx512.cpp; checksum.cpp holds the one every machine of the target
// can run). Those units include nothing but C headers and this file: an inline function of the
// standard library compiled there could be the copy the linker keeps, and would then run
// on machines without the vector unit.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace rdb::base {

struct ChecksumHalves {
  uint64_t low;
  uint64_t high;
};

struct ChecksumKernel {
  const char* name;
  ChecksumHalves (*hash)(const void* data, size_t size) noexcept;
};

// Kernels the running machine can execute, slowest first; at least one. Written to `out`, which
// has room for kMaxChecksumKernels; returns how many.
inline constexpr size_t kMaxChecksumKernels = 3;
size_t usable_checksum_kernels(ChecksumKernel out[kMaxChecksumKernels]) noexcept;

#if defined(__x86_64__)
ChecksumHalves checksum_avx2(const void* data, size_t size) noexcept;
ChecksumHalves checksum_avx512(const void* data, size_t size) noexcept;
#endif

}  // namespace rdb::base
