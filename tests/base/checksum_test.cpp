#include "base/checksum.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <random>
#include <vector>

#include "base/checksum_kernels.hpp"
#include "support.hpp"

// The reference for the vector kernels.
#define XXH_INLINE_ALL
#define XXH_VECTOR 0  // scalar
#include <xxhash.h>

namespace {

using rdb::Bytes;
using rdb::base::Checksum;
using rdb::base::checksum;
using rdb::base::ChecksumHalves;
using rdb::base::ChecksumKernel;
using rdb::test::hex;
using rdb::test::unhex;

std::string stored(Bytes data) {
  std::vector<std::byte> out(Checksum::kBytes);
  checksum(data).encode(out.data());
  return hex(out);
}

std::string stored_of_hex(std::string_view text) { return stored(unhex(text)); }

// The 112 hashed bytes of a commit slot without roots.
std::string stored_of_empty_slot(uint8_t version, uint64_t txn_id) {
  std::vector<std::byte> slot(112);
  slot[0] = static_cast<std::byte>(version);
  rdb::base::store_le64(slot.data() + 104, txn_id);
  return stored(slot);
}

std::vector<ChecksumKernel> kernels() {
  std::vector<ChecksumKernel> all(rdb::base::kMaxChecksumKernels);
  all.resize(rdb::base::usable_checksum_kernels(all.data()));
  return all;
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
// XINUSE: bit 2 stands for the upper halves of ymm, bit 6 for those of zmm. In assembly, because a
// function compiled for AVX may clean up before it returns.
constexpr unsigned kUpperHalves = 0x44;

bool upper_halves_in_use() {
  unsigned low = 0;
  __asm__ volatile("xgetbv" : "=a"(low) : "c"(1) : "rdx");
  return (low & kUpperHalves) != 0;
}
void dirty_upper_halves() { __asm__ volatile("vcmpps $15, %%ymm0, %%ymm0, %%ymm0" ::: "xmm0"); }
void clean_upper_halves() { __asm__ volatile("vzeroupper" ::: "memory"); }

bool tracks_upper_halves() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__builtin_cpu_supports("avx") || __get_cpuid_count(13, 1, &a, &b, &c, &d) == 0) return false;
  if ((a & 4) == 0) return false;  // no XGETBV with index 1
  dirty_upper_halves();
  const bool seen = upper_halves_in_use();
  clean_upper_halves();
  return seen && !upper_halves_in_use();
}
#endif

}  // namespace

TEST_SUITE("base/checksum") {
  TEST_CASE("the low half is stored first, each half little-endian") {
    CHECK(stored({}) == "7f498d4624c30160d8984701d306aa99");
    const Checksum a = checksum(rdb::as_bytes("a"));
    CHECK(a.high == 0xa96faf705af16834);
    CHECK(a.low == 0xe6c632b61e964e1f);
    CHECK(stored(rdb::as_bytes("a")) == "1f4e961eb632c6e63468f15a70af6fa9");
  }

  TEST_CASE("decode reads what encode wrote") {
    const Checksum sum{0x0123456789abcdef, 0xfedcba9876543210};
    std::vector<std::byte> out(Checksum::kBytes);
    sum.encode(out.data());
    CHECK(hex(out) == "efcdab89674523011032547698badcfe");
    CHECK(Checksum::decode(out.data()) == sum);
  }

  TEST_CASE("empty commit slots have the checksums of the format document") {
    CHECK(stored_of_empty_slot(3, 0) == "1a6ab5ef61d1808d072c039386fbbc3f");
    CHECK(stored_of_empty_slot(3, 1) == "df1543f4d8ab0df747fd5796f08decbf");
    CHECK(stored_of_empty_slot(4, 0) == "3f54c614ed61c3c12621a39f26253db9");
    CHECK(stored_of_empty_slot(4, 1) == "896a743485060df2d58875bb28b9d461");
    CHECK(stored_of_empty_slot(5, 0) == "4ee8a0eb5d78dd399b3c082d6d0ca063");
  }

  TEST_CASE("example pages have the checksums of the format document") {
    CHECK(stored_of_hex("01000300 0100000000000000 0200000000000000 0001000000000000"
                        "6400000000000000 c800000000000000 2c01000000000000") ==
          "1f835df6b7279d251eba7b623e11ff23");
    CHECK(stored_of_hex("01000200 15000000 17000000 1a000000 1a000000 61 6263 6f6e65") ==
          "4401d1a139c5315bd1c25b6341690931");
    CHECK(stored_of_hex("01000200 16000000 19000000 05000000 06000000 dead beef01") ==
          "d2b643f99d869012b5652f8ba2255281");
    CHECK(stored_of_hex("01000200 0e000000 12000000 6b31 6b657932"
                        "0100000000000000 0200000000000000") == "441cd9906e5e96bd077985ef95c6af8e");
    CHECK(stored_of_hex("01000200 03 09") == "388d6ef26fe0ca03de45825167e006a2");
    CHECK(stored_of_hex("02000100 00000000 1bf12db8b729f2b5c8a1f602da68a33a"
                        "8c7bf885bbb23238dbff15bfd4f8e80f 0500000000000000 0600000000000000"
                        "0200000000000000") == "34d29600485c47abf726c28afccad953");
    CHECK(stored_of_hex("02000100 00000000 4401d1a139c5315bd1c25b6341690931"
                        "dd149aa676b6f21775b90ba59175db9d 0800000000000000 0900000000000000"
                        "3e000000 6263") == "d7d51e1f3d615f8bcb74c4189a3c4899");
  }

  TEST_CASE("every kernel this machine can run agrees with the scalar code") {
    std::mt19937_64 random(20240607);
    std::vector<std::byte> data(100'000 + 64);
    for (std::byte& b : data) b = static_cast<std::byte>(random());

    // Every short length: below 241 the algorithm has its own branches; around 1024 its blocks
    // turn.
    std::vector<size_t> sizes;
    for (size_t size = 0; size <= 1100; ++size) sizes.push_back(size);
    for (int i = 0; i < 300; ++i) sizes.push_back(random() % 100'001);
    sizes.insert(sizes.end(), {4096, 65'536, 100'000});

    for (const ChecksumKernel& kernel : kernels()) {
      CAPTURE(std::string(kernel.name));
      const auto differs = std::find_if(sizes.begin(), sizes.end(), [&](size_t size) {
        const std::byte* start = data.data() + size % 64;  // any alignment
        const XXH128_hash_t expected = XXH3_128bits(start, size);
        const ChecksumHalves actual = kernel.hash(start, size);
        return actual.low != expected.low64 || actual.high != expected.high64;
      });
      CHECK_MESSAGE(differs == sizes.end(),
                    "differs at length " << (differs == sizes.end() ? 0 : *differs));
    }
  }

  TEST_CASE("the chosen kernel gives the scalar result on its first and later calls") {
    const std::vector<std::byte> page(4096, std::byte{0x5a});
    const XXH128_hash_t expected = XXH3_128bits(page.data(), page.size());
    for (int i = 0; i < 3; ++i) CHECK(checksum(page) == Checksum{expected.low64, expected.high64});
  }

  // AddressSanitizer clears a function's shadow on the way out, with the widest vectors there are.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
  TEST_CASE("no kernel leaves the upper halves of the vector registers dirty") {
    if (!tracks_upper_halves()) {
      MESSAGE("skipped: the machine does not tell");
      return;
    }
    const std::vector<std::byte> page(4096);
    for (const ChecksumKernel& kernel : kernels()) {
      CAPTURE(std::string(kernel.name));
      kernel.hash(page.data(), page.size());
      const bool dirty = upper_halves_in_use();
      CHECK_FALSE(dirty);
    }
  }
#endif

  TEST_CASE("a machine has at least one kernel and no more than announced") {
    CHECK(kernels().size() >= 1);
    CHECK(kernels().size() <= rdb::base::kMaxChecksumKernels);
  }
}
