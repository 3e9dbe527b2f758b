#include "page/frame_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "io/memory_backend.hpp"
#include "support.hpp"

namespace rdb::page {
namespace {

using format::kPageBytes;
using format::Layout;

constexpr uint64_t kPages = 1024;

struct Pool {
  explicit Pool(uint64_t budget_bytes)
      : pool(backend, Layout{0, format::kMaxRegionPages, 0, 1}.with_total_pages(kPages).value(),
             budget_bytes, ReadVerification::full) {}

  // Base pages from first on that have memory. claim() touches none.
  size_t with_memory(uint32_t first, size_t count) {
    const std::span<std::byte> frame = pool.claim({0, first, 0});
    std::vector<unsigned char> resident(count);
    REQUIRE(::mincore(frame.data(), count * kPageBytes, resident.data()) == 0);
    return static_cast<size_t>(std::count_if(resident.begin(), resident.end(),
                                             [](unsigned char r) { return (r & 1) != 0; }));
  }

  io::MemoryBackend backend;
  FramePool pool;
};

}  // namespace

TEST_SUITE("page/frame_pool") {
#if defined(MADV_POPULATE_WRITE)
  TEST_CASE("prepared frames have memory before they are claimed, and count as absent") {
    Pool p(uint64_t{64} << 20);
    p.pool.prepare({0, 100, 0}, 300);
    CHECK(p.pool.resident_bytes() == 0);
    CHECK(p.with_memory(100, 300) == 300);
    CHECK(p.pool.resident_bytes() == kPageBytes);
  }

  TEST_CASE("frames are not prepared when the file is larger than the budget") {
    Pool p(uint64_t{1} << 20);
    p.pool.prepare({0, 100, 0}, 300);
    CHECK(p.with_memory(100, 300) == 0);
  }
#endif

  TEST_CASE("preparing ends with the file") {
    Pool p(uint64_t{64} << 20);
    p.pool.prepare({0, kPages - 1, 0}, 1000);
    p.pool.prepare({0, kPages + 5, 0}, 1000);
    p.pool.prepare({7, 0, 0}, 1);
    CHECK(p.pool.resident_bytes() == 0);
    const std::span<std::byte> frame = p.pool.claim({0, kPages - 1, 0});
    std::memset(frame.data(), 1, frame.size());
  }
}

}  // namespace rdb::page
