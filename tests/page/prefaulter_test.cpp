#include "page/prefaulter.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "base/fork_guard.hpp"
#include "io/memory_backend.hpp"
#include "page/frame_pool.hpp"
#include "support.hpp"

namespace rdb::page {
namespace {

constexpr size_t kPiece = Prefaulter::kPieceBytes;
using format::kPageBytes;

// Memory that nobody has touched, in whole large pages.
class Untouched {
 public:
  explicit Untouched(size_t pieces) : bytes_((pieces + 1) * kPiece) {
    mapping_ = static_cast<std::byte*>(
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(mapping_ != MAP_FAILED);
    begin_ = mapping_ + (kPiece - reinterpret_cast<uintptr_t>(mapping_) % kPiece) % kPiece;
  }
  ~Untouched() { ::munmap(mapping_, bytes_); }
  Untouched(const Untouched&) = delete;
  Untouched& operator=(const Untouched&) = delete;

  std::byte* piece(size_t i) const { return begin_ + i * kPiece; }

 private:
  size_t bytes_;
  std::byte* mapping_;
  std::byte* begin_;
};

// Pages of [begin, end) that have memory.
size_t with_memory(std::byte* begin, std::byte* end) {
  std::vector<unsigned char> resident(static_cast<size_t>(end - begin) / kPageBytes);
  REQUIRE(::mincore(begin, static_cast<size_t>(end - begin), resident.data()) == 0);
  return static_cast<size_t>(std::count_if(resident.begin(), resident.end(),
                                           [](unsigned char r) { return (r & 1) != 0; }));
}

bool has_memory(std::byte* begin, std::byte* end) {
  return with_memory(begin, end) == static_cast<size_t>(end - begin) / kPageBytes;
}

// Nothing to see on one processor, or where the system cannot be asked.
bool can_prefault() {
  Untouched memory(1);
  const bool can = std::thread::hardware_concurrency() > 1 &&
                   Prefaulter::populate(memory.piece(0), memory.piece(0) + kPageBytes);
  if (!can) MESSAGE("one processor, or a kernel before 5.14: memory is not prepared ahead here");
  return can;
}

struct Pool {
  Pool(uint64_t pages, uint64_t budget_bytes)
      : pool(backend,
             format::Layout{0, format::kMaxRegionPages, 0, 1}.with_total_pages(pages).value(),
             budget_bytes, ReadVerification::full) {}

  std::byte* claim(uint32_t first, uint32_t count) {
    std::byte* frame = nullptr;
    for (uint32_t p = first; p < first + count; ++p) {
      frame = pool.claim({0, p, 0}).data();
      frame[0] = std::byte{1};
    }
    pool.wait_for_prefaults();
    return frame + kPageBytes;
  }

  io::MemoryBackend backend;
  FramePool pool;
};

constexpr uint32_t kBlock = kPiece / kPageBytes;

}  // namespace

TEST_SUITE("page/prefaulter") {
  TEST_CASE("what is asked for gets memory, and keeps what it holds") {
    if (!can_prefault()) return;
    Untouched memory(4);
    std::memset(memory.piece(1), 7, kPageBytes);
    Prefaulter prefaulter;
    prefaulter.request(memory.piece(1), memory.piece(3));
    prefaulter.wait_until_idle();
    CHECK(has_memory(memory.piece(1), memory.piece(3)));
    CHECK(with_memory(memory.piece(0), memory.piece(1)) == 0);
    CHECK(with_memory(memory.piece(3), memory.piece(4)) == 0);
    CHECK(memory.piece(1)[kPageBytes - 1] == std::byte{7});
    CHECK(memory.piece(1)[kPageBytes] == std::byte{0});
  }

  TEST_CASE("a request that goes on from the last one does the rest") {
    if (!can_prefault()) return;
    Untouched memory(6);
    Prefaulter prefaulter;
    prefaulter.request(memory.piece(0), memory.piece(2));
    prefaulter.wait_until_idle();
    ::madvise(memory.piece(0), 2 * kPiece, MADV_DONTNEED);
    prefaulter.request(memory.piece(1), memory.piece(4));
    prefaulter.wait_until_idle();
    CHECK(with_memory(memory.piece(0), memory.piece(2)) == 0);  // done once
    CHECK(has_memory(memory.piece(2), memory.piece(4)));
    prefaulter.request(memory.piece(0), memory.piece(1));  // elsewhere
    prefaulter.wait_until_idle();
    CHECK(has_memory(memory.piece(0), memory.piece(1)));
    prefaulter.request(memory.piece(5), memory.piece(5));
    prefaulter.wait_until_idle();
    CHECK(with_memory(memory.piece(4), memory.piece(6)) == 0);
  }

  TEST_CASE("nothing is touched after the stop") {
    if (!can_prefault()) return;
    Untouched memory(9);
    Prefaulter prefaulter;
    prefaulter.request(memory.piece(0), memory.piece(8));
    prefaulter.stop();
    ::madvise(memory.piece(0), 9 * kPiece, MADV_DONTNEED);
    prefaulter.request(memory.piece(8), memory.piece(9));
    prefaulter.wait_until_idle();
    CHECK(with_memory(memory.piece(0), memory.piece(9)) == 0);
    prefaulter.stop();
  }

  TEST_CASE("memory that cannot be written to ends the help, and nothing else") {
    if (!can_prefault()) return;
    Untouched memory(2);
    REQUIRE(::mprotect(memory.piece(0), kPiece, PROT_READ) == 0);
    CHECK_FALSE(Prefaulter::populate(memory.piece(0), memory.piece(1)));
    Prefaulter prefaulter;
    prefaulter.request(memory.piece(0), memory.piece(1));
    prefaulter.wait_until_idle();
    prefaulter.request(memory.piece(1), memory.piece(2));
    prefaulter.wait_until_idle();
    CHECK(with_memory(memory.piece(0), memory.piece(2)) == 0);
  }

  TEST_CASE("a forked child lets go of what it inherited") {
    if (!can_prefault()) return;
    base::install_fork_guard();
    Untouched memory(64);
    auto prefaulter = std::make_unique<Prefaulter>();
    prefaulter->request(memory.piece(0), memory.piece(64));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::alarm(30);  // a join would wait for ever
      prefaulter.reset();
      ::_exit(0);
    }
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    prefaulter->wait_until_idle();
    CHECK(has_memory(memory.piece(0), memory.piece(64)));
  }

  TEST_CASE("claims in order find memory ahead of them, twice as much as they have filled") {
    if (!can_prefault()) return;
    Pool p(64 * kBlock, uint64_t{1} << 30);
    std::byte* behind = p.claim(0, kBlock);  // nothing is known yet
    CHECK(with_memory(behind, behind + kPiece) == 0);
    behind = p.claim(kBlock, 1) - kPageBytes + kPiece;
    CHECK(has_memory(behind, behind + 2 * kPiece));
    CHECK(with_memory(behind + 2 * kPiece, behind + 3 * kPiece) == 0);
    behind = p.claim(kBlock + 1, kBlock) - kPageBytes + kPiece;
    CHECK(has_memory(behind, behind + 4 * kPiece));
    CHECK(with_memory(behind + 4 * kPiece, behind + 5 * kPiece) == 0);
    p.claim(2 * kBlock + 1, 30 * kBlock - 1);
    behind = p.claim(32 * kBlock, 1) - kPageBytes + kPiece;
    CHECK(has_memory(behind, behind + 16 * kPiece));
    CHECK(with_memory(behind + 16 * kPiece, behind + 17 * kPiece) == 0);
    CHECK(p.pool.resident_bytes() == (32 * kBlock + 1) * kPageBytes);
    // Not past the file.
    behind = p.claim(32 * kBlock + 1, 28 * kBlock) - kPageBytes + kPiece;
    CHECK(has_memory(behind, behind + 3 * kPiece));
  }

  TEST_CASE("claims here and there ask for nothing") {
    if (!can_prefault()) return;
    Pool p(64 * kBlock, uint64_t{1} << 30);
    for (uint32_t block : {40u, 3u, 9u, 60u, 20u}) {
      std::byte* const behind = p.claim(block * kBlock, 1) - kPageBytes + kPiece;
      CHECK(with_memory(behind, behind + kPiece) == 0);
    }
  }

  TEST_CASE("a file larger than the budget gets no memory ahead") {
    if (!can_prefault()) return;
    Pool p(64 * kBlock, 32 * kPiece);
    p.claim(0, 4 * kBlock);
    std::byte* const behind = p.claim(4 * kBlock, 1) - kPageBytes + kPiece;
    CHECK(with_memory(behind, behind + kPiece) == 0);
  }
}

}  // namespace rdb::page
