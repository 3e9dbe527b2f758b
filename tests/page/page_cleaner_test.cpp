#include "page/page_cleaner.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "fault_backend.hpp"
#include "page/frame_pool.hpp"
#include "support.hpp"

namespace rdb::page {
namespace {

using format::kPageBytes;
using format::Layout;
using test::comes_true;
using test::FaultBackend;
using test::FaultDevice;
using test::has_two_processors;

constexpr uint64_t kPages = 1024;

std::vector<PageNumber> pages_from(uint32_t first, uint32_t count) {
  std::vector<PageNumber> pages;
  for (uint32_t i = 0; i < count; ++i) pages.push_back({0, first + i, 0});
  return pages;
}

// A pool over a device that tells what was written to it.
struct Pool {
  Pool() {
    backend.resize(layout.file_bytes());
    pool.emplace(backend, layout, uint64_t{64} << 20, ReadVerification::full);
  }
  ~Pool() { pool->detach(); }

  // Frames that are full of their number and of what.
  std::vector<PageNumber> filled(uint32_t first, uint32_t count, int what) {
    const std::vector<PageNumber> pages = pages_from(first, count);
    for (const PageNumber page : pages) fill(pool->claim(page), page, what);
    return pages;
  }
  static void fill(std::span<std::byte> frame, PageNumber page, int what) {
    std::memset(frame.data(), static_cast<int>(page.index % 100) + what, frame.size());
  }
  bool on_device(const std::vector<PageNumber>& pages, int what) {
    const std::vector<std::byte> image = device->live_image();
    std::vector<std::byte> expected(kPageBytes);
    for (const PageNumber page : pages) {
      fill(expected, page, what);
      if (std::memcmp(&image[layout.page_offset(page)], expected.data(), kPageBytes) != 0) {
        return false;
      }
    }
    return true;
  }
  uint64_t writes() const {
    const auto events = device->events();
    return static_cast<uint64_t>(std::count_if(events.begin(), events.end(), [](const auto& event) {
      return event.kind == test::EventKind::write;
    }));
  }
  // The next writes fail.
  void fail_writes(uint64_t count) {
    test::FaultPlan plan;
    plan.fail_at = device->event_count();
    plan.fail_count = count;
    device->set_plan(plan);
  }

  std::shared_ptr<FaultDevice> device = std::make_shared<FaultDevice>();
  FaultBackend backend{device};
  Layout layout = Layout{0, format::kMaxRegionPages, 0, 1}.with_total_pages(kPages).value();
  std::optional<FramePool> pool;
};

}  // namespace

TEST_SUITE("page/page cleaner") {
  TEST_CASE("pieces come back in order, and say whether they were written") {
    if (!has_two_processors()) return;
    std::atomic<bool> closed{true};
    std::vector<PageNumber> written;
    PageCleaner cleaner([&](std::span<const PageNumber> pages) {
      while (closed) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (pages.size() == 2) throw std::runtime_error("no");
      written.insert(written.end(), pages.begin(), pages.end());
    });
    CHECK_FALSE(cleaner.take_finished());
    CHECK_FALSE(cleaner.take());
    for (uint32_t n : {1, 2, 3}) cleaner.hand_over(pages_from(10 * n, n));
    CHECK_FALSE(cleaner.take_finished());
    closed = false;
    cleaner.wait_until_idle();
    for (uint32_t n : {1, 2, 3}) {
      const auto piece = n == 1 ? cleaner.take_finished() : cleaner.take();
      REQUIRE(piece);
      CHECK(piece->pages == pages_from(10 * n, n));
      CHECK(piece->written == (n != 2));
    }
    CHECK_FALSE(cleaner.take());
    CHECK(written.size() == 4);
  }

  TEST_CASE("what is not begun when it is stopped comes back unwritten") {
    PageCleaner cleaner([](std::span<const PageNumber>) {});
    cleaner.stop();
    cleaner.hand_over(pages_from(1, 1));
    cleaner.wait_until_idle();
    CHECK_FALSE(cleaner.take_finished());
    const auto piece = cleaner.take();
    REQUIRE(piece);
    CHECK_FALSE(piece->written);
  }

  TEST_CASE("pages that are handed over reach the device in runs, and are clean once taken back") {
    if (!has_two_processors()) return;
    Pool p;
    std::vector<PageNumber> pages = p.filled(10, 20, 1);
    const std::vector<PageNumber> more = p.filled(40, 5, 1);
    pages.insert(pages.end(), more.begin(), more.end());
    const std::vector<PageNumber> other = p.filled(100, 3, 1);
    p.pool->hand_over(pages);
    CHECK(comes_true([&] { return p.writes() == 2; }));
    CHECK(p.pool->dirty(pages.front()));  // until then
    CHECK(p.pool->dirty_bytes() == 28 * kPageBytes);
    p.pool->take_back();
    for (const PageNumber page : pages) {
      CHECK_FALSE(p.pool->dirty(page));
      CHECK(p.pool->owned(page));
    }
    CHECK(p.pool->dirty(other.front()));
    CHECK(p.pool->dirty_bytes() == 3 * kPageBytes);
    CHECK(p.on_device(pages, 1));
    CHECK_FALSE(p.on_device(other, 1));
    p.pool->take_back();
    CHECK(p.pool->dirty_bytes() == 3 * kPageBytes);
  }

  TEST_CASE("pieces that are written are taken back by the next one") {
    if (!has_two_processors()) return;
    Pool p;
    const std::vector<PageNumber> first = p.filled(0, 8, 1);
    p.pool->hand_over(first);
    uint32_t next = 100;
    CHECK(comes_true([&] {
      const bool taken = !p.pool->dirty(first.front());
      if (!taken) p.pool->hand_over(p.filled(next++, 1, 1));
      return taken;
    }));
    p.pool->take_back();
    CHECK(p.pool->dirty_bytes() == 0);
  }

  TEST_CASE("a page that is changed after it was handed over is dirty, and the device gets both") {
    if (!has_two_processors()) return;
    Pool p;
    const std::vector<PageNumber> pages = p.filled(10, 20, 1);
    p.pool->hand_over(pages);
    {
      const Operation operation(*p.pool);
      Pool::fill(p.pool->edit(pages[3]), pages[3], 2);
    }
    CHECK(p.on_device(pages, 1));  // the edit has waited for it
    CHECK(p.pool->dirty_bytes() == kPageBytes);
    p.pool->write_out(std::vector<FramePool::DirtyPage>{{pages[3], kPageBytes}});
    CHECK(p.on_device({pages[3]}, 2));
    CHECK(p.pool->dirty_bytes() == 0);
  }

  TEST_CASE("a page that is given up after it was handed over can be claimed again") {
    if (!has_two_processors()) return;
    Pool p;
    const std::vector<PageNumber> pages = p.filled(10, 20, 1);
    p.pool->hand_over(pages);
    p.pool->discard(pages[3]);
    CHECK_FALSE(p.pool->owned(pages[3]));
    Pool::fill(p.pool->claim(pages[3]), pages[3], 5);
    CHECK(p.pool->dirty_bytes() == kPageBytes);
    p.pool->write_out(std::vector<FramePool::DirtyPage>{{pages[3], kPageBytes}});
    CHECK(p.on_device({pages[3]}, 5));
  }

  TEST_CASE("pages whose write fails stay dirty, and the writer meets the failure") {
    if (!has_two_processors()) return;
    Pool p;
    const std::vector<PageNumber> pages = p.filled(10, 20, 1);
    p.fail_writes(2);
    p.pool->hand_over(pages);
    p.pool->take_back();
    CHECK(p.pool->dirty_bytes() == 20 * kPageBytes);
    std::vector<FramePool::DirtyPage> dirty;
    for (const PageNumber page : pages) dirty.push_back({page, kPageBytes});
    CHECK_THROWS_CODE(p.pool->write_out(dirty), ErrorCode::io);
    CHECK_FALSE(p.on_device(pages, 1));
    p.pool->write_out(dirty);
    CHECK(p.on_device(pages, 1));
    CHECK(p.pool->dirty_bytes() == 0);
  }

  TEST_CASE("a pool that lets its device go writes nothing any more") {
    Pool p;
    const std::vector<PageNumber> pages = p.filled(10, 20, 1);
    p.pool->detach();
    const uint64_t before = p.device->event_count();
    p.pool->hand_over(pages);
    p.pool->take_back();
    CHECK(p.device->event_count() == before);
    CHECK(p.pool->dirty_bytes() == 20 * kPageBytes);
  }
}

}  // namespace rdb::page
